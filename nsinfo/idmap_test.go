package nsinfo

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"capview/inspect/fact"
)

func TestParseIDMap(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want []Range
	}{
		"not written yet":        {"", []Range{}},
		"initial":                {"         0          0 4294967295\n", []Range{{0, 0, 4294967295}}},
		"rootless":               {"         0       1000          1\n         1     100000      65536\n", []Range{{0, 1000, 1}, {1, 100000, 65536}}},
		"no newline at the end":  {"0 1 2", []Range{{0, 1, 2}}},
		"unmapped in the reader": {"0 4294967295 1\n1 4294967295 5\n", []Range{{0, 4294967295, 1}, {1, 4294967295, 5}}},
		"neighbours":             {"10 0 10\n0 20 10\n20 30 1\n", []Range{{10, 0, 10}, {0, 20, 10}, {20, 30, 1}}},
		"last id":                {"4294967294 0 1\n", []Range{{4294967294, 0, 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseIDMap([]byte(tt.text))
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %v, %v; want %v", got, err, tt.want)
			}
		})
	}
}

func TestParseIDMapErrors(t *testing.T) {
	for text, want := range map[string]string{
		"\n":                         "line 1: number 1: missing",
		"0 0 1\n\n":                  "line 2: number 1: missing",
		"0 0\n":                      "line 1: number 3: missing",
		"0 0 1 2\n":                  "line 1: more than three numbers",
		"0 0 1\n1 x 1\n":             "line 2: number 2: not a decimal number",
		"-1 0 1\n":                   "line 1: number 1: not a decimal number",
		"0\t0\t1\n":                  "line 1: number 1: not a decimal number",
		"0 0 4294967296\n":           "line 1: number 3: larger than 4294967295",
		"0 0 00000000001\n":          "line 1: number 3: larger than 4294967295",
		"0 18446744073709551617 1\n": "line 1: number 2: larger than 4294967295",
		"0 0 0\n":                    "line 1: an empty range",
		"4294967295 0 1\n":           "line 1: the range ends past the last id",
		"1 0 4294967295\n":           "line 1: the range ends past the last id",
		"0 0 5\n9 9 1\n4 9 1\n":      "line 3: the range overlaps that of line 1",
		"5 0 1\n0 9 10\n":            "line 2: the range overlaps that of line 1",
	} {
		got, err := ParseIDMap([]byte(text))
		if err == nil || got != nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%q: got %v, %v; want %q", text, got, err, want)
		}
	}
}

func TestParseIDMapBound(t *testing.T) {
	text := lines(maxRanges)
	if got, err := ParseIDMap(text); err != nil || len(got) != maxRanges {
		t.Errorf("%d lines: got %d ranges, %v", maxRanges, len(got), err)
	}
	want := fmt.Sprintf("line %d: a map has at most %d", maxRanges+1, maxRanges)
	if _, err := ParseIDMap(lines(maxRanges + 1)); err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

func lines(n int) (b []byte) {
	for i := range n {
		b = fmt.Appendf(b, "%10d %10d %10d\n", i, 100000+i, 1)
	}
	return b
}

// The running kernel's own map must read.
func TestParseIDMapOfThisProcess(t *testing.T) {
	b, err := os.ReadFile("/proc/self/uid_map")
	if err != nil {
		t.Skip("no uid_map of /proc here:", err)
	}
	m, err := ParseIDMap(b)
	if err != nil || len(m) == 0 {
		t.Fatalf("%q: got %v, %v", b, m, err)
	}
	if _, ok := ToInside(m, m[0].Outside); !ok {
		t.Errorf("the first id of %v is not mapped", m)
	}
}

func FuzzParseIDMap(f *testing.F) {
	f.Add([]byte("         0       1000          1\n         1     100000      65536\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ParseIDMap(b)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "id map: line ") {
				t.Errorf("error without a line: %v", err)
			}
			return
		}
		var again []byte
		for _, r := range m {
			again = fmt.Appendf(again, "%10d %10d %10d\n", r.Inside, r.Outside, r.Count)
		}
		if back, err := ParseIDMap(again); err != nil || !reflect.DeepEqual(m, back) {
			t.Errorf("%v came back as %v, %v", m, back, err)
		}
	})
}

func TestToInside(t *testing.T) {
	m := []Range{{0, 1000, 1}, {1, 100000, 65536}, {4294967290, 4294967290, 5}}
	for outside, want := range map[uint32]fact.Opt[uint32]{
		1000: fact.Some(uint32(0)), 100000: fact.Some(uint32(1)), 165535: fact.Some(uint32(65536)),
		165536: {}, 999: {}, 1001: {}, 0: {}, 4294967294: fact.Some(uint32(4294967294)), 4294967295: {},
	} {
		inside, ok := ToInside(m, outside)
		if w, known := want.Get(); ok != known || inside != w {
			t.Errorf("%d: got %d, %v; want %v", outside, inside, ok, want)
		}
	}
}
