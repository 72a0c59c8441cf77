package inspect

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// FilterError is where and why an expression does not parse.
type FilterError struct {
	Expr string
	Pos  int // byte offset into Expr
	Msg  string
}

func (e *FilterError) Error() string { return "filter: " + e.Msg }

// Caret is the expression with a ^ under what is wrong, as two lines without a line break at the end. Control
// characters of the expression are shown as "?".
func (e *FilterError) Caret() string {
	pos := min(max(e.Pos, 0), len(e.Expr))
	shown := strings.Map(visible, e.Expr)
	return shown + "\n" + strings.Repeat(" ", utf8.RuneCountInString(e.Expr[:pos])) + "^"
}

func visible(r rune) rune {
	switch {
	case r == '\t':
		return ' '
	case !unicode.IsPrint(r):
		return '?'
	}
	return r
}

// nearestKey is the key that name was most likely meant to be, "" where none is near.
func nearestKey(name string) string {
	best, least := "", 3
	for i := range filterKeys {
		k := filterKeys[i].Key
		if len(name) > 2 && strings.HasPrefix(k, name) {
			return k
		}
		if d := editDistance(name, k); d < least && d < len(name) {
			best, least = k, d
		}
	}
	return best
}

// editDistance is how many letters to insert, delete, replace or swap with their neighbour make b of a.
func editDistance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, before
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
