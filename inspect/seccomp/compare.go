package seccomp

import "math"

// condition is what a comparison comes to: always or never true, a test, or two of which both or either must hold.
type condition struct {
	tests [2]Test
	count int  // how many tests; none: fixed
	fixed bool // the answer
	both  bool // of two tests both must hold, else one is enough
}

var (
	always = condition{fixed: true}
	never  = condition{}
)

func one(t Test) condition { return condition{tests: [2]Test{t}, count: 1} }

// not is the opposite.
func (c condition) not() condition {
	if c.count == 0 {
		c.fixed = !c.fixed
	}
	for i := range c.count {
		c.tests[i] = c.tests[i].not()
	}
	c.both = !c.both
	return c
}

// not is the test's opposite; of a single bit the other value.
func (t Test) not() Test {
	t.Op ^= 1
	return t.plain()
}

// plain is the test, that a single bit is not one value as that it is the other.
func (t Test) plain() Test {
	if t.Op == NotEqual && t.Mask != 0 && t.Mask&(t.Mask-1) == 0 && t.Value&^t.Mask == 0 {
		t.Op, t.Value = Equal, t.Value^t.Mask
	}
	return t
}

// compare is what a conditional jump tests of a and b, false where that is no test of one word.
func compare(operation uint16, a, b value) (condition, bool) {
	switch {
	case a.unknown || b.unknown:
		return never, false
	case b.constant():
		return compareNumber(operation, a, b.fixed)
	case a.constant():
		return compareTurned(operation, a.fixed, b)
	case operation == jumpJEQ && a.plus == 0 && b.plus == 0 && a.aligned(b):
		return compareNumber(jumpJEQ, bitwise(aluXOR, a, b), 0)
	case operation == jumpJSET && a.plus == 0 && b.plus == 0 && a.aligned(b):
		c, ok := compareNumber(jumpJEQ, bitwise(aluAND, a, b), 0)
		return c.not(), ok
	case a == b:
		return condition{fixed: operation == jumpJEQ || operation == jumpJGE}, operation != jumpJSET
	}
	return never, false
}

// compareTurned is compare for a number and a value: n > b is not b >= n.
func compareTurned(operation uint16, n uint32, b value) (condition, bool) {
	switch operation {
	case jumpJGT:
		c, ok := compareNumber(jumpJGE, b, n)
		return c.not(), ok
	case jumpJGE:
		c, ok := compareNumber(jumpJGT, b, n)
		return c.not(), ok
	}
	return compareNumber(operation, b, n)
}

// compareNumber is compare for a value and a number.
func compareNumber(operation uint16, v value, n uint32) (condition, bool) {
	switch operation {
	case jumpJEQ:
		return v.equals(n - v.plus), true
	case jumpJSET:
		return v.anyOf(n)
	case jumpJGT:
		if n == math.MaxUint32 {
			return never, true
		}
		n++
	}
	if n == 0 {
		return always, true
	}
	if v.plus == 0 {
		return v.atLeast(n)
	}
	// v+plus >= n, where the sum may wrap: v lies on the ring from n-plus to -1-plus.
	low, lowKnown := v.atLeast(n - v.plus)
	beyond, highKnown := v.atLeast(-v.plus)
	return join(low, beyond.not(), n-v.plus <= -v.plus-1), lowKnown && highKnown
}

// join puts two conditions of at most one test each together.
func join(a, b condition, both bool) condition {
	switch {
	case a.count == 0 && a.fixed == both:
		return b
	case a.count == 0:
		return a
	case b.count == 0 && b.fixed == both:
		return a
	case b.count == 0:
		return b
	}
	return condition{tests: [2]Test{a.tests[0], b.tests[0]}, count: 2, both: both}
}

// equals tells when v, without what is added, is n.
func (v value) equals(n uint32) condition {
	differ := n ^ v.fixed
	switch {
	case differ&^v.mask != 0:
		return never
	case v.mask == 0:
		return always
	}
	return one(Test{v.word, v.input(v.mask), Equal, v.input(differ)})
}

// anyOf tells when v has a bit of n.
func (v value) anyOf(n uint32) (condition, bool) {
	if v.plus != 0 {
		return never, n == 0
	}
	if v.fixed&^v.mask&n != 0 {
		return always, true
	}
	free := v.mask & n
	if free == 0 {
		return never, true
	}
	return one(Test{v.word, v.input(free), NotEqual, v.input(v.fixed & free)}.plain()), true
}

// atLeast tells when v, without what is added, is n or more. Where some of its bits are turned over and some are not, its
// order is not the word's.
func (v value) atLeast(n uint32) (condition, bool) {
	turned := v.fixed & v.mask
	base := v.fixed &^ v.mask // v is base plus the free bits, or plus their opposite
	if n <= base {
		return always, true
	}
	n -= base
	if n > v.mask {
		return never, true
	}
	switch turned {
	case 0:
		return one(Test{v.word, v.input(v.mask), GreaterEqual, v.threshold(n)}), true
	case v.mask: // mask - bits >= n
		return one(Test{v.word, v.input(v.mask), Less, v.threshold(v.mask - n + 1)}), true
	}
	return never, false
}

// threshold moves the number that free bits are compared with, at most the mask plus one, to where they are in the word:
// bits that are none of the word's round it up.
func (v value) threshold(n uint32) uint32 {
	if v.shift < 0 {
		return n << -v.shift
	}
	return uint32((uint64(n) + 1<<v.shift - 1) >> v.shift)
}
