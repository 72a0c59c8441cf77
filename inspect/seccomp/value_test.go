package seccomp

import "testing"

// What the abstract values say of arithmetic and comparisons is what the numbers do, for all words.
func TestValuesAgreeWithNumbers(t *testing.T) {
	g := newGenerator(3)
	values, tests, unknown := 0, 0, 0
	words := []uint32{0, 1, 0xffffffff, 0x80000000}
	for range 60000 {
		var program []Instruction
		v, second := wordValue(WordArgs), wordValue(WordArgs)
		step := func(in Instruction) value {
			program = append(program, in)
			operand := number(in.K)
			if in.usesX() {
				operand = second
			}
			return compute(in.operation(), v, operand)
		}
		for range g.IntN(4) {
			if in := g.arithmetic(0); in.Code != classALU|aluDIV || in.K != 0 {
				second = compute(in.operation(), second, number(in.K))
				program = append(program, Instruction{Code: opTXA}, in, Instruction{Code: opTAX})
			}
		}
		program = append(program, Instruction{Code: opLoad, K: uint32(WordArgs) * 4})
		for range 1 + g.IntN(5) {
			in := g.arithmetic(uint16(g.IntN(6) / 5 * sourceX))
			if in.operation() != aluDIV || !in.usesX() {
				v = step(in)
			}
		}
		jump := Instruction{Code: classJMP | conditionals[g.IntN(len(conditionals))] | uint16(g.IntN(3)/2*sourceX), K: g.number()}
		operand := number(jump.K)
		if jump.usesX() {
			operand = second
		}
		condition, known := compare(jump.operation(), v, operand)
		if v.unknown {
			unknown++
		}
		for range 8 {
			word := g.number()
			if g.IntN(4) == 0 {
				word = words[g.IntN(len(words))]
			}
			a, x := runs(program, word)
			if !v.unknown {
				values++
				if have := v.of(word); have != a {
					t.Fatalf("%v with %#x: %#x, computed %#x by %+v", program, word, a, have, v)
				}
			}
			if !known {
				continue
			}
			with := jump.K
			if jump.usesX() {
				with = x
			}
			tests++
			if want, have := jump.holds(a, with), condition.holds(word); want != have {
				t.Fatalf("%v then %v with %#x: %v, tested %v by %+v of %+v and %+v", program, jump, word, want, have, condition, v, operand)
			}
		}
	}
	t.Logf("%d values and %d tests compared; %d programs of 60000 not followed", values, tests, unknown)
}

// runs is A and X after arithmetic that begins with the word in X.
func runs(program []Instruction, word uint32) (a, x uint32) {
	x = word
	for _, in := range program {
		switch operand := in.K; in.Code {
		case opTXA:
			a = x
		case opTAX:
			x = a
		case opLoad:
			a = word
		default:
			if in.usesX() {
				operand = x
			}
			a, _ = calculate(in.operation(), a, operand)
		}
	}
	return a, x
}

// of is the value for a word.
func (v value) of(word uint32) uint32 {
	if v.shift >= 0 {
		word <<= v.shift
	} else {
		word >>= -v.shift
	}
	return (word&v.mask ^ v.fixed) + v.plus
}

func (c condition) holds(word uint32) bool {
	switch {
	case c.count == 0:
		return c.fixed
	case c.count == 1:
		return c.tests[0].holds(word)
	case c.both:
		return c.tests[0].holds(word) && c.tests[1].holds(word)
	}
	return c.tests[0].holds(word) || c.tests[1].holds(word)
}
