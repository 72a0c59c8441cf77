package view

import (
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Ellipsis marks where text was cut.
const Ellipsis = "…"

// Width is how many terminal cells a clean string takes: 2 for a wide rune, 0 for a combining mark. Runes are
// counted one by one, as wcwidth(3) and the terminals without grapheme clusters do, so that no terminal needs
// more cells than this.
func Width(s string) int {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return i + wideWidth(s[i:])
		}
	}
	return len(s)
}

func wideWidth(s string) (w int) {
	for i := 0; i < len(s); {
		n := runeLen(s, i)
		w += runeWidth(s[i : i+n])
		i += n
	}
	return w
}

func runeLen(s string, i int) int {
	if s[i] < utf8.RuneSelf {
		return 1
	}
	_, n := utf8.DecodeRuneInString(s[i:])
	return n
}

// runeWidth is the width of the one rune r.
func runeWidth(r string) int {
	if len(r) == 1 {
		return 1
	}
	return ansi.StringWidthWc(r)
}

// Fit cuts a clean string to at most width cells, the last one "…" if anything was cut. A string that fits is
// returned as it is.
func Fit(s string, width int) string {
	n, _, cut := fit(s, width)
	if !cut {
		return s
	}
	if width < 1 {
		return ""
	}
	return s[:n] + Ellipsis
}

// AppendFit appends s cut to width cells and padded with spaces to exactly that many, on the left if right.
func AppendFit(b []byte, s string, width int, right bool) []byte {
	n, w, cut := fit(s, width)
	if cut && width < 1 {
		return b
	}
	pad := width - w
	if cut {
		pad--
	}
	if right {
		b = appendSpaces(b, pad)
	}
	b = append(b, s[:n]...)
	if cut {
		b = append(b, Ellipsis...)
	}
	if !right {
		b = appendSpaces(b, pad)
	}
	return b
}

func appendSpaces(b []byte, n int) []byte {
	for ; n > 0; n-- {
		b = append(b, ' ')
	}
	return b
}

// fit is how many bytes of s, of how many cells, are shown in width cells; where cut, one cell is left for "…".
func fit(s string, width int) (n, w int, cut bool) {
	if width < 0 {
		width = 0
	}
	keep, keepW := 0, 0 // the longest prefix that leaves a cell for "…"
	for i := 0; i < len(s); {
		l := runeLen(s, i)
		rw := runeWidth(s[i : i+l])
		if w+rw > width {
			return keep, keepW, true
		}
		i, w = i+l, w+rw
		if w < width {
			keep, keepW = i, w
		}
	}
	return len(s), w, false
}
