package seccomp

import (
	"bytes"
	"strings"
	"testing"
)

// What the kernel attaches and what it does not (net/core/filter.c, kernel/seccomp.c).
func TestCheck(t *testing.T) {
	allow := returns(Allow)
	store := func(k uint32) Instruction { return Instruction{Code: opStore, K: k} }
	loadMemory := func(k uint32) Instruction { return Instruction{Code: opLoadMem, K: k} }
	for _, c := range []struct {
		name string
		p    Program
		want string // "" passes
	}{
		{"one return", Program{allow}, ""},
		{"A returned", Program{{Code: opReturnA}}, ""},
		{"X returned", Program{{Code: classRET | 0x08}}, "code 0x0e is not allowed"},
		{"nothing", nil, "0 instructions"},
		{"too long", make(Program, MaxInstructions+1), "4097 instructions"},
		{"no return", Program{load(WordNr)}, "instruction 0: the last does not return"},
		{"the last word", Program{{Code: opLoad, K: 60}, allow}, ""},
		{"beyond the data", Program{{Code: opLoad, K: 64}, allow}, "instruction 0: load from offset 64 of 64"},
		{"between words", Program{{Code: opLoad, K: 2}, allow}, "load from offset 2"},
		{"a half word", Program{{Code: 0x28, K: 0}, allow}, "code 0x28 is not allowed"},
		{"a packet's header length", Program{{Code: 0xb1, K: 0}, allow}, "code 0xb1 is not allowed"},
		{"an indirect load", Program{{Code: 0x40, K: 0}, allow}, "code 0x40 is not allowed"},
		{"the length into X", Program{{Code: opLoadXLen}, allow}, ""},
		{"a remainder", Program{{Code: 0x94, K: 3}, allow}, "code 0x94 is not allowed"},
		{"a division by zero", Program{{Code: classALU | aluDIV, K: 0}, allow}, "division by zero"},
		{"a division by X", Program{{Code: classALU | aluDIV | sourceX, K: 0}, allow}, ""},
		{"a shift by 32", Program{{Code: classALU | aluLSH, K: 32}, allow}, "shift by 32 bits"},
		{"a shift by X, K unused", Program{{Code: classALU | aluLSH | sourceX, K: 32}, allow}, ""},
		{"a negation by X", Program{{Code: opNeg | sourceX}, allow}, "code 0x8c is not allowed"},
		{"a jump to the end", Program{{Code: opJump, K: 1}, allow, allow}, ""},
		{"a jump beyond it", Program{{Code: opJump, K: 2}, allow, allow}, "instruction 0: jump beyond the end"},
		{"a jump far beyond it", Program{{Code: opJump, K: 0xffffffff}, allow, allow}, "jump beyond the end"},
		{"a conditional jump to the end", Program{jump(jumpJEQ, 1, 1, 0), allow, allow}, ""},
		{"a conditional jump beyond it", Program{jump(jumpJEQ, 1, 0, 2), allow, allow}, "jump beyond the end"},
		{"a jump of no kind", Program{jump(0x50, 1, 0, 0), allow, allow}, "code 0x55 is not allowed"},
		{"memory stored", Program{store(15), loadMemory(15), allow}, ""},
		{"memory beyond", Program{store(16), allow}, "memory word 16 of 16"},
		{"memory not stored", Program{loadMemory(1), allow}, "memory word 1 may not have been stored"},
		{"memory stored on one way", Program{jump(jumpJEQ, 1, 1, 0), store(2), loadMemory(2), allow}, "instruction 2: memory word 2"},
		{"memory stored on both ways", Program{jump(jumpJEQ, 1, 2, 0), store(2), {Code: opJump, K: 1}, {Code: opStoreX, K: 2}, loadMemory(2), allow}, ""},
		{"memory behind a return, where nothing leads", Program{jump(jumpJEQ, 1, 1, 0), allow, store(0), loadMemory(0), allow}, ""},
		{"memory that only a return is before", Program{store(0), jump(jumpJEQ, 1, 1, 0), allow, loadMemory(0), allow}, ""},
		{"a code above a byte", Program{{Code: 0x106}, allow}, "code 0x106 is not allowed"},
	} {
		err := c.p.Check()
		switch {
		case err == nil && c.want != "":
			t.Errorf("%s passes, want %q", c.name, c.want)
		case err != nil && (c.want == "" || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestDecode(t *testing.T) {
	raw := []byte{0x15, 0x00, 0x03, 0x04, 0x3e, 0x00, 0x00, 0xc0}
	p, err := Decode(raw)
	if err != nil || len(p) != 1 || p[0] != (Instruction{0x15, 3, 4, 0xc000003e}) {
		t.Fatal(p, err)
	}
	if !bytes.Equal(p.Bytes(), raw) {
		t.Errorf("%x", p.Bytes())
	}
	if want := "71b7b8f0c12799a8e0c29161c7cc4106b31fe5edeee51a740377c36f2b0b9810"; p.Hash() != want {
		t.Errorf("%s, sha256sum says %s", p.Hash(), want)
	}
	for size, want := range map[int]string{0: "0 instructions", 7: "7 bytes", 8 * 4097: "4097 instructions"} {
		if _, err := Decode(make([]byte, size)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

// Whatever bytes there are, they are refused or they are a program that is run, decided and put into words, and the
// decision is what running it gives.
func FuzzProgram(f *testing.F) {
	for _, name := range []string{"docker", "podman", "ops"} {
		f.Add(real(f, name).Bytes(), uint32(56), uint64(1))
	}
	g := newGenerator(99)
	for range 20 {
		f.Add(g.program().Bytes(), g.number(), g.Uint64())
	}
	f.Fuzz(func(t *testing.T, raw []byte, nr uint32, seed uint64) {
		p, err := Decode(raw)
		if err != nil {
			return
		}
		if !bytes.Equal(p.Bytes(), raw) {
			t.Fatal("other bytes")
		}
		for _, line := range p.Disassemble() {
			if line.Text == "" || strings.Contains(line.Text, "%!") {
				t.Fatalf("%+v", line)
			}
		}
		if p.Check() != nil {
			return
		}
		decision := p.Decide(X86_64, nr)
		g := newGenerator(seed)
		for range 20 {
			data := g.data()
			data.Nr, data.Arch = nr, X86_64.Audit()
			if decision.Unknown != "" {
				p.Eval(&data)
				continue
			}
			agree(t, Stack{p}, decision, data)
		}
		if len(decision.Paths) < 50 {
			_ = decision.Conditions(X86_64, nr).String()
		}
	})
}
