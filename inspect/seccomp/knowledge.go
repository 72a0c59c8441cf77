package seccomp

// knowledge is what is sure before an instruction, on every way to it.
type knowledge struct {
	reached bool
	a       holds
	audits  uint8  // which architectures it may be: a bit for each of audits, the highest for all others
	nr      uint32 // the system call's number, where oneNr
	oneNr   bool
}

// holds is what A holds: a word of the data, perhaps masked, or something else.
type holds int8

const (
	holdsNr   = holds(WordNr)
	holdsArch = holds(WordArch)
	holdsElse = holds(Words)
)

// audits is the AUDIT_ARCH_* numbers that are told apart.
var audits = [...]Arch{X86_64, I386, AArch64, ARM}

const anyAudit = 1<<(len(audits)+1) - 1

func auditBit(number uint32) uint8 {
	for i, arch := range audits {
		if arch.Audit() == number {
			return 1 << i
		}
	}
	return 0
}

// merge is what two ways have in common.
func (k *knowledge) merge(other knowledge) {
	switch {
	case other.audits == 0:
		return // that way is none
	case !k.reached:
		*k = other
		return
	}
	if k.a != other.a {
		k.a = holdsElse
	}
	k.audits |= other.audits
	k.oneNr = k.oneNr && other.oneNr && k.nr == other.nr
}

// knowledge goes through the program once: jumps go forward only.
func (p Program) knowledge() []knowledge {
	before := make([]knowledge, len(p)+1)
	before[0] = knowledge{reached: true, a: holdsElse, audits: anyAudit}
	to := func(at int, k knowledge) {
		if at < len(before) {
			before[at].merge(k)
		}
	}
	for at, in := range p {
		now := before[at]
		if !now.reached {
			continue
		}
		switch in.class() {
		case classRET:
		case classJMP:
			if in.operation() == jumpJA {
				to(at+1+int(min(in.K, MaxInstructions)), now)
				continue
			}
			yes, no := now.after(in)
			to(at+1+int(in.JT), yes)
			to(at+1+int(in.JF), no)
		default:
			now.move(in)
			to(at+1, now)
		}
	}
	return before
}

func (k *knowledge) move(in Instruction) {
	switch in.Code {
	case opLoad:
		k.a = holds(min(in.K/4, uint32(holdsElse)))
	case opLoadLen, opLoadImm, opLoadMem, opTXA:
		k.a = holdsElse
	}
	if in.class() == classALU && (in.usesX() || in.operation() != aluAND || k.a == holdsNr || k.a == holdsArch) {
		k.a = holdsElse
	}
}

// after is what a comparison tells about the ways from it.
func (k knowledge) after(in Instruction) (yes, no knowledge) {
	yes, no = k, k
	if in.Code != classJMP|jumpJEQ {
		return yes, no
	}
	switch k.a {
	case holdsArch:
		bit := auditBit(in.K)
		if bit == 0 {
			bit = 1 << len(audits)
		} else {
			no.audits &^= bit
		}
		yes.audits &= bit
	case holdsNr:
		yes.nr, yes.oneNr = in.K, true
	}
	return yes, no
}

// arch is the ABI of a number where one architecture is left.
func (k *knowledge) arch(nr uint32) (Arch, bool) {
	for i, arch := range audits {
		if k.audits == 1<<i {
			return ArchOf(arch.Audit(), nr)
		}
	}
	return 0, false
}

// argument is the argument of which A holds the lower half, where its system call is known.
func (k *knowledge) argument() (argument, bool) {
	if k.a < holds(WordArgs) || k.a >= holdsElse || Word(k.a).high() || !k.oneNr {
		return argument{}, false
	}
	arch, ok := k.arch(k.nr)
	return arch.argument(k.nr, Word(k.a).field()), ok
}
