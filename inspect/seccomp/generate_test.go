package seccomp

import (
	"math/rand/v2"
)

// generator makes programs that Check passes: some of the shape that filters have, some of any shape.
type generator struct {
	*rand.Rand
	numbers []uint32 // that programs compare with; few, so that data meet them
}

func newGenerator(seed uint64) *generator {
	return &generator{Rand: rand.New(rand.NewPCG(seed, 1)), numbers: []uint32{0, 1, 2, 3, 7, 8, 0xf, 0x10, 0x20000, 0x20008,
		0x7e020000, 0x10000000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 0xff00, 0x40000000, 56, 41, 135}}
}

func (g *generator) number() uint32 {
	switch g.IntN(8) {
	case 0:
		return g.Uint32()
	case 1:
		return uint32(1) << g.IntN(32)
	}
	return g.numbers[g.IntN(len(g.numbers))]
}

var someActions = []Action{KillProcess, KillThread, Trap, Errno | 1, Errno | 38, Errno | 5000, UserNotify, Trace | 7, Log,
	Allow, Allow | 3, 0x12340000, 0x80010000, 0x7fff1234}

func (g *generator) action() uint32 { return uint32(someActions[g.IntN(len(someActions))]) }

var conditionals = []uint16{jumpJEQ, jumpJGT, jumpJGE, jumpJSET}

// word is mostly one of two arguments' words, so that tests meet.
func (g *generator) word() uint32 {
	if g.IntN(4) == 0 {
		return uint32(g.IntN(int(Words))) * 4
	}
	return uint32(WordArgs)*4 + uint32(g.IntN(4))*4
}

// instruction is any that is allowed with rest instructions behind it.
func (g *generator) instruction(rest int) Instruction {
	source := uint16(g.IntN(4) / 3 * sourceX)
	switch g.IntN(12) {
	case 0, 1, 2:
		return Instruction{Code: opLoad, K: g.word()}
	case 3:
		codes := []uint16{opLoadImm, opLoadXImm, opLoadLen, opLoadXLen, opTAX, opTXA, opTAX}
		return Instruction{Code: codes[g.IntN(len(codes))], K: g.number()}
	case 4:
		codes := []uint16{opStore, opStoreX, opLoadMem, opLoadXMem}
		return Instruction{Code: codes[g.IntN(len(codes))], K: uint32(g.IntN(2))}
	case 5, 6:
		return g.arithmetic(source)
	case 7:
		if g.IntN(4) == 0 {
			return Instruction{Code: opReturnA}
		}
		return Instruction{Code: opReturn, K: g.action()}
	case 8:
		return Instruction{Code: opJump, K: uint32(g.IntN(min(rest, 5)))}
	}
	return Instruction{
		Code: classJMP | conditionals[g.IntN(len(conditionals))] | source,
		JT:   uint8(g.IntN(min(rest, 12))), JF: uint8(g.IntN(min(rest, 3))), K: g.number(),
	}
}

func (g *generator) arithmetic(source uint16) Instruction {
	operations := []uint16{aluADD, aluSUB, aluMUL, aluDIV, aluOR, aluAND, aluAND, aluAND, aluLSH, aluRSH, aluNEG, aluXOR}
	in := Instruction{Code: classALU | operations[g.IntN(len(operations))] | source, K: g.number()}
	switch in.operation() {
	case aluNEG:
		in.Code = opNeg
	case aluLSH, aluRSH:
		in.K %= 32
	case aluDIV, aluMUL:
		in.K = max(in.K, 1)
		if g.IntN(2) == 0 {
			in.K = 1 << g.IntN(32)
		}
	}
	return in
}

// program is one that Check passes.
func (g *generator) program() Program {
	for {
		p := g.any()
		if g.IntN(2) == 0 {
			p = g.shaped()
		}
		if p.Check() == nil {
			return p
		}
	}
}

func (g *generator) any() Program {
	length := 2 + g.IntN(30)
	var p Program
	for rest := length - 1; rest > 0; rest-- {
		p = append(p, g.instruction(rest))
	}
	return append(p, Instruction{Code: opReturn, K: g.action()})
}

// shaped is like what libseccomp writes: the architecture, then for each number a block of tests of argument words.
func (g *generator) shaped() Program {
	p := Program{
		{Code: opLoad, K: uint32(WordArch) * 4},
		{Code: classJMP | jumpJEQ, K: X86_64.Audit(), JT: 1},
		{Code: opReturn, K: g.action()},
		{Code: opLoad, K: uint32(WordNr) * 4},
	}
	for range 1 + g.IntN(4) {
		block := g.block()
		p = append(p, Instruction{Code: classJMP | jumpJEQ, K: g.numbers[g.IntN(len(g.numbers))], JF: uint8(len(block))})
		p = append(p, block...)
	}
	return append(p, Instruction{Code: opReturn, K: g.action()})
}

// block is tests of words that each return where they hold, then a return.
func (g *generator) block() Program {
	var p Program
	for range 1 + g.IntN(6) {
		p = append(p, Instruction{Code: opLoad, K: g.word()})
		if g.IntN(2) == 0 {
			p = append(p, Instruction{Code: classALU | aluAND, K: g.number()})
		}
		test := Instruction{Code: classJMP | conditionals[g.IntN(len(conditionals))], K: g.number(), JF: 1}
		if g.IntN(3) == 0 {
			test.JT, test.JF = 1, 0
		}
		p = append(p, test, Instruction{Code: opReturn, K: g.action()})
	}
	return append(p, Instruction{Code: opReturn, K: g.action()})
}

// data is a system call whose words are near the numbers that programs compare with.
func (g *generator) data() Data {
	var d Data
	for w := range Words {
		value := g.number()
		switch g.IntN(6) {
		case 0:
			value++
		case 1:
			value--
		case 2:
			value ^= g.number()
		case 3:
			value &= g.number()
		}
		d.setWord(w, value)
	}
	return d
}

// numberOf is a number that some program of the stack compares with, mostly.
func (g *generator) numberOf(s Stack) uint32 {
	p := s[g.IntN(len(s))]
	for range 20 {
		if in := p[g.IntN(len(p))]; in.Code == classJMP|jumpJEQ && in.K != X86_64.Audit() {
			return in.K
		}
	}
	return g.number()
}
