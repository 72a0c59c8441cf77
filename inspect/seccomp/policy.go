package seccomp

import "slices"

// Policy is what filters do with every system call of one architecture.
type Policy struct {
	Arch     Arch
	Default  Decision  // for the numbers that no system call has, beyond all that the filters name
	Syscalls []Syscall // every one that has a name, by number
	Ranges   []Range   // numbers without a name that are decided otherwise than by Default, ascending
	// Rough is why a number outside Syscalls may be decided otherwise than Default and Ranges say, "" where none is: the
	// filters compute with the number. Syscalls is exact all the same.
	Rough string
}

// Syscall is a system call and what becomes of it.
type Syscall struct {
	Nr       uint32 // as filters see it: x32 calls carry bit 30
	Name     string
	Decision Decision
}

// Range is numbers without a name that are decided alike.
type Range struct {
	From, To uint32 // both belong to it
	Decision Decision
}

// Handled tells whether the filters tell the architecture's system calls apart, or let them all through. One that is not
// handled is refused whole, as libseccomp's filters refuse those they were not made for.
func (p *Policy) Handled() bool {
	allow, _ := p.Default.Constant()
	return allow == Allow && p.Default.Unknown == "" || p.Default.Unknown != "" || len(p.Differing()) > 0 || len(p.Ranges) > 0
}

// Handles is the architectures that the filters handle.
func (s Stack) Handles() []Arch {
	var handled []Arch
	for arch := range Arches {
		if s.Policy(arch).Handled() {
			handled = append(handled, arch)
		}
	}
	return handled
}

// Differing is the system calls that are decided otherwise than by Default, and those where that is unknown.
func (p *Policy) Differing() []Syscall {
	var differing []Syscall
	for _, call := range p.Syscalls {
		if same, known := Same(call.Decision, p.Default); !same || !known {
			differing = append(differing, call)
		}
	}
	return differing
}

// Syscall is the decision for one number.
func (p *Policy) Syscall(nr uint32) Decision {
	at, found := slices.BinarySearchFunc(p.Syscalls, nr, func(call Syscall, nr uint32) int {
		return int(int64(call.Nr) - int64(nr))
	})
	if found {
		return p.Syscalls[at].Decision
	}
	for _, r := range p.Ranges {
		if r.From <= nr && nr <= r.To {
			return r.Decision
		}
	}
	return p.Default
}
