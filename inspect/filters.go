package inspect

import (
	"capview/inspect/rules"
	"capview/inspect/seccomp"
)

// Filters is the filters in force on a thread, the newest first; false where their programs are not known. A thread
// without a filter has none, and that is known.
func (ix *Index) Filters(c *Creds) (seccomp.Stack, bool) {
	s, ok := c.Seccomp.Get()
	switch {
	case !ok:
		return nil, false
	case s.Mode == SeccompDisabled:
		return nil, true
	case s.Mode != SeccompFilter:
		return nil, false
	}
	names, ok := s.Stack.Get()
	if !ok {
		return nil, false
	}
	hashes := names.Hashes()
	stack := make(seccomp.Stack, len(hashes))
	for i, hash := range hashes {
		if stack[i] = ix.programs()[hash]; stack[i] == nil {
			return nil, false
		}
	}
	return stack, true
}

// decodePrograms is the snapshot's filters by hash. One that no kernel would attach is hostile, and stays unknown.
func (ix *Index) decodePrograms() map[string]seccomp.Program {
	programs := make(map[string]seccomp.Program, len(ix.SeccompFilters))
	for _, f := range ix.SeccompFilters {
		if p, err := seccomp.Decode(f.Code); err == nil && p.Check() == nil {
			programs[f.Hash] = p
		}
	}
	return programs
}

// abis is what programs of a machine are made for, by its name (utsname machine). A program for another ABI that the
// machine runs too is taken for one of these: nothing tells it apart from outside.
var abis = map[string]seccomp.Arch{
	"x86_64": seccomp.X86_64, "i386": seccomp.I386, "i486": seccomp.I386, "i586": seccomp.I386, "i686": seccomp.I386,
	"aarch64": seccomp.AArch64, "armv6l": seccomp.ARM, "armv7l": seccomp.ARM, "armv8l": seccomp.ARM,
}

// ABI is the system call ABI that the node's programs are made for; false where it is unknown or none that package seccomp
// knows.
func (ix *Index) ABI() (seccomp.Arch, bool) {
	arch, ok := abis[ix.Host.Machine]
	return arch, ok
}

// ruleFilters is a thread's filters as the rules ask for them.
func (ix *Index) ruleFilters(s Seccomp) Opt[rules.Filters] {
	arch, ok := ix.ABI()
	if !ok {
		return Opt[rules.Filters]{}
	}
	if s.Mode == SeccompStrict {
		return Some(rules.Filters{Arch: arch, Strict: true})
	}
	stack, ok := ix.Filters(&Creds{Seccomp: Some(s)})
	if !ok {
		return Opt[rules.Filters]{}
	}
	return Some(rules.Filters{Arch: arch, Stack: stack})
}
