package caps

import (
	"fmt"
	"math/bits"
)

// Set is a capability set: bit n is capability n, as in the Cap* lines of /proc/PID/status.
type Set uint64

// Of makes the set of the given capabilities.
func Of(cs ...Cap) (s Set) {
	for _, c := range cs {
		s |= 1 << c
	}
	return s
}

// Full is the set of every capability up to and including last (cap_last_cap).
func Full(last Cap) Set { return Set(^uint64(0) >> (63 - min(last, 63))) }

// Has tells whether c is in s.
func (s Set) Has(c Cap) bool { return c < 64 && s>>c&1 == 1 }

// Count is the number of capabilities in s.
func (s Set) Count() int { return bits.OnesCount64(uint64(s)) }

// Each calls f with every capability of s, lowest first.
func (s Set) Each(f func(Cap)) {
	for m := uint64(s); m != 0; m &= m - 1 {
		f(Cap(bits.TrailingZeros64(m)))
	}
}

// List is the capabilities of s, lowest first.
func (s Set) List() []Cap {
	cs := make([]Cap, 0, s.Count())
	s.Each(func(c Cap) { cs = append(cs, c) })
	return cs
}

// Names is the capabilities of s as "capsh --decode" lists them: "cap_chown,cap_kill,63"; "" for none.
func (s Set) Names() string { return string(s.appendNames(nil, Cap.String)) }

// appendNames appends the capabilities of s, lowest first, joined by commas.
func (s Set) appendNames(b []byte, name func(Cap) string) []byte {
	first := true
	s.Each(func(c Cap) {
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, name(c)...)
	})
	return b
}

// Hex is the 16-digit form of /proc/PID/status: "00000000a80425fb".
func (s Set) Hex() string { return string(s.AppendHex(make([]byte, 0, 16))) }

// AppendHex appends Hex to b.
func (s Set) AppendHex(b []byte) []byte {
	const digits = "0123456789abcdef"
	for shift := 60; shift >= 0; shift -= 4 {
		b = append(b, digits[s>>shift&15])
	}
	return b
}

// ParseHex reads a mask of 1 to 16 hexadecimal digits, with or without 0x. It does not allocate unless it fails.
func ParseHex[T string | []byte](h T) (Set, error) {
	t := h
	if len(t) > 2 && t[0] == '0' && (t[1] == 'x' || t[1] == 'X') {
		t = t[2:]
	}
	if len(t) == 0 || len(t) > 16 {
		return 0, badHex(string(h))
	}
	var s Set
	for i := range len(t) {
		d, ok := hexDigit(t[i])
		if !ok {
			return 0, badHex(string(h))
		}
		s = s<<4 | d
	}
	return s, nil
}

func hexDigit(c byte) (Set, bool) {
	switch {
	case '0' <= c && c <= '9':
		return Set(c - '0'), true
	case 'a' <= c && c <= 'f':
		return Set(c-'a') + 10, true
	case 'A' <= c && c <= 'F':
		return Set(c-'A') + 10, true
	}
	return 0, false
}

func badHex(h string) error {
	return fmt.Errorf("capability mask %s: want 1 to 16 hexadecimal digits", quote(h))
}

// quote is %q, cut to what fits in a line: the text may be hostile.
func quote(s string) string {
	const most = 40
	if len(s) > most {
		return fmt.Sprintf("%q...", s[:most])
	}
	return fmt.Sprintf("%q", s)
}

// MarshalText writes the 16-digit form.
func (s Set) MarshalText() ([]byte, error) { return s.AppendHex(make([]byte, 0, 16)), nil }

// UnmarshalText reads what MarshalText writes, and any mask ParseHex reads.
func (s *Set) UnmarshalText(b []byte) error {
	v, err := ParseHex(b)
	if err == nil {
		*s = v
	}
	return err
}

// Sets is the five capability sets of a thread (capabilities(7), "Thread capability sets").
type Sets struct {
	Inheritable Set `json:"inheritable"`
	Permitted   Set `json:"permitted"`
	Effective   Set `json:"effective"`
	Bounding    Set `json:"bounding"`
	Ambient     Set `json:"ambient"`
}

// Required is the keys of its JSON object that cannot be left out.
func (Sets) Required() []string {
	return []string{"inheritable", "permitted", "effective", "bounding", "ambient"}
}

// Union is every capability of any of the five sets.
func (s Sets) Union() Set {
	return s.Inheritable | s.Permitted | s.Effective | s.Bounding | s.Ambient
}
