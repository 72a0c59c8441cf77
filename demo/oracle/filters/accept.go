package main

import (
	"fmt"
	"math/rand/v2"
	"syscall"

	"capview/inspect/seccomp"
)

// acceptance asks the kernel for some programs whether it takes them as filters. They are loaded on top of each other.
func (run *runner) acceptance() error {
	j := &job{listener: -1, stack: seccomp.Stack{guard(seccomp.Errno | 1)}}
	for range 30 {
		j.extra = append(j.extra, exempt(mutant(run.r)))
	}
	j.extra = append(j.extra, lengths(run.r))
	a, err := run.w.do(j)
	if err != nil {
		return err
	}
	for i, p := range j.extra {
		run.programs++
		wrong := p.Check()
		want := int32(0)
		if wrong != nil {
			want = int32(syscall.EINVAL)
			run.refused++
		}
		if a.extra[i] != want {
			run.disagree("check", fmt.Sprintf("errno %d", a.extra[i]), fmt.Sprint(wrong), seccomp.Stack{p})
		}
	}
	return nil
}

// mutant is a program in which something may be wrong.
func mutant(r *rand.Rand) seccomp.Program {
	p := anything(r)
	if r.IntN(3) == 0 {
		p = memory(r)
	}
	for range r.IntN(3) {
		in := &p[r.IntN(len(p))]
		switch r.IntN(8) {
		case 0:
			in.Code = uint16(r.Uint32N(256))
		case 1:
			in.Code = uint16(r.Uint32())
		case 2:
			in.K = r.Uint32N(20)
		case 3:
			in.K = r.Uint32()
		case 4:
			in.JT, in.JF = uint8(r.Uint32N(48)), uint8(r.Uint32N(48))
		case 5:
			*in = seccomp.Instruction{Code: ldAbs, K: r.Uint32N(72)}
		case 6:
			*in = seccomp.Instruction{Code: []uint16{div, mod, lsh, rsh, div | byX, mod | byX, lsh | byX, rsh | byX}[r.IntN(8)], K: []uint32{0, 31, 32, 33}[r.IntN(4)]}
		case 7: // memory that may not have been stored
			*in = seccomp.Instruction{Code: []uint16{ldMem, ldxMem, st, stx}[r.IntN(4)], K: r.Uint32N(18)}
		}
	}
	return p
}

// memory is stores, loads and jumps: whether all that is loaded was stored on every way to it, is what the kernel looks at.
func memory(r *rand.Rand) seccomp.Program {
	var p seccomp.Program
	for rest := 3 + r.IntN(14); rest > 0; rest-- {
		in := seccomp.Instruction{Code: []uint16{ldMem, ldxMem, st, stx, st, st}[r.IntN(6)], K: r.Uint32N(2)}
		switch r.IntN(5) {
		case 0:
			in = seccomp.Instruction{Code: jeq, JT: uint8(r.IntN(min(rest, 6))), JF: uint8(r.IntN(min(rest, 6)))}
		case 1:
			in = seccomp.Instruction{Code: ja, K: uint32(r.IntN(min(rest, 3)))}
		case 2:
			if r.IntN(3) == 0 {
				in = seccomp.Instruction{Code: []uint16{ret, retA}[r.IntN(2)], K: uint32(seccomp.Allow)}
			}
		}
		p = append(p, in)
	}
	return append(p, seccomp.Instruction{Code: ret, K: uint32(seccomp.Allow)})
}

// lengths is a program of a length that may be too short or too long, or that does not end with a return.
func lengths(r *rand.Rand) seccomp.Program {
	length := []int{0, 1, 2, seccomp.MaxInstructions - 1, seccomp.MaxInstructions, seccomp.MaxInstructions + 1, 0xffff}[r.IntN(7)]
	p := make(seccomp.Program, length)
	for i := range p {
		p[i] = seccomp.Instruction{Code: ldAbs}
	}
	if length > 0 && r.IntN(4) > 0 {
		p[length-1] = seccomp.Instruction{Code: ret, K: uint32(seccomp.Allow)}
	}
	return p
}
