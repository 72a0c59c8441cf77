package line

import (
	"strings"
	"testing"

	"capview/ui/view"
)

func TestBuilder(t *testing.T) {
	tests := []struct {
		name, want string
		max        int
		base       string
		draw       func(*Builder)
	}{
		{"plain", "ab  cd", 10, "", func(b *Builder) { b.Put("", "ab"); b.To(4); b.Put("", "cd") }},
		{"clipped", "abcd…", 5, "", func(b *Builder) { b.Put("", "abcdefg"); b.Put("", "more") }},
		{"looks", "\x1b[1mab\x1b[0m c", 10, "", func(b *Builder) { b.Put("\x1b[1m", "ab"); b.Put("", " c") }},
		{"base", "\x1b[7mab    \x1b[0m", 6, "\x1b[7m", func(b *Builder) { b.Put("\x1b[1m", "ab") }},
		{"right", "a    end", 8, "", func(b *Builder) { b.Put("", "a"); b.Right("", "end") }},
		{"right without room", "abcdef", 8, "", func(b *Builder) { b.Put("", "abcdef"); b.Right("", "end") }},
		{"wide", "世…", 4, "", func(b *Builder) { b.Put("", "世界世界") }},
		{"none", "", 0, "", func(b *Builder) { b.Put("", "x"); b.To(9) }},
		{"backwards", "abc", 9, "", func(b *Builder) { b.Put("", "abc"); b.To(1) }},
	}
	var b Builder // one for all: it is reused
	for _, tt := range tests {
		b.Start(tt.max, tt.base)
		tt.draw(&b)
		if got := b.String(); got != tt.want {
			t.Errorf("%s: %q, not %q", tt.name, got, tt.want)
		}
	}
}

func TestFill(t *testing.T) {
	b := Builder{Fill: true}
	b.Start(130, "")
	b.Put("", "世")
	if w := view.Width(b.String()); w != 130 {
		t.Errorf("filled to %d", w)
	}
}

func TestWrap(t *testing.T) {
	tests := []struct {
		in   string
		w    int
		want string
	}{
		{"", 5, ""},
		{"ab cd ef", 5, "ab cd|ef"},
		{"abcdefgh", 3, "abc|def|gh"},
		{"chown,kill,setuid", 11, "chown,kill,|setuid"},
		{"世界世界", 5, "世界|世界"},
		{"世", 1, "…"},
	}
	for _, tt := range tests {
		if got := strings.Join(Wrap(tt.in, tt.w), "|"); got != tt.want {
			t.Errorf("Wrap(%q, %d) = %q, not %q", tt.in, tt.w, got, tt.want)
		}
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("a b,c 世界", 3)
	f.Add("", 0)
	f.Fuzz(func(t *testing.T, s string, w int) {
		s, w = view.Clean(s), w%200
		for _, l := range Wrap(s, w) {
			if view.Width(l) > w {
				t.Errorf("%q is wider than %d", l, w)
			}
		}
	})
}
