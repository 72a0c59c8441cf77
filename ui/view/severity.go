package view

import (
	"capview/inspect"
	"capview/inspect/caps"
)

// nearlyAll is how few capabilities a set may lack and still be treated as all of them.
const nearlyAll = 4

// setRole is how grave it is to hold s: nothing is muted; what counts only in a user namespace other than the host's is
// worth a look; all, or all but a few, is power over the host.
func setRole(s, full caps.Set, at place) Role {
	switch {
	case s == 0:
		return Muted
	case at.known && !at.host:
		return Notice
	case (full &^ s).Count() <= nearlyAll:
		return Bad
	}
	switch beyond := s &^ defaultsUnion(); {
	case danger(beyond) >= 3:
		return Warn
	case danger(s) <= 1:
		return Plain
	}
	return Notice
}

// powerRole is setRole for a process's whole standing.
func effectiveRole(r Row) Role {
	s, ok := r.creds().Caps.Get()
	if !ok {
		return Gone
	}
	if r.P.KernelThread {
		return Muted // the kernel itself: nothing to take away
	}
	return setRole(s.Effective, fullSet(r.Ix), placeOf(r.Ix, r.P))
}

// danger is the greatest danger of any capability in s, 0 to 3.
func danger(s caps.Set) (d int) {
	s.Each(func(c caps.Cap) { d = max(d, capDanger(c)) })
	return d
}

// runtimeOf is the runtime of the container p is in; "" on the host.
func runtimeOf(ix *inspect.Index, p *inspect.Process) string {
	if c := ix.Container(p.Container); c != nil {
		return c.Runtime
	}
	return ""
}
