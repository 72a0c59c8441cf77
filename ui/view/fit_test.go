package view

import (
	"strings"
	"testing"
)

func TestFit(t *testing.T) {
	for _, c := range []struct {
		in    string
		width int
		want  string
	}{
		{"", 0, ""}, {"", 3, ""}, {"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"abc", 1, "…"}, {"a", 1, "a"}, {"abc", 0, ""}, {"abc", -1, ""},
		{"日本語", 6, "日本語"}, {"日本語", 5, "日本…"}, {"日本語", 4, "日…"}, {"日本語", 2, "…"}, {"日本", 1, "…"},
		{"e\u0301e\u0301", 2, "e\u0301e\u0301"}, {"e\u0301e\u0301x", 2, "e\u0301…"},
	} {
		if got := Fit(c.in, c.width); got != c.want {
			t.Errorf("Fit(%q, %d) = %q, want %q", c.in, c.width, got, c.want)
		}
	}
}

func TestAppendFit(t *testing.T) {
	for _, c := range []struct {
		in    string
		width int
		right bool
		want  string
	}{
		{"ab", 4, false, "ab  "}, {"ab", 4, true, "  ab"}, {"abcde", 4, true, "abc…"}, {"日本語", 4, false, "日… "}, {"日本語", 4, true, " 日…"}, {"ab", 0, false, ""},
	} {
		if got := string(AppendFit(nil, c.in, c.width, c.right)); got != c.want {
			t.Errorf("AppendFit(%q, %d, %v) = %q, want %q", c.in, c.width, c.right, got, c.want)
		}
	}
}

func TestWrap(t *testing.T) {
	got := strings.Join(Wrap("one two three incomprehensibilities four", 10), "|")
	if want := "one two|three|incompreh…|four"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := Wrap("one two", 0); len(got) != 1 {
		t.Errorf("width 0 broke into %q", got)
	}
}

func FuzzFit(f *testing.F) {
	f.Add("nginx", 3)
	f.Add("日本語", 4)
	f.Add("e\u0301\u0301x", 1)
	f.Fuzz(func(t *testing.T, s string, width int) {
		s, width = Clean(s), min(width, 200)
		got := Fit(s, width)
		if w := Width(got); w > max(width, 0) {
			t.Fatalf("Fit(%q, %d) = %q takes %d cells", s, width, got, w)
		}
		if Width(s) <= width && got != s {
			t.Fatalf("Fit(%q, %d) cut what fits: %q", s, width, got)
		}
		if got := string(AppendFit(nil, s, width, width%2 == 0)); Width(got) != max(width, 0) {
			t.Fatalf("AppendFit(%q, %d) = %q takes %d cells", s, width, got, Width(got))
		}
	})
}
