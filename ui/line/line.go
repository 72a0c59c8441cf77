// Package line builds lines of text that are at most as wide as the terminal has cells for, with prebuilt SGR
// sequences. It sees only clean, plain text: escape sequences come in beside it, never in it.
package line

import (
	"strings"
	"unicode/utf8"

	"capview/ui/view"
)

// Wrap breaks clean text into lines of at most w cells, after a space or comma where there is one far enough.
func Wrap(s string, w int) []string {
	if w < 1 {
		return nil
	}
	var lines []string
	for view.Width(s) > w {
		n := prefix(s, w)
		if n == 0 { // a wide rune where there is one cell
			break
		}
		if i := strings.LastIndexAny(s[:n], " ,"); i > n/3 && s[n] != ' ' {
			n = i + 1
		}
		lines = append(lines, strings.TrimRight(s[:n], " "))
		s = strings.TrimLeft(s[n:], " ")
	}
	return append(lines, view.Fit(s, w))
}

// prefix is how many bytes of s fit in w cells.
func prefix(s string, w int) int {
	n := 0
	for n < len(s) {
		_, l := utf8.DecodeRuneInString(s[n:])
		if w -= view.Width(s[n : n+l]); w < 0 {
			break
		}
		n += l
	}
	return n
}
