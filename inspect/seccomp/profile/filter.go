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
	fallback  seccomp.Decision
	arches    [seccomp.Arches]*abi // nil: not handled
	constants map[seccomp.Action]seccomp.Decision
}

// abi is one architecture's part of a filter.
type abi struct {
	last   uint32 // the stub answers above it; 0: no stub
	fixed  map[uint32]seccomp.Action
	others map[uint32]seccomp.Decision // whose arguments matter
}

// Filter models the filter that a runtime on a host of the native architecture makes of the profile.
func (o *OCI) Filter(native seccomp.Arch, by Runtime) (*Filter, error) {
	handled, err := o.handled(native)
	if err != nil {
		return nil, err
	}
	fallback := action(o.DefaultAction, o.DefaultErrnoRet)
	f := &Filter{fallback: always(fallback), constants: map[seccomp.Action]seccomp.Decision{}}
	for arch := range seccomp.Arches {
		if !handled[arch] {
			continue
		}
		rules := o.rules(arch, by, fallback)
		part := &abi{fixed: rules.fixed, others: make(map[uint32]seccomp.Decision, len(rules.others))}
		for _, a := range part.fixed {
			if _, ok := f.constants[a]; !ok {
				f.constants[a] = always(a)
			}
		}
		for nr, r := range rules.others {
			if _, fixed := part.fixed[nr]; !fixed {
				part.others[nr] = decide(r, arch, nr, fallback)
			}
		}
		if !by.Crun && !permissive(fallback) {
			part.last = o.last(arch)[by.Library]
		}
		f.arches[arch] = part
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

// last is the highest number that a rule names, whatever its action, as runc's stub counts with each generation of
// libseccomp (patchbpf, findLastSyscalls).
func (o *OCI) last(arch seccomp.Arch) (last [libraries]uint32) {
	known := known[arch]()
	for _, rule := range o.Syscalls {
		for _, name := range rule.Names {
			if _, behind := multiplexed[name]; behind && arch == seccomp.I386 {
				continue // libseccomp has a number of its own for it, below 0
			}
			if k, ok := known[name]; ok {
				last[k.since] = max(last[k.since], k.nr)
			}
		}
	}
	for l := range libraries - 1 {
		last[l+1] = max(last[l+1], last[l])
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
	if a, ok := part.fixed[nr]; ok {
		return f.constants[a]
	}
	if d, ok := part.others[nr]; ok {
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
