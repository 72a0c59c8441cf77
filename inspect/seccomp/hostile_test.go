package seccomp

import (
	"strings"
	"testing"
)

func load(w Word) Instruction { return Instruction{Code: opLoad, K: uint32(w) * 4} }

func jump(operation uint16, k uint32, jt, jf uint8) Instruction {
	return Instruction{Code: classJMP | operation, JT: jt, JF: jf, K: k}
}

func returns(a Action) Instruction { return Instruction{Code: opReturn, K: uint32(a)} }

// repeat is a program of as many blocks as fit, and a return.
func repeat(block func(i int) Program) Program {
	var p Program
	for i := 0; ; i++ {
		next := block(i)
		if len(p)+len(next)+1 > MaxInstructions {
			return append(p, returns(Allow))
		}
		p = append(p, next...)
	}
}

// Programs made to take long end within the bounds, by an answer or by saying why there is none.
func TestHostileFilters(t *testing.T) {
	for _, c := range []struct {
		name    string
		stack   Stack
		unknown string // "" for a decision
	}{
		{"a long way", Stack{repeat(func(int) Program {
			return Program{{Code: opLoadImm, K: 7}, {Code: classALU | aluMUL, K: 3}}
		})}, ""},
		{"every flag counted", Stack{repeat(func(i int) Program {
			return Program{load(WordArgs + Word(i/32%12)), jump(jumpJSET, 1<<(i%32), 0, 3),
				{Code: opLoadMem, K: 0}, {Code: classALU | aluADD, K: 1}, {Code: opStore, K: 0}}
		}).withMemory()}, "too "},
		{"every value of an argument another error", Stack{repeat(func(i int) Program {
			return Program{load(WordArgs), jump(jumpJEQ, uint32(i), 0, 1), returns(Errno | Action(i))}
		})}, ""},
		{"a tangle of flags", Stack{repeat(func(i int) Program {
			mask := uint32(1)<<(i%32) | 1<<(i*7%32) | 1<<(i*13%31) | 1<<(i*5%29) | 1<<(i*11%30)
			return Program{load(WordArgs), {Code: classALU | aluAND, K: mask}, jump(jumpJEQ, mask&uint32(i*2654435761), 0, 1), returns(Trap)}
		})}, ErrIntricate.Error()},
		{"32 filters, each another flag", func() (s Stack) {
			for i := range 32 {
				s = append(s, Program{load(WordArgs), jump(jumpJSET, 1<<i, 0, 1), returns(Errno | Action(i)), returns(Allow)})
			}
			return s
		}(), ""},
		{"32 filters, each a flag of two words", func() (s Stack) {
			for i := range 32 {
				s = append(s, Program{load(WordArgs), jump(jumpJSET, 1<<i, 2, 0), load(WordArgs + 1), jump(jumpJSET, 1<<i, 1, 0), returns(Trap | Action(i)), returns(Allow)})
			}
			return s
		}(), ""},
		{"a product of arguments", Stack{{load(WordArgs), {Code: opTAX}, load(WordArgs + 2), {Code: classALU | aluMUL | sourceX}, jump(jumpJEQ, 6, 0, 1), returns(Trap), returns(Allow)}},
			"instruction 4 compares what it computed from arguments"},
		{"a division by an argument", Stack{{load(WordArgs), {Code: opTAX}, {Code: classALU | aluDIV | sourceX}, {Code: opReturnA}}},
			"instruction 2 divides by what an argument says"},
		{"an argument returned", Stack{{load(WordArgs), {Code: opReturnA}}}, "it returns what it computed from arguments"},
		{"an argument returned under a filter that kills", Stack{{returns(KillProcess)}, {load(WordArgs), {Code: opReturnA}}}, ""},
		{"a bit of an argument returned", Stack{{load(WordArgs), {Code: classALU | aluAND, K: 3}, {Code: classALU | aluOR, K: uint32(Errno)}, {Code: opReturnA}}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, p := range c.stack {
				if err := p.Check(); err != nil {
					t.Fatal(err)
				}
			}
			decision := c.stack.Decide(X86_64, 39)
			if !strings.Contains(decision.Unknown, c.unknown) || c.unknown == "" && decision.Unknown != "" {
				t.Fatalf("unknown %q, want %q", decision.Unknown, c.unknown)
			}
			policy := c.stack.Policy(X86_64)
			t.Logf("%d paths; %d of %d system calls differ; %s", len(decision.Paths), len(policy.Differing()), len(policy.Syscalls),
				shortened(decision.Conditions(X86_64, 39).String()))
			if decision.Unknown != "" {
				return
			}
			g := newGenerator(5)
			for range 100 {
				data := g.data()
				data.Nr, data.Arch = 39, X86_64.Audit()
				agree(t, c.stack, decision, data)
			}
		})
	}
}

// withMemory stores 0 in the first memory word before the program; what jumps skip in it stays.
func (p Program) withMemory() Program {
	return append(Program{{Code: opLoadImm}, {Code: opStore}}, p[2:]...)
}

func shortened(s string) string {
	if len(s) > 200 {
		return s[:200] + "…"
	}
	return s
}

// Words for a decision of many paths are found or given up on.
func TestHostileConditions(t *testing.T) {
	var p Program
	for i := range 220 {
		mask := uint32(0x01010101)<<(i%8) | uint32(i)<<8
		p = append(p, load(WordArgs+Word(i%2)), Instruction{Code: classALU | aluAND, K: mask},
			jump(jumpJEQ, mask&uint32(i*0x9e3779b1), 0, 1), returns(Errno|Action(i%3)))
	}
	p = append(p, returns(Allow))
	decision := p.Decide(X86_64, 39)
	if decision.Unknown != "" {
		t.Fatal(decision.Unknown)
	}
	conditions := decision.Conditions(X86_64, 39)
	t.Logf("%d paths: %s", len(decision.Paths), shortened(conditions.String()))
	if conditions.Unknown == "" && len(conditions.Cases) == 0 {
		t.Error("no condition")
	}
}
