package main

import (
	"math/rand/v2"
	"slices"

	"capview/inspect/seccomp"
)

// chromium is a program of the shape of those that Chromium's sandbox makes: the architecture, the x32 bit, then a search
// by halves for the range that the number is in, and for some ranges tests of 64-bit arguments whose upper half must be
// the sign of the lower. What is forbidden traps, for a handler to tell.
func chromium(r *rand.Rand) seccomp.Program {
	panics := seccomp.Program{{Code: ret, K: uint32(seccomp.Trap) | 0xffff}}
	starts := []uint32{0}
	for range 20 + r.IntN(100) {
		starts = append(starts, r.Uint32N(470))
	}
	slices.Sort(starts)
	starts = slices.Compact(starts)
	var leaves []seccomp.Program
	for range starts {
		leaves = append(leaves, leaf(r))
	}
	number := append(seccomp.Program{{Code: ldAbs, K: offNr}}, choose(jset, 1<<30, panics, search(starts, leaves))...)
	return append(seccomp.Program{{Code: ldAbs, K: offArch}}, choose(jeq, seccomp.X86_64.Audit(), number, panics)...)
}

// search finds the last start that the number reaches.
func search(starts []uint32, leaves []seccomp.Program) seccomp.Program {
	if len(starts) == 1 {
		return leaves[0]
	}
	half := len(starts) / 2
	return choose(jge, starts[half], search(starts[half:], leaves[half:]), search(starts[:half], leaves[:half]))
}

// choose goes on with one of two programs. Neither may be as far as a conditional jump does not reach: what is farther is
// reached by an unconditional one.
func choose(code uint16, k uint32, yes, no seccomp.Program) seccomp.Program {
	p := seccomp.Program{{Code: code, K: k, JT: 1}, {Code: ja, K: uint32(len(yes))}}
	if len(yes) < 256 {
		p = seccomp.Program{{Code: code, K: k, JF: uint8(len(yes))}}
	}
	return append(append(p, yes...), no...)
}

// leaf is what becomes of a range of numbers.
func leaf(r *rand.Rand) seccomp.Program {
	allow := seccomp.Program{{Code: ret, K: uint32(seccomp.Allow)}}
	refuse := seccomp.Program{{Code: ret, K: uint32(seccomp.Errno) | 1}}
	trap := seccomp.Program{{Code: ret, K: uint32(seccomp.Trap) | r.Uint32N(1<<12)}}
	switch r.IntN(6) {
	case 0:
		return refuse
	case 1, 2:
		return trap
	case 3:
		return argument(r, r.Uint32N(6), allow, argument(r, r.Uint32N(6), refuse, trap))
	}
	return allow
}

// argument tests a masked argument of 32 bits, passed as one of 64.
func argument(r *rand.Rand, i uint32, yes, no seccomp.Program) seccomp.Program {
	low, high := offArgs+8*i, offArgs+8*i+4
	mask, value := number(r), number(r)
	test := append(seccomp.Program{{Code: ldAbs, K: low}, {Code: and, K: mask}}, choose(jeq, value&mask, yes, no)...)
	if mask == 0xffffffff || r.IntN(3) == 0 {
		test = append(seccomp.Program{{Code: ldAbs, K: low}}, choose(jset, mask, yes, no)...)
	}
	bad := seccomp.Program{{Code: ret, K: uint32(seccomp.Trap) | 0xfffe}}
	negative := append(seccomp.Program{{Code: ldAbs, K: low}}, choose(jset, 1<<31, test, bad)...)
	signed := choose(jeq, 0xffffffff, negative, bad)
	return append(seccomp.Program{{Code: ldAbs, K: high}}, choose(jeq, 0, test, signed)...)
}
