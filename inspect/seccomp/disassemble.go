package seccomp

import (
	"fmt"
	"math"
)

// Line is one instruction in words.
type Line struct {
	Number      int
	Instruction Instruction
	Text        string // "if (A == clone) goto 0012"
}

// LineHeader is the heads of the columns of Line.String.
const LineHeader = " line  CODE  JT   JF      K"

// String is the line as seccomp-tools writes it: " 0004: 0x15 0x04 0x00 0x00000038  if (A == clone) goto 0009".
func (l Line) String() string {
	in := l.Instruction
	return fmt.Sprintf(" %04d: 0x%02x 0x%02x 0x%02x 0x%08x  %s", l.Number, in.Code, in.JT, in.JF, in.K, l.Text)
}

// Disassemble puts every instruction into words. Numbers have names where the ways to the instruction leave one meaning:
// a system call's where one architecture is left, an argument's where also one system call is. The program has passed
// Check; one that has not is still put into words, with what is out of place as numbers.
func (p Program) Disassemble() []Line {
	lines := make([]Line, len(p))
	known := p.knowledge()
	for at, in := range p {
		lines[at] = Line{at, in, p.text(at, &known[at])}
	}
	return lines
}

func (p Program) text(at int, k *knowledge) string {
	in := p[at]
	switch in.class() {
	case classALU:
		return k.arithmetic(in)
	case classJMP:
		return k.jump(at, in)
	}
	switch in.Code {
	case opLoad:
		return "A = " + offsetText(in.K)
	case opLoadLen:
		return "A = sizeof(seccomp_data)"
	case opLoadImm:
		return "A = " + hexadecimal(uint64(in.K))
	case opLoadMem:
		return fmt.Sprintf("A = mem[%d]", in.K)
	case opLoadXLen:
		return "X = sizeof(seccomp_data)"
	case opLoadXImm:
		return "X = " + hexadecimal(uint64(in.K))
	case opLoadXMem:
		return fmt.Sprintf("X = mem[%d]", in.K)
	case opStore:
		return fmt.Sprintf("mem[%d] = A", in.K)
	case opStoreX:
		return fmt.Sprintf("mem[%d] = X", in.K)
	case opReturn:
		return "return " + Action(in.K).String()
	case opReturnA:
		return "return A"
	case opTAX:
		return "X = A"
	case opTXA:
		return "A = X"
	}
	return "invalid"
}

// offsetText is what stands at an offset of the data.
func offsetText(offset uint32) string {
	if offset >= dataSize || offset%4 != 0 {
		return fmt.Sprintf("data[%d]", offset)
	}
	w := Word(offset / 4)
	switch w {
	case WordNr:
		return "sys_number"
	case WordArch:
		return "arch"
	}
	name := "instruction_pointer"
	if w >= WordArgs {
		name = fmt.Sprintf("args[%d]", (w-WordArgs)/2)
	}
	if w.high() {
		name += " >> 32"
	}
	return name
}

var arithmeticText = map[uint16]string{aluADD: "+", aluSUB: "-", aluMUL: "*", aluDIV: "/", aluOR: "|", aluAND: "&",
	aluLSH: "<<", aluRSH: ">>", aluXOR: "^"}

func (k *knowledge) arithmetic(in Instruction) string {
	operator := arithmeticText[in.operation()]
	switch {
	case in.Code == opNeg:
		return "A = -A"
	case operator == "":
		return "invalid"
	case in.usesX():
		return fmt.Sprintf("A %s= X", operator)
	case in.operation() == aluLSH || in.operation() == aluRSH:
		return fmt.Sprintf("A %s= %d", operator, in.K)
	case in.operation() == aluAND:
		return fmt.Sprintf("A %s= %s", operator, k.mask(in.K))
	}
	return fmt.Sprintf("A %s= %s", operator, hexadecimal(uint64(in.K)))
}

// comparisonText is a comparison and its opposite.
var comparisonText = map[uint16][2]string{jumpJEQ: {"A == %s", "A != %s"}, jumpJGT: {"A > %s", "A <= %s"},
	jumpJGE: {"A >= %s", "A < %s"}, jumpJSET: {"A & %s", "!(A & %s)"}}

func (k *knowledge) jump(at int, in Instruction) string {
	if in.Code == opJump {
		return fmt.Sprintf("goto %04d", uint64(at)+1+uint64(in.K))
	}
	text, ok := comparisonText[in.operation()]
	if !ok {
		return "invalid"
	}
	operand := "X"
	if !in.usesX() {
		operand = k.operand(in)
	}
	yes, no := at+1+int(in.JT), at+1+int(in.JF)
	switch {
	case in.JF == 0:
		return fmt.Sprintf("if ("+text[0]+") goto %04d", operand, yes)
	case in.JT == 0:
		return fmt.Sprintf("if ("+text[1]+") goto %04d", operand, no)
	}
	return fmt.Sprintf("if ("+text[0]+") goto %04d else goto %04d", operand, yes, no)
}

// operand is the number that a comparison has in it.
func (k *knowledge) operand(in Instruction) string {
	switch {
	case in.operation() == jumpJSET:
		return k.mask(in.K)
	case k.a == holdsArch && in.operation() == jumpJEQ:
		if name := auditNames[in.K]; name != "" {
			return name
		}
	case k.a == holdsNr && in.operation() == jumpJEQ:
		if arch, ok := k.arch(in.K); ok && arch.Name(in.K) != "" {
			return arch.Name(in.K)
		}
	default:
		if arg, ok := k.argument(); ok {
			return bracketed(arg.number(uint64(in.K)))
		}
	}
	return hexadecimal(uint64(in.K))
}

// mask is a number that masks A.
func (k *knowledge) mask(bits uint32) string {
	if arg, ok := k.argument(); ok && bits != math.MaxUint32 {
		return bracketed(arg.flags(uint64(bits)))
	}
	return hexadecimal(uint64(bits))
}

// auditNames is the architectures by AUDIT_ARCH_* number; X32 shares one.
var auditNames = map[uint32]string{X86_64.Audit(): "ARCH_X86_64", I386.Audit(): "ARCH_I386",
	AArch64.Audit(): "ARCH_AARCH64", ARM.Audit(): "ARCH_ARM"}
