package profile

import (
	"fmt"

	"capview/inspect/seccomp"
)

// Runtime is what of a runtime changes the meaning of a profile.
type Runtime struct {
	// Crun: no stub, and of a rule's conditions only the first six. Else runc, whose filters begin with a stub that
	// answers ENOSYS for numbers above the highest that the profile names, lest programs take EPERM for an answer
	// (libcontainer/seccomp/patchbpf, since 1.0.0-rc93).
	Crun    bool
	Library Library
}

// Filter is what a runtime makes of a profile: the model of its seccomp filter.
type Filter struct {
	fallback seccomp.Decision
	arches   [seccomp.Arches]*abi // nil: not handled
}

// abi is one architecture's part of a filter.
type abi struct {
	last  uint32 // the stub answers above it; 0: no stub
	calls map[uint32]seccomp.Decision
}

// Filter models the filter that a runtime on a host of the native architecture makes of the profile.
func (o *OCI) Filter(native seccomp.Arch, by Runtime) (*Filter, error) {
	handled, err := o.handled(native)
	if err != nil {
		return nil, err
	}
	fallback := action(o.DefaultAction, o.DefaultErrnoRet)
	f := &Filter{fallback: always(fallback)}
	for arch := range seccomp.Arches {
		if !handled[arch] {
			continue
		}
		f.arches[arch] = &abi{calls: map[uint32]seccomp.Decision{}}
		for nr, rules := range o.rules(arch, by, fallback) {
			f.arches[arch].calls[nr] = decide(rules, arch, nr, fallback)
		}
		if !by.Crun && !permissive(fallback) {
			f.arches[arch].last = o.last(arch, by.Library)
		}
	}
	return f, nil
}

// handled is the architectures that the filter knows. Others of the specification are passed over: they are not this
// machine's.
func (o *OCI) handled(native seccomp.Arch) (handled [seccomp.Arches]bool, err error) {
	handled[native] = true // seccomp_init begins with it
	for _, word := range o.Architectures {
		arch, ok := archWords[word]
		if ok {
			handled[arch] = true
		} else if !knownArch(word) {
			return handled, fmt.Errorf("unknown architecture %s", quote(word))
		}
	}
	return handled, nil
}

// permissive is the default actions that runc adds no stub to (patchbpf, isAllowAction).
func permissive(a seccomp.Action) bool {
	return a.Kind() == seccomp.Allow || a.Kind() == seccomp.Log || a.Kind() == seccomp.Trace
}

// last is the highest number that a rule names, whatever its action, as runc's stub counts (patchbpf, findLastSyscalls).
func (o *OCI) last(arch seccomp.Arch, library Library) (last uint32) {
	for _, rule := range o.Syscalls {
		for _, name := range rule.Names {
			if _, behind := multiplexed[name]; behind && arch == seccomp.I386 {
				continue // libseccomp has a number of its own for it, below 0
			}
			if nr, ok := library.number(arch, name); ok {
				last = max(last, nr)
			}
		}
	}
	return last
}

// Decide is what the filter does with a system call. An architecture that it does not handle has its threads killed:
// libseccomp's action for it, which runtimes leave as it is.
func (f *Filter) Decide(arch seccomp.Arch, nr uint32) seccomp.Decision {
	part := f.arches[arch]
	if part == nil {
		return always(seccomp.KillThread)
	}
	if part.last != 0 && nr > part.last {
		return always(seccomp.Errno | enosys)
	}
	if d, ok := part.calls[nr]; ok {
		return d
	}
	return f.fallback
}

// Handles tells whether the profile has the filter handle an architecture.
func (f *Filter) Handles(arch seccomp.Arch) bool { return f.arches[arch] != nil }

const enosys = 38

// always is the decision whose action does not depend on arguments.
func always(a seccomp.Action) seccomp.Decision {
	return seccomp.Decision{Paths: []seccomp.Path{{Action: a}}}
}
