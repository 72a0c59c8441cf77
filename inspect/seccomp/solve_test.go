package seccomp

import (
	"errors"
	"testing"
)

// Tests of a few bits can hold exactly if trying all their values finds one.
func TestSatisfyAgreesWithTrying(t *testing.T) {
	g := newGenerator(11)
	can, cannot := 0, 0
	for range 40000 {
		var places [6]int
		for i := range places {
			places[i] = g.IntN(32)
		}
		spread := func(bits int) uint32 {
			var word uint32
			for i, place := range places {
				word |= uint32(bits>>i&1) << place
			}
			return word
		}
		var tests []Test
		for range 1 + g.IntN(8) {
			value := spread(g.IntN(64))
			if g.IntN(8) == 0 {
				value += uint32(g.IntN(3)) - 1
			}
			tests = append(tests, Test{WordArgs, spread(g.IntN(64)), Op(g.IntN(6)), value})
		}
		want := false
		for bits := range 64 {
			want = want || allHold(tests, spread(bits))
		}
		data, have, err := Satisfy(tests)
		if err != nil || have != want {
			t.Fatalf("%v: can hold %v, found %v, %v", tests, want, have, err)
		}
		if have && !allHold(tests, data.word(WordArgs)) {
			t.Fatalf("%v: %#x does not hold", tests, data.word(WordArgs))
		}
		if have {
			can++
		} else {
			cannot++
		}
	}
	t.Logf("%d sets of tests that can hold, %d that cannot", can, cannot)
}

// Comparisons of whole words can hold exactly if the ranges they leave are not empty, and the word found is the first.
func TestSatisfyAgreesWithRanges(t *testing.T) {
	g := newGenerator(12)
	can, cannot := 0, 0
	for range 40000 {
		var tests []Test
		for range 1 + g.IntN(12) {
			value := g.number() + uint32(g.IntN(3)) - 1
			op := Op(g.IntN(6))
			if op == Less && value == 0 {
				op = LessEqual
			}
			tests = append(tests, Test{WordArgs + 1, 0xffffffff, op, value})
		}
		left, _ := spans(tests)
		data, have, err := Satisfy(tests)
		if err != nil || have != (len(left) > 0) {
			t.Fatalf("%v: %v left, found %v, %v", tests, left, have, err)
		}
		if !have {
			cannot++
			continue
		}
		can++
		if least := uint32(left[0].from); data.Args[0] != uint64(least)<<32 {
			t.Fatalf("%v: found %#x, the first is %#x in the upper half", tests, data.Args[0], least)
		}
	}
	t.Logf("%d sets of tests that can hold, %d that cannot", can, cannot)
}

func allHold(tests []Test, word uint32) bool {
	for _, t := range tests {
		if !t.holds(word) {
			return false
		}
	}
	return true
}

// Every combination of 3 of 32 bits is some value's: a search that has to know all of them gives up instead of hanging.
func TestSatisfyGivesUp(t *testing.T) {
	g := newGenerator(13)
	gaveUp := 0
	for range 20 {
		var tests []Test
		for range 4000 {
			mask := uint32(1)<<g.IntN(32) | 1<<g.IntN(32) | 1<<g.IntN(32) | 1<<g.IntN(32) | 1<<g.IntN(32) | 1<<g.IntN(32) | 1<<g.IntN(32)
			tests = append(tests, Test{WordArgs, mask, NotEqual, g.Uint32() & mask})
		}
		if data, ok, err := Satisfy(tests); errors.Is(err, ErrIntricate) {
			gaveUp++
		} else if ok && !allHold(tests, data.word(WordArgs)) {
			t.Fatal("a word that does not hold")
		}
	}
	if gaveUp == 0 {
		t.Error("none of 20 was too intricate")
	}
	t.Logf("gave up on %d of 20", gaveUp)
}
