package seccomp

// The parts of an instruction's code (linux/bpf_common.h).
const (
	classLD   = 0x00
	classLDX  = 0x01
	classST   = 0x02
	classSTX  = 0x03
	classALU  = 0x04
	classJMP  = 0x05
	classRET  = 0x06
	classMISC = 0x07

	modeIMM = 0x00
	modeABS = 0x20
	modeMEM = 0x60
	modeLEN = 0x80

	aluADD = 0x00
	aluSUB = 0x10
	aluMUL = 0x20
	aluDIV = 0x30
	aluOR  = 0x40
	aluAND = 0x50
	aluLSH = 0x60
	aluRSH = 0x70
	aluNEG = 0x80
	aluXOR = 0xa0

	jumpJA   = 0x00
	jumpJEQ  = 0x10
	jumpJGT  = 0x20
	jumpJGE  = 0x30
	jumpJSET = 0x40

	sourceX = 0x08 // the second operand is X, not K
	returnA = 0x10
	miscTXA = 0x80
)

// The whole codes of the instructions that load, store, move and return.
const (
	opLoad       = classLD | modeABS // A = the word at K
	opLoadLen    = classLD | modeLEN // A = sizeof(struct seccomp_data)
	opLoadImm    = classLD | modeIMM
	opLoadMem    = classLD | modeMEM
	opLoadXLen   = classLDX | modeLEN
	opLoadXImm   = classLDX | modeIMM
	opLoadXMem   = classLDX | modeMEM
	opStore      = classST
	opStoreX     = classSTX
	opNeg        = classALU | aluNEG
	opJump       = classJMP | jumpJA
	opReturn     = classRET
	opReturnA    = classRET | returnA
	opTAX        = classMISC
	opTXA        = classMISC | miscTXA
	memoryWords  = 16 // BPF_MEMWORDS
	dataSize     = 64 // sizeof(struct seccomp_data)
	maskOfShifts = 31 // a shift by X uses its low five bits, as BPF_LSH and BPF_RSH of 32 bits do
)

// class is the part of a code that says what kind of instruction it is, operation what it computes or tests.
func (in Instruction) class() uint16     { return in.Code & 0x07 }
func (in Instruction) operation() uint16 { return in.Code & 0xf0 }
func (in Instruction) usesX() bool       { return in.Code&sourceX != 0 }

// allowed tells the codes that the kernel takes in a seccomp filter (kernel/seccomp.c, seccomp_check_filter): all of
// classic BPF's but BPF_MOD and the loads that only make sense for packets.
func (in Instruction) allowed() bool {
	if in.Code > 0xff {
		return false
	}
	switch in.class() {
	case classALU:
		return in.Code == opNeg || in.operation() <= aluRSH || in.operation() == aluXOR
	case classJMP:
		return in.Code == opJump || in.conditional() && in.operation() <= jumpJSET
	}
	switch in.Code {
	case opLoad, opLoadLen, opLoadImm, opLoadMem, opLoadXLen, opLoadXImm, opLoadXMem,
		opStore, opStoreX, opReturn, opReturnA, opTAX, opTXA:
		return true
	}
	return false
}

// conditional tells the jumps that compare.
func (in Instruction) conditional() bool { return in.class() == classJMP && in.operation() != jumpJA }
