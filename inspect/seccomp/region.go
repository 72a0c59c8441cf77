package seccomp

import (
	"cmp"
	"math"
	"slices"
)

// field is what words of the data make up: the instruction pointer or an argument.
type field int

// fields: 0 is the instruction pointer, 1 to 6 the arguments.
const fields = 7

func (w Word) field() field { return field(w-WordIP) / 2 }
func (w Word) high() bool   { return w%2 != 0 }

// box is what must hold of a field: tests of its lower and its upper half. None: anything.
type box struct{ low, high []Test }

// region is values of a field: those in any of its boxes.
type region []box

// anything is the region without limits.
func anything() region { return region{{}} }

// box splits a path's tests on one field by halves, each without those that others imply.
func (p Path) box(f field, s *solver) box {
	var b box
	for _, t := range p.Tests {
		switch {
		case t.Word < WordIP || t.Word.field() != f:
		case t.Word.high():
			b.high = append(b.high, t)
		default:
			b.low = append(b.low, t)
		}
	}
	return box{plain(b.low, s), plain(b.high, s)}
}

// plain is tests of one word without those that the others imply, all equalities of its bits as one.
func plain(tests []Test, s *solver) []Test {
	kept := gathered(tests)
	for i := 0; i < len(kept) && s.left >= 0; {
		others := slices.Delete(slices.Clone(kept), i, i+1)
		if _, can := s.word(append(slices.Clone(others), kept[i].not())); can || s.left < 0 {
			i++
			continue
		}
		kept = others
	}
	slices.SortFunc(kept, func(a, b Test) int {
		return cmp.Or(cmp.Compare(a.Mask, b.Mask), cmp.Compare(a.Op, b.Op), cmp.Compare(a.Value, b.Value))
	})
	return kept
}

// gathered is tests of one word that can hold, all equalities as one.
func gathered(tests []Test) []Test {
	var kept []Test
	equal := Test{Op: Equal}
	for _, t := range tests {
		if t = t.plain(); t.Op != Equal {
			kept = append(kept, t)
			continue
		}
		equal.Word = t.Word
		equal.Mask |= t.Mask
		equal.Value |= t.Value
	}
	if equal.Mask != 0 {
		kept = append(kept, equal)
	}
	return kept
}

// bits64 is a conjunction of equalities: a field & mask == value.
type bits64 struct{ mask, value uint64 }

// bits tells that a box is nothing but equalities, and which.
func (b box) bits() (bits64, bool) {
	var all bits64
	for _, t := range append(slices.Clone(b.low), b.high...) {
		if t.Op != Equal {
			return bits64{}, false
		}
		shift := 32 * (t.Word % 2)
		all.mask |= uint64(t.Mask) << shift
		all.value |= uint64(t.Value) << shift
	}
	return all, true
}

// mostBoxes bounds the complement of a region.
const mostBoxes = 64

// complement is the values that are not in the region; false where that has too many boxes or takes too long.
func (r region) complement(s *solver) (region, bool) {
	rest := anything()
	for _, b := range r {
		var next region
		for _, have := range rest {
			next = append(next, have.without(b, s)...)
		}
		if len(next) > mostBoxes || s.left < 0 {
			return nil, false
		}
		rest = next
	}
	return rest, true
}

// without is the part of b that is not in other: for each test of other, what passes those before it and fails it.
func (b box) without(other box, s *solver) region {
	var rest region
	for _, t := range append(slices.Clone(other.high), other.low...) {
		if failing, can := b.and(t.not(), s); can {
			rest = append(rest, failing)
		}
		passing, can := b.and(t, s)
		if !can {
			break
		}
		b = passing
	}
	return rest
}

// and is b with one more test, false where that leaves nothing.
func (b box) and(t Test, s *solver) (box, bool) {
	half := &b.low
	if t.Word.high() {
		half = &b.high
	}
	tests := append(slices.Clone(*half), t)
	if _, can := s.word(tests); !can && s.left >= 0 {
		return box{}, false
	}
	*half = plain(tests, s)
	return b, true
}

// span is numbers from one to another, both included.
type span struct{ from, to uint64 }

// spans is the values of one half that pass tests of the whole half; false where a test masks.
func spans(tests []Test) ([]span, bool) {
	values := []span{{0, math.MaxUint32}}
	for _, t := range tests {
		if t.Mask != math.MaxUint32 {
			return nil, false
		}
		v := uint64(t.Value)
		switch t.Op {
		case Equal:
			values = clip(values, v, v)
		case NotEqual:
			below := []span(nil)
			if v > 0 {
				below = clip(values, 0, v-1)
			}
			values = append(below, clip(values, v+1, math.MaxUint32)...)
		case Less:
			values = clip(values, 0, v-1) // a test that can hold has v > 0
		case LessEqual:
			values = clip(values, 0, v)
		case Greater:
			values = clip(values, v+1, math.MaxUint32)
		case GreaterEqual:
			values = clip(values, v, math.MaxUint32)
		}
	}
	return values, true
}

func clip(values []span, from, to uint64) []span {
	var kept []span
	for _, s := range values {
		if a, b := max(s.from, from), min(s.to, to); a <= b {
			kept = append(kept, span{a, b})
		}
	}
	return kept
}

// whole is the values of 64 bits in a region, or of the lower half where half is true and the upper one is free; false
// where that is not a few spans.
func (r region) spans(half bool) ([]span, bool) {
	var all []span
	for _, b := range r {
		if half && len(b.high) > 0 {
			return nil, false
		}
		low, ok := spans(b.low)
		high, okHigh := spans(b.high)
		if !ok || !okHigh {
			return nil, false
		}
		if half {
			all = append(all, low...)
			continue
		}
		for _, h := range high {
			switch {
			case len(b.low) == 0:
				all = append(all, span{h.from << 32, h.to<<32 | math.MaxUint32})
			case h.from == h.to:
				for _, l := range low {
					all = append(all, span{h.from<<32 | l.from, h.from<<32 | l.to})
				}
			default:
				return nil, false
			}
		}
	}
	return joined(all), true
}

// joined is spans in order, neighbours as one.
func joined(all []span) []span {
	slices.SortFunc(all, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var out []span
	for _, s := range all {
		if n := len(out); n > 0 && (out[n-1].to == math.MaxUint64 || s.from <= out[n-1].to+1) {
			out[n-1].to = max(out[n-1].to, s.to)
			continue
		}
		out = append(out, s)
	}
	return out
}

// inverted is the numbers up to last that are in none of the spans.
func inverted(all []span, last uint64) []span {
	var out []span
	next, more := uint64(0), true
	for _, s := range all {
		if s.from > next {
			out = append(out, span{next, s.from - 1})
		}
		next, more = s.to+1, s.to < last
	}
	if more {
		out = append(out, span{next, last})
	}
	return out
}
