package inspect

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// text is what a value asks of a piece of text.
type text struct {
	want string // as written
	low  string // lower-case; "" for a regular expression
	// ascii: low is ASCII only, so that folding is bytewise
	ascii  bool
	spaced bool // it can match over the border of two arguments
	re     *regexp.Regexp
}

func substring(s string) text {
	t := text{want: s, low: strings.ToLower(s), ascii: true, spaced: strings.ContainsRune(s, ' ')}
	for i := range len(t.low) {
		t.ascii = t.ascii && t.low[i] < utf8.RuneSelf
	}
	return t
}

// text makes a matcher of v.
func (v value) matcher() (text, error) {
	if !v.regexp {
		return substring(v.text), nil
	}
	re, err := regexp.Compile("(?i)" + v.text)
	if err != nil {
		return text{}, fmt.Errorf("bad regular expression: %s",
			strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return text{want: v.text, re: re, spaced: true}, nil
}

// in tells whether t is anywhere in s.
func (t *text) in(s string) bool {
	switch {
	case t.re != nil:
		return t.re.MatchString(s)
	case t.ascii:
		return containsFold(s, t.low)
	}
	return strings.Contains(strings.ToLower(s), t.low)
}

// is tells whether t is the whole of s.
func (t *text) is(s string) bool {
	if t.re != nil {
		return t.re.MatchString(s)
	}
	return strings.EqualFold(s, t.want)
}

// inArgs tells whether t is in the command line of args, spaces between them.
func (t *text) inArgs(args []string) bool {
	if t.spaced && len(args) > 1 {
		return t.in(strings.Join(args, " "))
	}
	for _, a := range args {
		if t.in(a) {
			return true
		}
	}
	return false
}

// shortestID is how much of a hexadecimal id has to be given, so that words like "db" or "fed" do not match at random.
const shortestID = 4

// inID tells whether t names id: the beginning of a hexadecimal one, any part of another.
func (t *text) inID(id string) bool {
	if t.re != nil || !isHexID(id) {
		return id != "" && t.in(id)
	}
	return len(t.low) >= shortestID && len(t.low) <= len(id) && strings.EqualFold(id[:len(t.low)], t.low)
}

// isHexID tells whether id is a runtime's (64 hexadecimal digits, or a prefix) or a pod's (a UUID).
func isHexID(id string) bool {
	for i := range len(id) {
		if c := id[i]; (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') && c != '-' && c != '_' {
			return false
		}
	}
	return len(id) >= 12
}

// lowerASCII is the table of ASCII lower case.
var lowerASCII = func() (t [256]byte) {
	for i := range t {
		t[i] = byte(i)
		if i >= 'A' && i <= 'Z' {
			t[i] += 'a' - 'A'
		}
	}
	return t
}()

// containsFold tells whether low, lower-case ASCII and not empty, is in s in any case.
func containsFold(s, low string) bool {
	first, rest := low[0], low[1:]
	for i := 0; i+len(low) <= len(s); i++ {
		if lowerASCII[s[i]] != first {
			continue
		}
		j := 0
		for j < len(rest) && lowerASCII[s[i+1+j]] == rest[j] {
			j++
		}
		if j == len(rest) {
			return true
		}
	}
	return false
}
