package view

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"":                          "",
		"sshd: alice@pts/0":         "sshd: alice@pts/0",
		`dev-disk-by\x2duuid`:       `dev-disk-by\x2duuid`,
		"日本語 čeština 😀":             "日本語 čeština 😀",
		"\x1b[31mred\x1b[0m":        `\x1b[31mred\x1b[0m`,
		"a\nb\rc\td\x00\x7f":        `a\nb\rc\td\x00\x7f`,
		"\u009b31m\u0085":           `\u009b31m\u0085`,
		"\x9b31m\xff":               `\x9b31m\xff`,
		"exe\u202egnp.\u202c":       `exe\u202egnp.\u202c`,
		"\u2066x\u2069\u200e\u061c": `\u2066x\u2069\u200e\u061c`,
		"a\u200bb\u200dc\ufeff":     `a\u200bb\u200dc\ufeff`,
		"a\u2028b\u2029":            `a\u2028b\u2029`,
		"a\u00a0b\u00ad\u3000":      `a\u00a0b\u00ad\u3000`,
		"x\ufe0f\U000e0041":         `x\ufe0f\U000e0041`,
		"\u3164\u115f\u2800":        `\u3164\u115f\u2800`,
		"한국 \u1112\u1161\u11ab":     "한국 \u1112" + `\u1161\u11ab`,
		"\ue000\U0010ffff":          `\ue000\U0010ffff`,
		"e\u0301":                   "e\u0301",
		"\u0301x":                   `\u0301x`,
		"\x1b\u0301":                `\x1b\u0301`,
		"z\u0300\u0301\u0302\u0303": "z\u0300\u0301\u0302" + `\u0303`,
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%+q) = %+q, want %+q", in, got, want)
		}
	}
}

func TestCleanOfCleanDoesNotAllocate(t *testing.T) {
	for _, s := range []string{"nginx: worker process", "日本語", "e\u0301te\u0301"} {
		if n := testing.AllocsPerRun(100, func() { Clean(s) }); n != 0 {
			t.Errorf("%v allocations for %q", n, s)
		}
	}
}

func TestBounded(t *testing.T) {
	long := strings.Repeat("é", 40000)
	if got := bounded(long); len(got) > maxCell+len(Ellipsis) || !strings.HasSuffix(got, "é"+Ellipsis) {
		t.Errorf("%d bytes, ending in %q", len(got), got[len(got)-8:])
	}
	if got := joined([]string{"a", "", "b c"}); got != "a '' b c" {
		t.Errorf("joined: %q", got)
	}
	if got := joined(make([]string, 1<<20)); len(got) > maxCell+len(Ellipsis) {
		t.Errorf("%d bytes of a million empty arguments", len(got))
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"sshd", "\x1b]0;x\a", "\xc3\x28", "e\u0301\u0301\u0301\u0301\u0301", "\u202e\u2066", "日\u200d本"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := Clean(s)
		if !utf8.ValidString(c) {
			t.Fatalf("%q is not UTF-8", c)
		}
		for _, r := range c {
			if !shows(r) {
				t.Fatalf("%U left in %q", r, c)
			}
		}
		if again := Clean(c); again != c {
			t.Fatalf("not idempotent: %q, then %q", c, again)
		}
		if len(s) > 0 && Width(c) == 0 {
			t.Fatalf("%q shows as nothing", s)
		}
	})
}

// What PlainJSON writes decodes to the same, with the signs that HTML has written as they are.
func TestPlainJSON(t *testing.T) {
	for _, text := range []string{"flags & CLONE_NEWUSER", "<a> & \"b\"", `\u0026 as it stands`, `\\`, "\\", "\x1b[31m&\u202e", "\u2028<"} {
		b, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		plain := PlainJSON(b)
		var back string
		if err := json.Unmarshal(plain, &back); err != nil || back != text {
			t.Errorf("%q: %s: %q, %v", text, plain, back, err)
		}
		if strings.ContainsAny(text, "&<>") && text[0] != '\\' && !strings.ContainsAny(string(plain), "&<>") {
			t.Errorf("%q: %s", text, plain)
		}
	}
}
