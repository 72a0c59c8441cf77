package main

import (
	"math/rand/v2"

	"capview/inspect/seccomp"
)

// kind is a kind of filters.
type kind struct {
	name  string
	exact bool // every decision about them must be found
	make  func(run *runner) (seccomp.Stack, error)
}

// kinds is all, each as often as the others.
var kinds = []kind{
	{"random instructions", false, single(anything)},
	{"random tests of words", true, single(tests)},
	{"corner cases", false, corner},
	{"stacks of up to 32", false, tower},
	{"stacks whose values tie", true, ties},
	{"4,096 instructions", true, longest},
	{"compare trees with traps, as Chromium's", true, single(chromium)},
	{"libseccomp, random rules", true, fromLibrary},
	{"libseccomp, random rules, binary tree", true, fromLibraryTree},
	{"docker's default by runc, with its ENOSYS prologue", true, real("docker")},
	{"podman's default by runc, with its ENOSYS prologue", true, real("podman")},
	{"containerd's default for pods by runc", true, real("containerd")},
	{"systemd's of units", true, real("systemd")},
	{"systemd-nspawn's", true, real("nspawn")},
	{"bubblewrap's --seccomp, one more than once", true, real("bubblewrap")},
	{"LXC's", true, real("lxc")},
	{"real filters stacked at random", true, mixed},
}

// single is a kind of one filter each.
func single(program func(r *rand.Rand) seccomp.Program) func(run *runner) (seccomp.Stack, error) {
	return func(run *runner) (seccomp.Stack, error) { return seccomp.Stack{program(run.r)}, nil }
}

// action is any value for a filter to return, few of them such that end the process.
func action(r *rand.Rand) uint32 {
	data := []uint32{0, 1, 38, 4095, 4096, 0xffff, r.Uint32N(1 << 16)}[r.IntN(7)]
	switch r.IntN(16) {
	case 0:
		return uint32(seccomp.KillProcess) | data
	case 1:
		return uint32(seccomp.KillThread) | data
	case 2:
		return r.Uint32()
	case 3, 4:
		return uint32(seccomp.Trap) | data
	case 5, 6:
		return uint32(seccomp.UserNotify) | data
	case 7, 8:
		return uint32(seccomp.Trace) | data
	case 9, 10:
		return uint32(seccomp.Log) | data
	case 11, 12:
		return uint32(seccomp.Allow) | data
	}
	return uint32(seccomp.Errno) | data
}

// number is a constant for filters to compare and compute with: often a system call's, often one that has few bits.
func number(r *rand.Rand) uint32 {
	switch r.IntN(6) {
	case 0:
		return r.Uint32()
	case 1:
		return 1 << r.IntN(32)
	case 2:
		return -(1 << r.IntN(32))
	case 3:
		return r.Uint32N(16)
	case 4:
		return []uint32{seccomp.X86_64.Audit(), seccomp.I386.Audit(), 1 << 30}[r.IntN(3)]
	}
	return r.Uint32N(470)
}

// anything is instructions in any order that the kernel takes.
func anything(r *rand.Rand) seccomp.Program {
	for {
		length := 2 + r.IntN(40)
		var p seccomp.Program
		for rest := length - 1; rest > 0; rest-- {
			p = append(p, instruction(r, rest))
		}
		p = append(p, seccomp.Instruction{Code: ret, K: action(r)})
		if p.Check() == nil {
			return p
		}
	}
}

// instruction is any that is allowed where rest others follow.
func instruction(r *rand.Rand, rest int) seccomp.Instruction {
	source := uint16(r.IntN(4) / 3 * byX)
	switch r.IntN(12) {
	case 0, 1, 2:
		return seccomp.Instruction{Code: ldAbs, K: r.Uint32N(16) * 4}
	case 3:
		return seccomp.Instruction{Code: []uint16{ldImm, ldxImm, ldLen, ldxLen, tax, txa}[r.IntN(6)], K: number(r)}
	case 4:
		return seccomp.Instruction{Code: []uint16{st, stx, st, ldMem, ldxMem}[r.IntN(5)], K: r.Uint32N(3)}
	case 5, 6, 7:
		return arithmetic(r, source)
	case 8:
		switch r.IntN(8) {
		case 0: // an action of what was computed
			return seccomp.Instruction{Code: retA}
		case 1, 2:
			return seccomp.Instruction{Code: ret, K: action(r)}
		}
		return seccomp.Instruction{Code: ja, K: r.Uint32N(uint32(min(rest, 4)))}
	}
	return seccomp.Instruction{Code: []uint16{jeq, jgt, jge, jset}[r.IntN(4)] | source, K: number(r),
		JT: uint8(r.IntN(min(rest, 10))), JF: uint8(r.IntN(min(rest, 4)))}
}

func arithmetic(r *rand.Rand, source uint16) seccomp.Instruction {
	in := seccomp.Instruction{Code: []uint16{add, sub, mul, div, or, and, and, lsh, rsh, neg, xor}[r.IntN(11)], K: number(r)}
	switch in.Code {
	case neg:
		return in
	case lsh, rsh:
		in.K %= 32 // demanded of shifts by X too
	case div:
		in.K = max(in.K, 1)
	}
	in.Code |= source
	return in
}

// tests is blocks that each test a masked word and return.
func tests(r *rand.Rand) seccomp.Program {
	var p seccomp.Program
	for range 1 + r.IntN(12) {
		p = append(p, seccomp.Instruction{Code: ldAbs, K: r.Uint32N(16) * 4})
		if r.IntN(3) == 0 {
			p = append(p, seccomp.Instruction{Code: and, K: number(r)})
		}
		in := seccomp.Instruction{Code: []uint16{jeq, jgt, jge, jset}[r.IntN(4)], K: number(r), JF: 1}
		if r.IntN(2) == 0 {
			in.JT, in.JF = 1, 0
		}
		p = append(p, in, seccomp.Instruction{Code: ret, K: action(r)})
	}
	return append(p, seccomp.Instruction{Code: ret, K: action(r)})
}
