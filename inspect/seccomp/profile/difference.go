package profile

import "capview/inspect/seccomp"

// Decider is what decides system calls: a stack of filters (seccomp.Stack), the model of one (Filter).
type Decider interface {
	Decide(arch seccomp.Arch, nr uint32) seccomp.Decision
}

// Difference is a system call that two deciders do not decide alike, with arguments that show it.
type Difference struct {
	Arch         seccomp.Arch
	Nr           uint32 // as filters see it
	Name         string
	Ours, Theirs seccomp.Decision
	// Example is a call that they answer otherwise, and OurAnswer and TheirAnswer are how.
	Example                seccomp.Data
	OurAnswer, TheirAnswer seccomp.Action
	// Unknown is why it could not be found out whether they differ, "" where they do. There is no example then.
	Unknown string
}

// Compare finds every named system call of an architecture that two deciders differ on, or may.
func Compare(ours, theirs Decider, arch seccomp.Arch) []Difference {
	var all []Difference
	for _, nr := range arch.Numbers() {
		if d, differ := compareOne(arch, nr, ours.Decide(arch, nr), theirs.Decide(arch, nr)); differ {
			all = append(all, d)
		}
	}
	return all
}

func compareOne(arch seccomp.Arch, nr uint32, ours, theirs seccomp.Decision) (Difference, bool) {
	example, differ, known := seccomp.Difference(ours, theirs)
	if known && !differ {
		return Difference{}, false
	}
	d := Difference{Arch: arch, Nr: nr, Name: arch.Name(nr), Ours: ours, Theirs: theirs}
	if !known {
		d.Unknown = "the two could not be compared"
		for _, side := range []seccomp.Decision{theirs, ours} {
			if side.Unknown != "" {
				d.Unknown = side.Unknown
			}
		}
		return d, true
	}
	example.Nr, example.Arch = nr, arch.Audit()
	d.Example = example
	d.OurAnswer, _ = ours.At(&example)
	d.TheirAnswer, _ = theirs.At(&example)
	return d, true
}

// Family is the architectures whose system calls a machine takes: the native one first.
func Family(native seccomp.Arch) []seccomp.Arch {
	switch native {
	case seccomp.X86_64, seccomp.X32:
		return []seccomp.Arch{seccomp.X86_64, seccomp.I386, seccomp.X32}
	case seccomp.AArch64:
		return []seccomp.Arch{seccomp.AArch64, seccomp.ARM}
	}
	return []seccomp.Arch{native}
}
