package profile

import "capview/inspect/seccomp"

// The instructions that conditions need (linux/bpf_common.h).
const (
	opLoad   = 0x20 // BPF_LD | BPF_W | BPF_ABS
	opAnd    = 0x54 // BPF_ALU | BPF_AND | BPF_K
	opJumpEQ = 0x15 // BPF_JMP | BPF_JEQ | BPF_K
	opJumpGT = 0x25
	opJumpGE = 0x35
	opReturn = 0x06 // BPF_RET | BPF_K
)

// program is a filter of one system call's rules: the first that applies wins.
func program(rules []rule, wide bool, fallback seccomp.Action) seccomp.Program {
	var p assembler
	for _, r := range rules {
		p.rule(r, wide)
	}
	return append(p.program, seccomp.Instruction{Code: opReturn, K: uint32(fallback)})
}

// assembler writes a rule's comparisons. Jumps go on, to the condition's end or the rule's, both of which come later.
type assembler struct {
	program seccomp.Program
	holds   []jump // to where the condition at hand holds
	fails   []jump // to where the rule at hand does not apply
}

// jump is one of the two of a conditional jump.
type jump struct {
	at      int
	whether bool // the one taken where the comparison is true
}

func (p *assembler) rule(r rule, wide bool) {
	p.fails = p.fails[:0]
	for _, arg := range r.conditions {
		p.holds = p.holds[:0]
		p.condition(arg, wide)
		p.land(p.holds)
	}
	p.program = append(p.program, seccomp.Instruction{Code: opReturn, K: uint32(r.action)})
	p.land(p.fails)
}

// land has jumps go to the next instruction.
func (p *assembler) land(jumps []jump) {
	for _, j := range jumps {
		distance := uint8(len(p.program) - j.at - 1)
		if j.whether {
			p.program[j.at].JT = distance
		} else {
			p.program[j.at].JF = distance
		}
	}
}

// compare writes one comparison of a word; what a jump list is nil for goes on with the next instruction.
func (p *assembler) compare(word seccomp.Word, mask uint32, code uint16, value uint32, isTrue, isFalse *[]jump) {
	p.program = append(p.program, seccomp.Instruction{Code: opLoad, K: 4 * uint32(word)})
	if mask != ^uint32(0) {
		p.program = append(p.program, seccomp.Instruction{Code: opAnd, K: mask})
	}
	at := len(p.program)
	p.program = append(p.program, seccomp.Instruction{Code: code, K: value})
	if isTrue != nil {
		*isTrue = append(*isTrue, jump{at, true})
	}
	if isFalse != nil {
		*isFalse = append(*isFalse, jump{at, false})
	}
}

// condition writes one argument's comparison: of 64 bits first the upper halves, then where they are equal the lower.
func (p *assembler) condition(arg Arg, wide bool) {
	mask, value := arg.masked()
	low := seccomp.WordArgs + 2*seccomp.Word(arg.Index)
	high := low + 1
	holds, fails := &p.holds, &p.fails
	if arg.Op == opNE || arg.Op == opLT || arg.Op == opLE {
		holds, fails = fails, holds // the negation of EQ, GE and GT
	}
	code := uint16(opJumpEQ)
	switch arg.Op {
	case opGT, opLE:
		code = opJumpGT
	case opGE, opLT:
		code = opJumpGE
	}
	if wide && code != opJumpEQ {
		p.compare(high, ^uint32(0), opJumpGT, uint32(value>>32), holds, nil)
	}
	if wide && mask>>32 != 0 {
		p.compare(high, uint32(mask>>32), opJumpEQ, uint32(value>>32), nil, fails)
	}
	if uint32(mask) != 0 {
		p.compare(low, uint32(mask), code, uint32(value), holds, fails)
	}
}
