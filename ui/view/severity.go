package view

import (
	"capview/inspect"
	"capview/inspect/caps"
)

// nearlyAll is how few capabilities a set may lack and still be treated as all of them.
const nearlyAll = 4

// The grades of caps.Cap.Danger that have a role.
const (
	dangerShared = 2 // reads or changes what the whole host shares
	dangerHost   = 3 // takes the host over
)

// setRole is how grave it is to hold s at a place: what counts only in a user namespace other than the host's is worth
// a look and no more; all, or all but a few, is power over the host.
func setRole(s, full caps.Set, at place) Role {
	switch {
	case s == 0:
		return Muted
	case at.known && !at.host:
		return Notice
	case (full &^ s).Count() <= nearlyAll:
		return Bad
	}
	switch d := s.Danger(); {
	case d >= dangerHost:
		return Warn
	case d >= dangerShared:
		return Notice
	}
	return Plain
}

// effectiveRole is setRole of what the row's thread has effective.
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

// runtimeOf is the runtime of the container p is in; "" on the host.
func runtimeOf(ix *inspect.Index, p *inspect.Process) string {
	if c := ix.Container(p.Container); c != nil {
		return c.Runtime
	}
	return ""
}
