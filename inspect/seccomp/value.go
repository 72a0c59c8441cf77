package seccomp

import "math/bits"

// value is what a register or memory word holds on one way through a program: a number, or a number whose bits each are
// fixed, a bit of one word of the data, or such a bit's opposite; to that a number may be added. In symbols, with word
// moved left by shift bits (right where negative): (word & mask ^ fixed) + plus. Nothing else is followed: unknown.
type value struct {
	mask, fixed, plus uint32 // without mask: the number fixed
	word              Word
	shift             int8
	unknown           bool
}

func number(n uint32) value { return value{fixed: n} }

func wordValue(w Word) value { return value{mask: 0xffffffff, word: w} }

// constant tells that v is a number.
func (v value) constant() bool { return v.mask == 0 && !v.unknown }

// input moves bits of v to where they are in the word.
func (v value) input(bits uint32) uint32 {
	if v.shift >= 0 {
		return bits >> v.shift
	}
	return bits << -v.shift
}

// compute is what calculate gives of a and b. A division by zero and one by a number that is not known are the caller's.
func compute(operation uint16, a, b value) value {
	if a.constant() && b.constant() {
		n, _ := calculate(operation, a.fixed, b.fixed)
		return number(n)
	}
	switch operation {
	case aluADD:
		return add(a, b)
	case aluSUB:
		return add(a, negative(b))
	case aluMUL:
		return multiply(a, b)
	case aluDIV:
		return divide(a, b)
	case aluLSH, aluRSH:
		return shift(operation, a, b)
	case aluNEG:
		return negative(a)
	default: // aluAND, aluOR, aluXOR
		return bitwise(operation, a, b)
	}
}

// bitwise is exact for values of the same word in the same place: each bit of the result depends on the same one bit.
func bitwise(operation uint16, a, b value) value {
	if operation == aluAND && (a == number(0) || b == number(0)) {
		return number(0)
	}
	if !a.aligned(b) || a.plus != 0 || b.plus != 0 {
		return value{unknown: true}
	}
	of := a
	if a.mask == 0 {
		of = b
	}
	clear, _ := calculate(operation, a.fixed, b.fixed)
	set, _ := calculate(operation, a.fixed^a.mask, b.fixed^b.mask)
	return value{mask: clear ^ set, fixed: clear, word: of.word, shift: of.shift}.tidy()
}

// aligned tells that the bits of a and b, where not fixed, are the same bits of the same word.
func (v value) aligned(b value) bool {
	if v.unknown || b.unknown {
		return false
	}
	return v.mask == 0 || b.mask == 0 || v.word == b.word && v.shift == b.shift
}

// tidy makes numbers comparable.
func (v value) tidy() value {
	if v.mask == 0 && !v.unknown {
		return number(v.fixed + v.plus)
	}
	return v
}

func add(a, b value) value {
	if a.constant() {
		a, b = b, a
	}
	if !b.constant() {
		if a.aligned(b) && a.plus == 0 && b.plus == 0 && (a.mask|a.fixed)&(b.mask|b.fixed) == 0 {
			return bitwise(aluOR, a, b) // nothing to carry
		}
		return value{unknown: true}
	}
	if a.unknown {
		return a
	}
	sum := a.fixed + a.plus + b.fixed
	if a.fixed&a.mask == 0 && sum&a.mask == 0 {
		a.fixed, a.plus = sum, 0 // nothing to carry either
		return a
	}
	a.plus += b.fixed
	return a
}

// negative is -v: every bit turned over, plus one.
func negative(v value) value {
	if v.unknown {
		return v
	}
	plus := 1 - v.plus
	v.fixed, v.plus = ^v.fixed, 0
	return add(v, number(plus)).tidy()
}

func multiply(a, b value) value {
	if a.constant() {
		a, b = b, a
	}
	switch {
	case b == number(0):
		return b
	case b.constant() && b.fixed&(b.fixed-1) == 0:
		return shift(aluLSH, a, number(uint32(bits.TrailingZeros32(b.fixed))))
	}
	return value{unknown: true}
}

func divide(a, b value) value {
	if b.constant() && b.fixed&(b.fixed-1) == 0 {
		return shift(aluRSH, a, number(uint32(bits.TrailingZeros32(b.fixed))))
	}
	return value{unknown: true}
}

func shift(operation uint16, a, b value) value {
	if a.unknown || !b.constant() {
		return value{unknown: true}
	}
	n := b.fixed & maskOfShifts
	switch {
	case n == 0:
		return a
	case a.plus != 0:
		return value{unknown: true}
	case operation == aluLSH:
		a.mask, a.fixed, a.shift = a.mask<<n, a.fixed<<n, a.shift+int8(n)
	default:
		a.mask, a.fixed, a.shift = a.mask>>n, a.fixed>>n, a.shift-int8(n)
	}
	return a.tidy()
}
