package profile

import (
	"math"
	"math/rand/v2"
	"testing"

	"capview/inspect/seccomp"
)

func (v values) has(n uint64) bool {
	if v.all {
		return true
	}
	for _, s := range v.spans {
		if s.from <= n && n <= s.to {
			return true
		}
	}
	for _, c := range v.cubes {
		if n&c.mask == c.value {
			return true
		}
	}
	return false
}

// holds is what a condition of a profile says of a value.
func (a Arg) holds(n uint64) bool {
	switch a.Op {
	case opEQ:
		return n == a.Value
	case opNE:
		return n != a.Value
	case opLT:
		return n < a.Value
	case opLE:
		return n <= a.Value
	case opGT:
		return n > a.Value
	case opGE:
		return n >= a.Value
	}
	return n&a.Value == a.ValueTwo
}

// Sets hold the values that the tests they were made of let through, as spans, as cubes and as conditions.
func TestValues(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	words := []uint32{0, 1, 2, 5, 38, 1 << 31, math.MaxUint32 - 1, math.MaxUint32}
	word := func() uint32 {
		if rng.IntN(3) == 0 {
			return rng.Uint32()
		}
		return words[rng.IntN(len(words))]
	}
	checked, intricate := 0, 0
	for range 4000 {
		var tests []seccomp.Test
		whole := rng.IntN(2) == 0
		for range rng.IntN(4) {
			test := seccomp.Test{Word: seccomp.WordArgs + 4 + seccomp.Word(rng.IntN(2)), Mask: math.MaxUint32, Op: seccomp.Op(rng.IntN(6)), Value: word()}
			if !whole {
				test.Mask = word()
			}
			tests = append(tests, test)
		}
		v, ok := valuesOf(tests, 2, false)
		if !ok {
			intricate++
			continue
		}
		asCubes := values{cubes: v.asCubes()}
		plain, simple := v.conditions(2, false), v.conditions(2, true)
		for range 30 {
			n := uint64(word())<<32 | uint64(word())
			data := seccomp.Data{Args: [6]uint64{2: n}}
			want := seccomp.Path{Tests: tests}.Holds(&data)
			if got := v.has(n); got != want {
				t.Fatalf("%+v: the set has %x: %v, want %v", tests, n, got, want)
			}
			if got := asCubes.has(n); got != want {
				t.Fatalf("%+v: as cubes the set has %x: %v, want %v", tests, n, got, want)
			}
			for _, args := range [][]Arg{plain, simple} {
				got := v.all
				for _, a := range args {
					got = got || a.holds(n)
				}
				if got != want {
					t.Fatalf("%+v: by conditions %+v the set has %x: %v, want %v", tests, args, n, got, want)
				}
			}
			checked++
		}
	}
	t.Logf("%d values checked, %d sets too intricate", checked, intricate)
	if intricate > 400 {
		t.Errorf("%d sets too intricate", intricate)
	}
}
