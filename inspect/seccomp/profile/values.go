package profile

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"capview/inspect/seccomp"
)

// values is a set of values of one argument. It is spans where the tests that made it compare whole words, for which
// profiles have words; else it is cubes.
type values struct {
	all    bool
	spans  []span // ascending, not touching
	cubes  []cube // not used where there are spans
	narrow bool   // the high half counts for nothing
}

// span is the numbers from..to, both of which belong to it.
type span struct{ from, to uint64 }

// cube is the numbers whose bits under mask are value.
type cube struct{ mask, value uint64 }

// maxCubes bounds what is written of one set.
const maxCubes = 512

// valuesOf is the set that a path's tests leave of an argument, false where it is too intricate. Where only the low half
// exists or counts, narrow has the high half be whatever it is.
func valuesOf(tests []seccomp.Test, index seccomp.Word, narrow bool) (values, bool) {
	low, high := seccomp.WordArgs+2*index, seccomp.WordArgs+2*index+1
	var lows, highs []seccomp.Test
	whole := true
	for _, t := range tests {
		if t.Word != low && t.Word != high {
			continue
		}
		whole = whole && t.Mask == math.MaxUint32
		if t.Word == low {
			lows = append(lows, t)
		} else {
			highs = append(highs, t)
		}
	}
	if len(lows)+len(highs) == 0 {
		return values{all: true}, true
	}
	if whole {
		if spans, ok := joinHalves(spansOf(highs), spansOf(lows), narrow); ok {
			return values{spans: spans, narrow: narrow}, true
		}
	}
	return cubesOfHalves(highs, lows)
}

// spansOf is what whole-word tests leave of a word.
func spansOf(tests []seccomp.Test) []span {
	left := []span{{0, math.MaxUint32}}
	for _, t := range tests {
		left = meetSpans(left, testSpans(t.Op, uint64(t.Value), math.MaxUint32))
	}
	return left
}

// testSpans is the numbers up to top that a comparison holds for.
func testSpans(op seccomp.Op, v, top uint64) []span {
	below := func() []span {
		if v == 0 {
			return nil
		}
		return []span{{0, v - 1}}
	}
	above := func() []span {
		if v >= top {
			return nil
		}
		return []span{{v + 1, top}}
	}
	switch op {
	case seccomp.Equal:
		return []span{{v, v}}
	case seccomp.NotEqual:
		return append(below(), above()...)
	case seccomp.Less:
		return below()
	case seccomp.LessEqual:
		return []span{{0, v}}
	case seccomp.Greater:
		return above()
	}
	return []span{{v, top}}
}

func meetSpans(a, b []span) []span {
	var both []span
	for _, x := range a {
		for _, y := range b {
			if s := (span{max(x.from, y.from), min(x.to, y.to)}); s.from <= s.to {
				both = append(both, s)
			}
		}
	}
	return both
}

// joinHalves is the 64-bit numbers with such halves, false where they are no few spans.
func joinHalves(highs, lows []span, narrow bool) ([]span, bool) {
	if narrow {
		for i := range lows {
			if lows[i].to == math.MaxUint32 {
				lows[i].to = math.MaxUint64
			}
		}
		return lows, true
	}
	all := len(lows) == 1 && lows[0] == span{0, math.MaxUint32}
	var joined []span
	for _, h := range highs {
		switch {
		case all:
			joined = append(joined, span{h.from << 32, h.to<<32 | math.MaxUint32})
		case h.from == h.to:
			for _, l := range lows {
				joined = append(joined, span{h.from<<32 | l.from, h.from<<32 | l.to})
			}
		default:
			return nil, false
		}
	}
	return tidy(joined), true
}

// tidy sorts spans and joins those that touch.
func tidy(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var joined []span
	for _, s := range spans {
		if n := len(joined); n > 0 && (joined[n-1].to == math.MaxUint64 || s.from <= joined[n-1].to+1) {
			joined[n-1].to = max(joined[n-1].to, s.to)
		} else {
			joined = append(joined, s)
		}
	}
	return joined
}

// cubesOfHalves is what tests leave of both halves.
func cubesOfHalves(highs, lows []seccomp.Test) (values, bool) {
	left := []cube{{}}
	for i, half := range [][]seccomp.Test{lows, highs} {
		for _, t := range half {
			var both []cube
			for _, x := range left {
				for _, y := range testCubes(t) {
					y = cube{y.mask << (32 * i), y.value << (32 * i)}
					if c, ok := x.meet(y); ok {
						both = append(both, c)
					}
				}
			}
			if left = both; len(left) > maxCubes {
				return values{}, false
			}
		}
	}
	return values{cubes: left}, true
}

// meet is the numbers in both.
func (c cube) meet(other cube) (cube, bool) {
	if (c.value^other.value)&c.mask&other.mask != 0 {
		return cube{}, false
	}
	return cube{c.mask | other.mask, c.value | other.value}, true
}

// testCubes is the words that a masked comparison holds for, as cubes without a number in common: that the first bit to
// differ, from the top, is this or that one, or that none does.
func testCubes(t seccomp.Test) (cubes []cube) {
	equal := t.Op == seccomp.Equal || t.Op == seccomp.GreaterEqual || t.Op == seccomp.LessEqual
	above := t.Op == seccomp.Greater || t.Op == seccomp.GreaterEqual || t.Op == seccomp.NotEqual
	below := t.Op == seccomp.Less || t.Op == seccomp.LessEqual || t.Op == seccomp.NotEqual
	prefix := cube{}
	for at := 31; at >= 0; at-- {
		bit := uint64(1) << at
		want := uint64(t.Value) & bit
		free := uint64(t.Mask)&bit != 0
		switch {
		case free && want == 0 && above:
			cubes = append(cubes, cube{prefix.mask | bit, prefix.value | bit})
		case free && want != 0 && below:
			cubes = append(cubes, cube{prefix.mask | bit, prefix.value})
		case !free && want != 0: // masked out, the bit is 0: the word is below
			if below {
				cubes = append(cubes, prefix)
			}
			return cubes
		}
		if free {
			prefix = cube{prefix.mask | bit, prefix.value | want}
		}
	}
	if equal {
		cubes = append(cubes, prefix)
	}
	return cubes
}

// blocks is a span as cubes: the fewest whose free bits are the lowest.
func (s span) blocks() (cubes []cube) {
	for from := s.from; ; {
		size := bits.TrailingZeros64(from) // of the largest block that begins here
		for size == 64 || size > 0 && (from|(1<<size-1)) > s.to {
			size--
			if size == 63 && s == (span{0, math.MaxUint64}) {
				return []cube{{}}
			}
		}
		low := uint64(1)<<size - 1
		cubes = append(cubes, cube{^low, from})
		if from|low >= s.to {
			return cubes
		}
		from = (from | low) + 1
	}
}

// asCubes is the set as cubes.
func (v values) asCubes() []cube {
	switch {
	case v.all:
		return []cube{{}}
	case v.spans == nil:
		return v.cubes
	}
	var cubes []cube
	for _, s := range v.spans {
		if v.narrow {
			s.to = min(s.to, math.MaxUint32)
		}
		for _, c := range s.blocks() {
			if v.narrow {
				c.mask &= math.MaxUint32
			}
			cubes = append(cubes, c)
		}
	}
	return cubes
}

// meets tells whether two sets have a value in common.
func (v values) meets(other values) bool {
	if v.all || other.all {
		return true
	}
	if v.spans != nil && other.spans != nil {
		return len(meetSpans(v.spans, other.spans)) > 0
	}
	for _, a := range v.asCubes() {
		for _, b := range other.asCubes() {
			if _, ok := a.meet(b); ok {
				return true
			}
		}
	}
	return false
}

func (v values) equal(other values) bool {
	return v.all == other.all && slices.Equal(v.spans, other.spans) && slices.Equal(v.cubes, other.cubes)
}
