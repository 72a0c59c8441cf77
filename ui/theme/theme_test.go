package theme

import (
	"go/parser"
	"go/token"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"capview/ui/view"
)

var sequence = regexp.MustCompile(`^\x1b\[([0-9;]*)m$`)

func params(t *testing.T, l Look) []int {
	t.Helper()
	if l.Before == "" && l.After == "" {
		return nil
	}
	m := sequence.FindStringSubmatch(l.Before)
	if m == nil || l.After != "\x1b[0m" {
		t.Fatalf("%q is not one SGR sequence, or %q does not end it", l.Before, l.After)
	}
	var ps []int
	for p := range strings.SplitSeq(m[1], ";") {
		n, err := strconv.Atoi(p)
		if err != nil {
			t.Fatal(err)
		}
		ps = append(ps, n)
	}
	return ps
}

func looks(th Theme) []Look {
	ls := []Look{th.Cursor(), th.Bar(), th.Match()}
	for r := range view.Roles {
		ls = append(ls, th.Look(view.Role(r)))
	}
	return ls
}

func TestPlainWritesNothing(t *testing.T) {
	for _, l := range looks(Plain()) {
		if l != (Look{}) {
			t.Errorf("plain has %q", l)
		}
	}
	if Plain().Attributes() || !NoColor().Attributes() {
		t.Error("Attributes is wrong")
	}
}

func TestNoColorHasNoColours(t *testing.T) {
	for _, l := range looks(NoColor()) {
		for _, p := range params(t, l) {
			if p >= 30 {
				t.Errorf("%q is a colour", l.Before)
			}
		}
	}
	if NoColor().Cursor() == (Look{}) {
		t.Error("the cursor's line cannot be seen")
	}
}

// The 16 colours as xterm has them, and the linux console: the darkest and the brightest that a user may have got.
var palettes = map[string][8][3]float64{
	"xterm": {{0, 0, 0}, {205, 0, 0}, {0, 205, 0}, {205, 205, 0}, {0, 0, 238}, {205, 0, 205}, {0, 205, 205}, {229, 229, 229}},
	"linux": {{0, 0, 0}, {170, 0, 0}, {0, 170, 0}, {170, 85, 0}, {0, 0, 170}, {170, 0, 170}, {0, 170, 170}, {170, 170, 170}},
}

// Every colour can be read on black and on white: a contrast (WCAG 2) of 2 at least, where 1 is invisible.
func TestColoursAreLegible(t *testing.T) {
	black, white := luminance([3]float64{}), luminance([3]float64{255, 255, 255})
	for _, l := range looks(New(Colours)) {
		for _, p := range params(t, l) {
			if p < 30 {
				continue
			}
			if p > 37 {
				t.Fatalf("%q: only foregrounds 30 to 37 leave the background to the user", l.Before)
			}
			for name, palette := range palettes {
				y := luminance(palette[p-30])
				if c := min(contrast(y, black), contrast(y, white)); c < 2 {
					t.Errorf("colour %d in %s: contrast %.1f", p, name, c)
				}
			}
		}
	}
}

func luminance(rgb [3]float64) float64 {
	lin := func(c float64) float64 {
		if c /= 255; c <= 0.03928 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*lin(rgb[0]) + 0.7152*lin(rgb[1]) + 0.0722*lin(rgb[2])
}

func contrast(a, b float64) float64 { return (max(a, b) + 0.05) / (min(a, b) + 0.05) }

// Severities are told apart, and only they have colours.
func TestColourIsSeverity(t *testing.T) {
	th := New(Colours)
	seen := map[string]view.Role{}
	for _, r := range []view.Role{view.Good, view.Notice, view.Warn, view.Bad} {
		l := th.Look(r)
		if other, ok := seen[l.Before]; ok {
			t.Errorf("roles %d and %d look alike", r, other)
		}
		seen[l.Before] = r
	}
	for _, r := range []view.Role{view.Plain, view.Muted, view.Gone, view.Heading, view.Accent, view.Changed} {
		for _, p := range params(t, th.Look(r)) {
			if p >= 30 {
				t.Errorf("role %d has colour %d", r, p)
			}
		}
	}
	if th.Look(view.Role(200)) != (Look{}) {
		t.Error("an unknown role has a look")
	}
}

func TestRender(t *testing.T) {
	th := New(Colours)
	if got := th.Style(view.Bad, "all"); got != "\x1b[1;31mall\x1b[0m" {
		t.Errorf("%q", got)
	}
	if got := string(th.Look(view.Good).Append([]byte("> "), "yes")); got != "> \x1b[32myes\x1b[0m" {
		t.Errorf("%q", got)
	}
	if got := th.Style(view.Bad, ""); got != "" {
		t.Errorf("an empty text became %q", got)
	}
	if got := testing.AllocsPerRun(100, func() { th.Look(view.Bad) }); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

// A theme knows roles and nothing else: no terminal is asked, no environment read.
func TestImports(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range parsed.Imports {
			if i.Path.Value != `"capview/ui/view"` {
				t.Errorf("%s imports %s", f.Name(), i.Path.Value)
			}
		}
	}
}
