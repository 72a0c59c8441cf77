package profile

import "capview/inspect/seccomp"

// screen tells cheaply that filters are near none of an engine's profiles: by the system calls that all generations of it
// decide alike, whatever the capabilities, the kernel, the runtime and the libseccomp.
type screen struct {
	allowed []int // places among the calls
	refused []int // that no generation has a rule for
	refusal seccomp.Action
}

// oldEnough is a number that every stub leaves to the filter: all generations have rules for newer system calls.
const oldEnough = 424

// screenOf makes an engine's.
func screenOf(c *calls, engine string) *screen {
	s := &screen{}
	allowed, named := map[string]int{}, map[string]bool{}
	generations, refusals := 0, map[seccomp.Action]bool{}
	for _, d := range Defaults() {
		if d.Engine != engine {
			continue
		}
		generations++
		number, _ := errno(d.Profile.DefaultErrno, d.Profile.DefaultErrnoRet)
		s.refusal = action(d.Profile.DefaultAction, number)
		refusals[s.refusal] = true
		for name, alone := range alwaysAllowed(d.Profile) {
			named[name] = true
			if alone {
				allowed[name]++
			}
		}
	}
	for i, call := range c.of {
		name := call.arch.Name(call.nr)
		if call.arch != c.of[0].arch || call.nr >= oldEnough || call.since > Library250 {
			continue
		}
		if allowed[name] == generations {
			s.allowed = append(s.allowed, i)
		} else if !named[name] && len(refusals) == 1 {
			s.refused = append(s.refused, i)
		}
	}
	return s
}

// alwaysAllowed is every name of a profile, and whether its one rule allows it always.
func alwaysAllowed(p *Profile) map[string]bool {
	all := map[string]bool{}
	for i := range p.Syscalls {
		r := &p.Syscalls[i]
		always := r.Action == "SCMP_ACT_ALLOW" && len(r.Args) == 0 && r.Includes.none() && r.Excludes.none()
		for _, name := range r.Names {
			_, again := all[name]
			all[name] = always && !again
		}
	}
	return all
}

func (c *Conditions) none() bool {
	return len(c.Caps) == 0 && len(c.Arches) == 0 && c.MinKernel == Version{}
}

// far tells whether more than most names differ in any case.
func (s *screen) far(ours []outcome, most int) bool {
	differ := 0
	count := func(places []int, a seccomp.Action) {
		for _, i := range places {
			if !ours[i].constant || ours[i].action != a {
				differ++
			}
		}
	}
	count(s.allowed, seccomp.Allow)
	count(s.refused, s.refusal)
	return differ > most
}
