package seccomp

import "fmt"

// Check tells why the kernel would not attach the program, nil where it would: net/core/filter.c, bpf_check_classic and
// check_load_and_stores, and kernel/seccomp.c, seccomp_check_filter. The first instruction that is wrong is named.
func (p Program) Check() error {
	if len(p) == 0 || len(p) > MaxInstructions {
		return fmt.Errorf("filter: %d instructions, a filter has 1 to %d", len(p), MaxInstructions)
	}
	for at, in := range p {
		if err := in.check(len(p) - at - 1); err != nil {
			return fmt.Errorf("filter: instruction %d: %w", at, err)
		}
	}
	if last := p[len(p)-1]; last.Code != opReturn && last.Code != opReturnA {
		return fmt.Errorf("filter: instruction %d: the last does not return", len(p)-1)
	}
	return p.checkMemory()
}

// check is Check for one instruction that rest others follow.
func (in Instruction) check(rest int) error {
	if !in.allowed() {
		return fmt.Errorf("code 0x%02x is not allowed in a seccomp filter", in.Code)
	}
	switch {
	case in.Code == classALU|aluDIV && in.K == 0:
		return fmt.Errorf("division by zero")
	case (in.Code == classALU|aluLSH || in.Code == classALU|aluRSH) && in.K > maskOfShifts:
		return fmt.Errorf("shift by %d bits", in.K)
	case in.usesMemory() && in.K >= memoryWords:
		return fmt.Errorf("memory word %d of %d", in.K, memoryWords)
	case in.Code == opLoad && (in.K >= dataSize || in.K%4 != 0):
		return fmt.Errorf("load from offset %d of %d", in.K, dataSize)
	case in.Code == opJump && uint64(in.K) >= uint64(rest),
		in.conditional() && (int(in.JT) >= rest || int(in.JF) >= rest):
		return fmt.Errorf("jump beyond the end")
	}
	return nil
}

func (in Instruction) usesMemory() bool {
	switch in.Code {
	case opLoadMem, opLoadXMem, opStore, opStoreX:
		return true
	}
	return false
}

// checkMemory tells a load of a memory word that not every way to it has stored, in the kernel's own approximation: what
// a return leaves counts for the instruction behind it.
func (p Program) checkMemory() error {
	masks := make([]uint16, len(p))
	for i := range masks {
		masks[i] = 0xffff
	}
	valid := uint16(0)
	for at, in := range p {
		valid &= masks[at]
		switch {
		case in.Code == opStore || in.Code == opStoreX:
			valid |= 1 << in.K
		case in.Code == opLoadMem || in.Code == opLoadXMem:
			if valid&(1<<in.K) == 0 {
				return fmt.Errorf("filter: instruction %d: memory word %d may not have been stored", at, in.K)
			}
		case in.Code == opJump:
			masks[at+1+int(in.K)] &= valid
			valid = 0xffff
		case in.conditional():
			masks[at+1+int(in.JT)] &= valid
			masks[at+1+int(in.JF)] &= valid
			valid = 0xffff
		}
	}
	return nil
}
