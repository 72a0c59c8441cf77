package advise

import (
	"slices"
	"strconv"

	"capview/inspect"
	"capview/inspect/caps"
)

// relevant is the uses of the target's processes: those of its PIDs, of its container, and of what its processes
// started. Astray are those of which it is not known whose they are: their process ended too soon.
func relevant(ix *inspect.Index, o *Observation, t Target) (uses, astray []*Use) {
	own := map[int]*inspect.Process{}
	for _, p := range t.Processes {
		own[p.PID] = p
	}
	parents := map[int]int{}
	for i := range o.Uses {
		parents[o.Uses[i].PID] = o.Uses[i].PPID
	}
	alone := !t.One && onlyTarget(ix, o, t)
	inner := t.Container != nil && slices.Contains([]inspect.Kind{inspect.KindContainer, inspect.KindSandbox, inspect.KindUserNS}, t.Container.Kind)
	for i := range o.Uses {
		u := &o.Uses[i]
		p := own[u.PID]
		switch mine := p != nil && !another(ix, p, u); {
		case mine || alone:
			uses = append(uses, u)
		// What a container's process started is of the container, whatever was told of it before the container was known.
		case (t.One || inner) && !lives(ix, u) && descends(own, parents, u.PPID):
			uses = append(uses, u)
		case t.One:
		case u.Container != "":
			if t.Container != nil && called(ix, t.Container, u.Container) {
				uses = append(uses, u)
			}
		case lives(ix, u):
		case descends(own, parents, u.PPID):
			uses = append(uses, u)
		default:
			astray = append(astray, u)
		}
	}
	return uses, astray
}

// lives tells whether the process that made the check is there to say where it belongs.
func lives(ix *inspect.Index, u *Use) bool {
	p := ix.Process(u.PID)
	return p != nil && !another(ix, p, u)
}

// descends tells whether one of the parents is the target's.
func descends(own map[int]*inspect.Process, parents map[int]int, pid int) bool {
	const deepest = 64
	for range deepest {
		if own[pid] != nil {
			return true
		}
		up, known := parents[pid]
		if !known || up == pid {
			return false
		}
		pid = up
	}
	return false
}

// another tells that it was another process that had p's PID when the check was made.
func another(ix *inspect.Index, p *inspect.Process, u *Use) bool {
	if u.StartTime != 0 {
		return u.StartTime != p.StartTime
	}
	at, known := started(ix, p)
	return known && !u.Last.IsZero() && u.Last.Before(at.Add(-slack))
}

// called tells whether a container goes by a name.
func called(ix *inspect.Index, c *inspect.Container, name string) bool {
	if name == c.Key || name == ix.Label(c) || c.ID != "" && name == c.ID || c.Name.Or("") != "" && name == c.Name.Or("") {
		return true
	}
	const shortID = 12
	return len(name) >= shortID && len(c.ID) > len(name) && c.ID[:len(name)] == name
}

// onlyTarget tells that nothing but the target was watched.
func onlyTarget(ix *inspect.Index, o *Observation, t Target) bool {
	return !o.Everywhere && len(o.Targets) == 1 && t.Container != nil && called(ix, t.Container, o.Targets[0])
}

// watchedTarget is "yes", or why it is not known that the target was watched.
func watchedTarget(ix *inspect.Index, o *Observation, t Target, seen bool) string {
	if o.Everywhere || seen {
		return "yes"
	}
	for _, name := range o.Targets {
		if t.Container != nil && called(ix, t.Container, name) {
			return "yes"
		}
		for _, p := range t.Processes {
			if name == strconv.Itoa(p.PID) && (t.One || len(t.Processes) == 1) {
				return "yes"
			}
		}
	}
	return "no check of it was seen, and whether it was watched is not known"
}

// strays is the capabilities that uses astray exercised, of those that may be the container's.
func (n *census) strays(astray []*Use) (s caps.Set) {
	for _, u := range astray {
		if u.Allowed && !n.beyond(u) && read(u).need != notNeeded {
			s |= caps.Of(u.Cap)
		}
	}
	return s
}
