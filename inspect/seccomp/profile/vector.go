package profile

import (
	"slices"

	"capview/inspect/seccomp"
)

// Naming compares a stack of filters with dozens of profiles, each as several runtimes and generations of libseccomp
// make filters of it. What differs between those is little: whether a name is known, and where the stub begins. So what a
// profile's rule does with a system call is compared once, and the rest is counting.

// outcome is a decision, with its action where that is constant.
type outcome struct {
	decision seccomp.Decision
	action   seccomp.Action
	constant bool
}

func outcomeOf(d seccomp.Decision) outcome {
	a, constant := d.Constant()
	return outcome{d, a, constant}
}

// same tells whether two do the same for all arguments. What cannot be told is not.
func (o *outcome) same(other *outcome) bool {
	if o.constant && other.constant {
		return o.action == other.action
	}
	same, known := seccomp.Same(o.decision, other.decision)
	return same && known
}

// calls is the named system calls of a machine's architectures, the native one's first.
type calls struct {
	of []call
	// names is how many there are, each counted once for all architectures.
	names int
}

type call struct {
	arch seccomp.Arch
	nr   uint32
	name int // its place among the names
	// since is the generation of libseccomp that first knows it.
	since Library
}

func callsOf(native seccomp.Arch) *calls {
	c := new(calls)
	places := map[string]int{}
	for _, arch := range Family(native) {
		first := map[uint32]Library{}
		for _, k := range known[arch]() {
			first[k.nr] = k.since
		}
		for _, nr := range arch.Numbers() {
			name := arch.Name(nr)
			place, ok := places[name]
			if !ok {
				place = len(places)
				places[name] = place
			}
			generation, ok := first[nr]
			if !ok {
				generation = libraries // known to none
			}
			c.of = append(c.of, call{arch, nr, place, generation})
		}
	}
	c.names = len(places)
	return c
}

// outcomes is what filters do with every call.
func (c *calls) outcomes(stack seccomp.Stack) []outcome {
	all := make([]outcome, 0, len(c.of))
	var policy *seccomp.Policy
	for _, call := range c.of {
		if policy == nil || policy.Arch != call.arch {
			policy = stack.Policy(call.arch)
		}
		all = append(all, outcomeOf(policy.Syscall(call.nr)))
	}
	return all
}

// vector is what a profile does with every call, under either runtime and each generation of libseccomp.
type vector struct {
	oci      *OCI
	native   seccomp.Arch
	crun     bool
	rules    []outcome // where the name is known
	fallback outcome   // where it is not
	handled  [seccomp.Arches]bool
	last     [seccomp.Arches][libraries]uint32 // the stub answers above it; 0: no stub
}

func vectorOf(c *calls, oci *OCI, native seccomp.Arch, crun bool) (*vector, error) {
	v := &vector{oci: oci, native: native, crun: crun}
	filter, err := oci.Filter(native, Runtime{Crun: crun, Library: Newest})
	if err != nil {
		return nil, err
	}
	v.fallback = outcomeOf(filter.fallback)
	for _, arch := range Family(native) {
		if part := filter.arches[arch]; part != nil {
			v.handled[arch] = true
			part.last = 0 // counted by generation
		}
	}
	v.setStub()
	v.rules = make([]outcome, len(c.of))
	for i, call := range c.of {
		v.rules[i] = outcomeOf(filter.Decide(call.arch, call.nr))
	}
	return v, nil
}

// setStub works out where runc's stub begins.
func (v *vector) setStub() {
	for arch := range seccomp.Arches {
		if v.handled[arch] && !v.crun && !permissive(action(v.oci.DefaultAction, v.oci.DefaultErrnoRet)) {
			v.last[arch] = v.oci.last(arch)
		}
	}
}

// byRunc is what runc makes of the profile, where that differs from crun's filter in the stub alone.
func (v *vector) byRunc() *vector {
	if slices.ContainsFunc(v.oci.Syscalls, func(r Rule) bool { return len(r.Args) > crunConditions }) {
		return nil
	}
	runc := *v
	runc.crun = false
	runc.setStub()
	return &runc
}

var noSuchCall = outcomeOf(always(seccomp.Errno | enosys))

// nearest finds the generation of libseccomp with which the profile comes nearest to what filters do, and the number of
// names that then differ. It gives up where more than most do.
func (v *vector) nearest(c *calls, ours []outcome, most int) (best Library, differ int, ok bool) {
	n := len(c.of)
	sameRule, sameFallback, sameNone := make([]bool, n), make([]bool, n), make([]bool, n)
	differ = most + 1
	names := make([]bool, c.names)
	count := 0
	for i := range c.of {
		sameRule[i] = ours[i].same(&v.rules[i])
		sameFallback[i] = ours[i].same(&v.fallback)
		sameNone[i] = ours[i].same(&noSuchCall)
		if !sameRule[i] && !sameFallback[i] && !sameNone[i] && !names[c.of[i].name] {
			names[c.of[i].name] = true
			if count++; count > most {
				return 0, count, false
			}
		}
	}
	for l := libraries; l > 0; l-- {
		if n := v.count(c, l-1, sameRule, sameFallback, sameNone, names, differ); n < differ {
			best, differ = l-1, n
		}
	}
	return best, differ, differ <= most
}

// count is how many names differ with one generation of libseccomp; it stops at enough.
func (v *vector) count(c *calls, l Library, sameRule, sameFallback, sameNone, names []bool, enough int) (differ int) {
	clear(names)
	for i := range c.of {
		call := &c.of[i]
		last := v.last[call.arch][l]
		same := sameRule[i]
		switch {
		case !v.handled[call.arch]:
		case last != 0 && call.nr > last:
			same = sameNone[i]
		case call.since > l:
			same = sameFallback[i]
		}
		if !same && !names[call.name] {
			names[call.name] = true
			if differ++; differ >= enough {
				break
			}
		}
	}
	return differ
}
