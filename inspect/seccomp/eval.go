package seccomp

// Eval runs the program on a system call and gives the value it returns. The program has passed Check.
func (p Program) Eval(data *Data) Action {
	var a, x uint32
	var memory [memoryWords]uint32
	for at := 0; at < len(p); at++ {
		in := p[at]
		operand := in.K
		if in.usesX() {
			operand = x
		}
		switch in.class() {
		case classALU:
			var defined bool
			if a, defined = calculate(in.operation(), a, operand); !defined {
				return 0 // the kernel ends the program
			}
			continue
		case classJMP:
			at += in.skip(a, operand)
			continue
		}
		switch in.Code {
		case opLoad:
			a = data.word(Word(in.K / 4))
		case opLoadLen:
			a = dataSize
		case opLoadImm:
			a = in.K
		case opLoadMem:
			a = memory[in.K]
		case opLoadXLen:
			x = dataSize
		case opLoadXImm:
			x = in.K
		case opLoadXMem:
			x = memory[in.K]
		case opStore:
			memory[in.K] = a
		case opStoreX:
			memory[in.K] = x
		case opTAX:
			x = a
		case opTXA:
			a = x
		case opReturn:
			return Action(in.K)
		case opReturnA:
			return Action(a)
		}
	}
	return KillProcess // not reached by a program that Check passes
}

// calculate is one arithmetic operation on 32-bit numbers; a division by zero has no result.
func calculate(operation uint16, a, b uint32) (uint32, bool) {
	switch operation {
	case aluADD:
		return a + b, true
	case aluSUB:
		return a - b, true
	case aluMUL:
		return a * b, true
	case aluDIV:
		if b == 0 {
			return 0, false
		}
		return a / b, true
	case aluOR:
		return a | b, true
	case aluAND:
		return a & b, true
	case aluLSH:
		return a << (b & maskOfShifts), true
	case aluRSH:
		return a >> (b & maskOfShifts), true
	case aluXOR:
		return a ^ b, true
	default: // aluNEG
		return -a, true
	}
}

// skip is how many instructions a jump passes over.
func (in Instruction) skip(a, operand uint32) int {
	if in.operation() == jumpJA {
		return int(in.K)
	}
	if in.holds(a, operand) {
		return int(in.JT)
	}
	return int(in.JF)
}

// holds is what a conditional jump tests.
func (in Instruction) holds(a, operand uint32) bool {
	switch in.operation() {
	case jumpJEQ:
		return a == operand
	case jumpJGT:
		return a > operand
	case jumpJGE:
		return a >= operand
	default: // jumpJSET
		return a&operand != 0
	}
}

// word is one 32-bit word of the data, as a filter loads it.
func (d *Data) word(w Word) uint32 {
	switch {
	case w == WordNr:
		return d.Nr
	case w == WordArch:
		return d.Arch
	case w < WordArgs:
		return uint32(d.IP >> (32 * (w - WordIP)))
	}
	return uint32(d.Args[(w-WordArgs)/2] >> (32 * (w % 2)))
}

// setWord is word's reverse.
func (d *Data) setWord(w Word, value uint32) {
	set := func(to *uint64, half Word) {
		shift := 32 * half
		*to = *to&^(0xffffffff<<shift) | uint64(value)<<shift
	}
	switch {
	case w == WordNr:
		d.Nr = value
	case w == WordArch:
		d.Arch = value
	case w < WordArgs:
		set(&d.IP, w-WordIP)
	default:
		set(&d.Args[(w-WordArgs)/2], w%2)
	}
}

// Eval runs every filter and gives the value that takes precedence (kernel/seccomp.c, seccomp_run_filters). A stack of
// none allows.
func (s Stack) Eval(data *Data) Action {
	result := Allow
	for _, program := range s {
		result = result.over(program.Eval(data))
	}
	return result
}
