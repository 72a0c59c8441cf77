package snapshot

import (
	"strconv"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"capview/inspect"
	"capview/inspect/filecap"
	"capview/nsinfo"
)

// appender makes JSON by appending. What it makes of a Process is what json.Marshal makes of it, but for three
// things: what a terminal or a reader's eye could be misled by (DEL, C1 and format characters, bidi among them)
// is escaped, <, > and & are not, and an empty list that is known is [], never null.
type appender struct {
	b      []byte
	before before
}

// before is what was appended last of each thing that processes have in common, as a rule, with the one before them.
type before struct {
	exe      appended[inspect.Opt[string]]
	file     appended[inspect.Opt[inspect.ExeFile]]
	uid, gid appended[inspect.Opt[inspect.IDs]]
	creds    appended[inspect.Creds]
	spaces   appended[inspect.Opt[nsinfo.Set]]
	fileCaps appended[inspect.Opt[filecap.Caps]]
}

// appended is a value whose JSON is at a place in appender.b.
type appended[T comparable] struct {
	of       *T
	from, to int
}

const hexDigits = "0123456789abcdef"

// plainASCII is the bytes that stand for themselves in a JSON string.
var plainASCII = func() (t [256]bool) {
	for c := 0x20; c < 0x7f; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// raw appends JSON as it stands.
func (a *appender) raw(s string) { a.b = append(a.b, s...) }

// str appends a JSON string; what is not UTF-8 in s becomes U+FFFD, as JSON cannot hold it.
func (a *appender) str(s string) {
	b := append(a.b, '"')
	start := 0
	for i := 0; i < len(s); {
		if plainASCII[s[i]] {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if esc := mustEscape(r); esc || r == utf8.RuneError && n == 1 {
			b = append(b, s[start:i]...)
			b = appendEscaped(b, r)
			start = i + n
		}
		i += n
	}
	a.b = append(append(b, s[start:]...), '"')
}

// mustEscape tells which runes are not written as they are.
func mustEscape(r rune) bool {
	if r < utf8.RuneSelf {
		return !plainASCII[r]
	}
	return r < 0xa0 || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

// appendEscaped appends r as the shortest escape that JSON has.
func appendEscaped(b []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(b, '\\', byte(r))
	case '\b':
		return append(b, `\b`...)
	case '\f':
		return append(b, `\f`...)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	}
	if r > 0xffff {
		high, low := utf16.EncodeRune(r)
		return appendUnit(appendUnit(b, high), low)
	}
	return appendUnit(b, r)
}

func appendUnit(b []byte, u rune) []byte {
	return append(b, '\\', 'u', hexDigits[u>>12&15], hexDigits[u>>8&15], hexDigits[u>>4&15], hexDigits[u&15])
}

func (a *appender) int(n int64)   { a.b = strconv.AppendInt(a.b, n, 10) }
func (a *appender) uint(n uint64) { a.b = strconv.AppendUint(a.b, n, 10) }
func (a *appender) bool(v bool)   { a.b = strconv.AppendBool(a.b, v) }

// tidy appends what json.Marshal made with the three differences that appender's strings have but for null lists.
func (a *appender) tidy(j []byte) {
	for i := 0; i < len(j); {
		c := j[i]
		switch {
		case c == '\\' && j[i+1] == 'u' && htmlEscaped(j[i+2:i+6]) != 0:
			a.b = append(a.b, htmlEscaped(j[i+2:i+6]))
			i += 6
		case c == '\\':
			a.b = append(a.b, c, j[i+1])
			i += 2
		case c < 0x7f:
			a.b = append(a.b, c)
			i++
		default:
			r, n := utf8.DecodeRune(j[i:])
			if mustEscape(r) {
				a.b = appendEscaped(a.b, r)
			} else {
				a.b = append(a.b, j[i:i+n]...)
			}
			i += n
		}
	}
}

// htmlEscaped is the character that json.Marshal wrote as these four digits to be safe within HTML; else 0.
func htmlEscaped(digits []byte) byte {
	switch string(digits) {
	case "003c":
		return '<'
	case "003e":
		return '>'
	case "0026":
		return '&'
	}
	return 0
}

// opt appends an unknown fact as null, a known one by f.
func opt[T any](a *appender, o inspect.Opt[T], f func(*appender, T)) {
	if v, known := o.Get(); known {
		f(a, v)
	} else {
		a.raw("null")
	}
}

// again appends what f appends of *v, which is not to change: a copy of what is there already where it is the same as the last.
func again[T comparable](a *appender, last *appended[T], v *T, f func(*appender, T)) {
	if last.of != nil && *last.of == *v {
		a.b = append(a.b, a.b[last.from:last.to]...)
		return
	}
	from := len(a.b)
	f(a, *v)
	*last = appended[T]{v, from, len(a.b)}
}

// againOpt is opt by again.
func againOpt[T comparable](a *appender, last *appended[inspect.Opt[T]], o *inspect.Opt[T], f func(*appender, T)) {
	again(a, last, o, func(a *appender, o inspect.Opt[T]) { opt(a, o, f) })
}

// list appends a list, [] where it is empty.
func list[T any](a *appender, vs []T, f func(*appender, *T)) {
	a.b = append(a.b, '[')
	for i := range vs {
		if i > 0 {
			a.b = append(a.b, ',')
		}
		f(a, &vs[i])
	}
	a.b = append(a.b, ']')
}
