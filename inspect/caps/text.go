package caps

import "strings"

// The bits of a capability's state in a triple of sets, numbered as libcap does: its text form goes through the
// states from the highest to the lowest.
const (
	inE = 1 << iota
	inP
	inI
	states = 1 << iota // how many states there are
)

// TextForm is a triple of sets in cap_text_formats(7), exactly as cap_to_text(3) of libcap 2.66 writes it and
// getpcaps and getcap print it: "=ep cap_sys_resource-ep". last is the highest capability of the kernel.
//
// The state that most capabilities up to last share is the base ("=ep"), the one with the lowest number where several
// do. The others follow by what they have more (+) and less (-) than the base. Over an empty base the first of them
// is written with "=" instead and the base left out: "cap_chown=ep cap_kill+p". Capabilities above last always
// come at the end with a "+".
func TextForm(effective, inheritable, permitted Set, last Cap) string {
	known, base := Full(last), states-1
	state := func(n int, among Set) Set {
		return among & side(effective, n&inE) & side(permitted, n&inP) & side(inheritable, n&inI)
	}
	for n := base; n >= 0; n-- {
		if state(n, known).Count() >= state(base, known).Count() {
			base = n
		}
	}
	var words []string
	for n := states - 1; n >= 0; n-- {
		if s := state(n, known); s != 0 && n != base {
			words = append(words, s.Names()+change(base, n, len(words) == 0))
		}
	}
	if base != 0 || len(words) == 0 {
		words = append([]string{"=" + flags(base)}, words...)
	}
	for n := states - 1; n > 0; n-- {
		if s := state(n, ^known); s != 0 {
			words = append(words, s.Names()+"+"+flags(n))
		}
	}
	return strings.Join(words, " ")
}

// side is s where in is set, else its complement.
func side(s Set, in int) Set {
	if in != 0 {
		return s
	}
	return ^s
}

// change is how state n is written relative to base; first is set for the first word.
func change(base, n int, first bool) string {
	if base == 0 && first {
		return "=" + flags(n)
	}
	var t string
	if more := n &^ base; more != 0 {
		t = "+" + flags(more)
	}
	if less := base &^ n; less != 0 {
		t += "-" + flags(less)
	}
	return t
}

// flags is the letters of a state in libcap's order.
func flags(n int) string {
	var b []byte
	for _, f := range [...]struct {
		bit    int
		letter byte
	}{{inE, 'e'}, {inI, 'i'}, {inP, 'p'}} {
		if n&f.bit != 0 {
			b = append(b, f.letter)
		}
	}
	return string(b)
}

// Text is the permitted, inheritable and effective set as getpcaps prints them; see TextForm.
func (s Sets) Text(last Cap) string { return TextForm(s.Effective, s.Inheritable, s.Permitted, last) }

// IAB is the inheritable, ambient and bounding set as cap_iab_to_text(3) writes them and "getpcaps --iab" prints them
// between brackets: "!%cap_chown,^cap_kill,!cap_mknod". "!" is not in the bounding set, "^" is ambient (and so
// inheritable), "%" inheritable though not in the bounding set, no sign inheritable. Capabilities above last are left out.
func (s Sets) IAB(last Cap) string {
	var words []string
	told := (s.Inheritable | s.Ambient | ^s.Bounding) & Full(last)
	told.Each(func(c Cap) {
		var sign string
		if !s.Bounding.Has(c) {
			sign = "!"
		}
		switch {
		case s.Ambient.Has(c):
			sign += "^"
		case sign != "" && s.Inheritable.Has(c):
			sign += "%"
		}
		words = append(words, sign+c.String())
	})
	return strings.Join(words, ",")
}
