package view

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxMarks is how many combining marks may follow one character: enough for the scripts that stack them
// (Vietnamese 2, Hebrew and Thai 3), too few to paint over the neighbouring rows.
const maxMarks = 3

// Clean makes a hostile string safe to show on one line of a terminal. Every byte or rune that could move the
// cursor, start a control sequence, reorder or hide text becomes a visible escape in Go's notation: C0, DEL and
// bytes that are not UTF-8 as \x1b (\n, \r and \t by name), C1, bidi controls, zero-width and unusual spaces,
// line separators, fillers, variation selectors, private and unassigned runes as \u202e. A combining mark
// without a base, or beyond the third on one, is escaped too.
//
// A backslash stays one: names of systemd units are full of \x2d, and a doubled one would be worse to read and
// to copy than an escape that cannot be told from its picture. So Clean is idempotent and not reversible;
// JSON has the raw string. A string that is clean already is returned as it is, without an allocation.
func Clean(s string) string {
	i := cleanPrefix(s)
	if i == len(s) {
		return s
	}
	b := make([]byte, i, len(s)+16)
	copy(b, s)
	return string(appendClean(b, s[i:], false, 0))
}

// cleanPrefix is how much of s needs no escape and ends before a rune beyond ASCII that does.
func cleanPrefix(s string) int {
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c < ' ' || c == 0x7f {
				return i
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || !shows(r) || unicode.Is(unicode.M, r) {
			return cleanMarks(s, i)
		}
		i += n
	}
	return len(s)
}

// cleanMarks goes on from the first rune at i that cleanPrefix stopped at: marks on a base are clean.
func cleanMarks(s string, i int) int {
	marks, base := 0, i > 0
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || !shows(r) {
			return i
		}
		if unicode.Is(unicode.M, r) {
			if marks++; !base || marks > maxMarks {
				return i
			}
		} else {
			marks, base = 0, true
		}
		i += n
	}
	return i
}

// appendClean escapes s; base and marks tell what stands before it.
func appendClean(b []byte, s string, base bool, marks int) []byte {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			b, base, marks = appendByte(b, s[i]), false, 0
		case !shows(r):
			b, base, marks = appendRune(b, r), false, 0
		case unicode.Is(unicode.M, r) && (!base || marks >= maxMarks):
			b, base = appendRune(b, r), false
		default:
			if unicode.Is(unicode.M, r) {
				marks++
			} else {
				base, marks = true, 0
			}
			b = append(b, s[i:i+n]...)
		}
		i += n
	}
	return b
}

// shows tells whether r is a printable character of known effect. strconv.IsPrint has letters, marks, numbers,
// punctuation, symbols and the ASCII space; what renders as nothing among them is taken out.
func shows(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= ' ' && r != 0x7f
	}
	return strconv.IsPrint(r) && !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, deceptive)
}

// deceptive is runes that are letters or symbols by their category and show as nothing (the blank Braille pattern), or
// join the letter before them in some terminals and take a cell of their own in others (Hangul's medial and final
// letters; its syllables, which text uses, are not concerned).
var deceptive = &unicode.RangeTable{R16: []unicode.Range16{{0x1160, 0x11ff, 1}, {0x2800, 0x2800, 1}, {0xd7b0, 0xd7ff, 1}}}

func appendByte(b []byte, c byte) []byte { return fmt.Appendf(b, `\x%02x`, c) }

func appendRune(b []byte, r rune) []byte {
	switch {
	case r == '\n':
		return append(b, `\n`...)
	case r == '\r':
		return append(b, `\r`...)
	case r == '\t':
		return append(b, `\t`...)
	case r < utf8.RuneSelf:
		return appendByte(b, byte(r))
	case r > 0xffff:
		return fmt.Appendf(b, `\U%08x`, r)
	}
	return fmt.Appendf(b, `\u%04x`, r)
}

// maxCell bounds how many bytes of one fact a cell shows; a cmdline may have megabytes. JSON has all of it.
const maxCell = 4096

// bounded is Clean for a cell: what lies beyond maxCell is cut, and seen to be.
func bounded(s string) string {
	if len(s) <= maxCell {
		return Clean(s)
	}
	cut := maxCell
	for cut > maxCell-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return Clean(s[:cut]) + "…"
}

// joined is args as one bounded string: separated by spaces, an empty one as ”.
func joined(args []string) string {
	var b strings.Builder
	for i, a := range args {
		if i > 0 {
			b.WriteByte(' ')
		}
		if a == "" {
			a = "''"
		}
		b.WriteString(a)
		if b.Len() > maxCell {
			break
		}
	}
	return bounded(b.String())
}
