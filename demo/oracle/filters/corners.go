package main

import (
	"math/rand/v2"

	"capview/inspect/seccomp"
)

// corners is short programs that each do one odd thing, with what they return behind it.
var corners = []func(r *rand.Rand) seccomp.Program{
	// Division by X: by zero it ends the program with 0, which kills the thread.
	func(r *rand.Rand) seccomp.Program {
		return seccomp.Program{{Code: ldAbs, K: offArgs}, {Code: and, K: 3}, {Code: tax}, {Code: ldImm, K: r.Uint32()},
			{Code: div | byX}, {Code: and, K: 0xfff}, {Code: or, K: uint32(seccomp.Errno)}, {Code: retA}}
	},
	// Shifts by X, of which only five bits count.
	func(r *rand.Rand) seccomp.Program {
		return seccomp.Program{{Code: ldAbs, K: offArgs + 4}, {Code: tax}, {Code: ldAbs, K: offArgs},
			{Code: []uint16{lsh, rsh}[r.IntN(2)] | byX}, {Code: and, K: 0xffff}, {Code: or, K: uint32(seccomp.Trap)}, {Code: retA}}
	},
	// Memory, all of it.
	func(r *rand.Rand) seccomp.Program {
		var p seccomp.Program
		for i := range uint32(16) {
			p = append(p, seccomp.Instruction{Code: ldAbs, K: i * 4}, seccomp.Instruction{Code: st, K: i})
		}
		return append(p, seccomp.Instruction{Code: ldMem, K: r.Uint32N(16)}, seccomp.Instruction{Code: ldxMem, K: r.Uint32N(16)},
			seccomp.Instruction{Code: xor | byX}, seccomp.Instruction{Code: and, K: 0xffff}, seccomp.Instruction{Code: or, K: uint32(seccomp.Trace)},
			seccomp.Instruction{Code: retA})
	},
	// What a program begins with: A and X are 0.
	func(*rand.Rand) seccomp.Program {
		return seccomp.Program{{Code: jset, K: 0xffffffff, JT: 3}, {Code: txa}, {Code: jeq, K: 0, JF: 1}, {Code: ret, K: uint32(seccomp.Errno | 7)},
			{Code: ret, K: uint32(seccomp.Errno | 8)}}
	},
	// The length of struct seccomp_data.
	func(*rand.Rand) seccomp.Program {
		return seccomp.Program{{Code: ldLen}, {Code: ldxLen}, {Code: mul | byX}, {Code: or, K: uint32(seccomp.Errno)}, {Code: retA}}
	},
	// Jumps to the last instruction, from the first and from all others.
	func(r *rand.Rand) seccomp.Program {
		length := 3 + r.IntN(250)
		p := seccomp.Program{{Code: ldAbs, K: r.Uint32N(16) * 4}}
		for rest := length - 2; rest > 0; rest-- {
			in := seccomp.Instruction{Code: jeq, K: number(r), JT: uint8(rest - 1)}
			if r.IntN(20) == 0 {
				in = seccomp.Instruction{Code: ja, K: uint32(rest - 1)}
			}
			if r.IntN(30) == 0 {
				in = seccomp.Instruction{Code: ret, K: action(r)}
			}
			p = append(p, in)
		}
		return append(p, seccomp.Instruction{Code: ret, K: action(r)})
	},
	// Values that are no action, of every kind: the upper half is all that counts.
	func(r *rand.Rand) seccomp.Program {
		return seccomp.Program{{Code: ldAbs, K: offArgs}, {Code: lsh, K: 16}, {Code: or, K: r.Uint32N(1 << 16)}, {Code: retA}}
	},
	// Errors above 4,095, and 0.
	func(r *rand.Rand) seccomp.Program {
		return seccomp.Program{{Code: ldAbs, K: offArgs}, {Code: and, K: 0xffff}, {Code: or, K: uint32(seccomp.Errno)},
			{Code: jeq, K: number(r), JT: 1}, {Code: retA}, {Code: ret, K: uint32(seccomp.Errno)}}
	},
	// Where the call comes from.
	func(r *rand.Rand) seccomp.Program {
		return seccomp.Program{{Code: ldAbs, K: offIP + 4}, {Code: jeq, K: 0, JF: 3}, {Code: ldAbs, K: offIP},
			{Code: and, K: 0xffff}, {Code: or, K: uint32(seccomp.Trap)}, {Code: retA}}
	},
	// Arithmetic that overflows.
	func(r *rand.Rand) seccomp.Program {
		p := seccomp.Program{{Code: ldAbs, K: offArgs + 8}, {Code: tax}, {Code: ldAbs, K: offArgs}}
		for range 1 + r.IntN(6) {
			p = append(p, arithmetic(r, uint16(r.IntN(2)*byX)))
		}
		return append(p, seccomp.Instruction{Code: and, K: 0xffff}, seccomp.Instruction{Code: or, K: uint32(seccomp.Trap)}, seccomp.Instruction{Code: retA})
	},
}

func corner(run *runner) (seccomp.Stack, error) {
	return seccomp.Stack{corners[run.r.IntN(len(corners))](run.r)}, nil
}

// tower is up to 32 filters.
func tower(run *runner) (seccomp.Stack, error) {
	var s seccomp.Stack
	for range 2 + run.r.IntN(31) {
		s = append(s, tests(run.r))
	}
	return s, nil
}

// ties is filters that return the same action with data of their own: the newest filter's counts.
func ties(run *runner) (seccomp.Stack, error) {
	kind := action(run.r) &^ 0xffff
	var s seccomp.Stack
	for i := range 2 + run.r.IntN(6) {
		s = append(s, seccomp.Program{{Code: ldAbs, K: offArgs + 4*uint32(i)}, {Code: jset, K: number(run.r), JF: 1},
			{Code: ret, K: kind | run.r.Uint32N(1<<16)}, {Code: ret, K: action(run.r)}})
	}
	return s, nil
}

// longest is a filter as long as one may be: tests of the number, one after the other, and jumps over many.
func longest(run *runner) (seccomp.Stack, error) {
	r := run.r
	p := seccomp.Program{{Code: ldAbs, K: offNr}}
	for len(p) < seccomp.MaxInstructions-1 {
		rest := seccomp.MaxInstructions - 1 - len(p)
		switch r.IntN(40) {
		case 0:
			p = append(p, seccomp.Instruction{Code: ret, K: action(r)})
		case 1:
			p = append(p, seccomp.Instruction{Code: jge, K: r.Uint32N(470), JT: uint8(r.IntN(min(rest, 256))), JF: uint8(r.IntN(min(rest, 256)))})
		case 2:
			p = append(p, seccomp.Instruction{Code: ja, K: r.Uint32N(uint32(min(rest, 2000)))})
		default:
			p = append(p, seccomp.Instruction{Code: jeq, K: number(r), JT: uint8(r.IntN(min(rest, 256)))})
		}
	}
	return seccomp.Stack{append(p, seccomp.Instruction{Code: ret, K: action(r)})}, nil
}
