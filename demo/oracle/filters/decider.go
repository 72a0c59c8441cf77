package main

import "capview/inspect/seccomp"

// decider is the decisions about a stack, each made once. Where one stays open, which takes the longest, no more are
// made.
type decider struct {
	stack seccomp.Stack
	made  map[syscallOf]seccomp.Decision
	left  int // how many may yet stay open
}

type syscallOf struct {
	abi seccomp.Arch
	nr  uint32
}

// newDecider is for a stack of a kind. Tall stacks of random filters are not decided: theirs would stay open.
func newDecider(k kind, s seccomp.Stack) *decider {
	if !k.exact && len(s) > 8 {
		return &decider{}
	}
	return &decider{stack: s, made: map[syscallOf]seccomp.Decision{}, left: 1}
}

// decide is the stack's decision; none where none is made any more.
func (d *decider) decide(abi seccomp.Arch, nr uint32) (seccomp.Decision, bool) {
	key := syscallOf{abi, nr}
	if made, ok := d.made[key]; ok {
		return made, true
	}
	if d.left <= 0 {
		return seccomp.Decision{}, false
	}
	made := d.stack.Decide(abi, nr)
	d.made[key] = made
	if made.Unknown != "" {
		d.left--
	}
	return made, true
}
