package inspect

import (
	"time"

	"capview/inspect/caps"
)

// Seen is what a tracer has seen, by whose row in a list it stands in. It does not change once it is given away. The nil
// Seen knows of nobody.
type Seen struct {
	// Everywhere: the whole node is watched, and a process that is not among Processes asked for nothing.
	Everywhere bool
	// Processes is those that are watched: with what was seen of them, and of those that they started in the same container
	// and that have ended, for which there is no row.
	Processes map[ProcessID]Sight
	// Containers is those of which every process is watched, by key; with what was seen of processes that have ended.
	Containers map[string]Sight
	// Except is the tracer itself, which does not look at itself.
	Except ProcessID
}

// Sight is what was seen of a process, or of a group.
type Sight struct {
	Use
	DeniedAt time.Time // the last denial, to within a second; zero where there was none
}

func (s Sight) and(t Sight) Sight {
	s.Used, s.Denied = s.Used|t.Used, s.Denied|t.Denied
	if t.DeniedAt.After(s.DeniedAt) {
		s.DeniedAt = t.DeniedAt
	}
	return s
}

// See counts a check in.
func (s *Sight) See(c *CheckCount) {
	one := Sight{}
	if c.Denied {
		one.Denied, one.DeniedAt = caps.Of(c.Cap), c.Last
	} else {
		one.Used = caps.Of(c.Cap)
	}
	*s = s.and(one)
}

// Process is what was seen of p; unknown where it is not watched.
func (s *Seen) Process(p *Process) Opt[Sight] {
	if s == nil {
		return Opt[Sight]{}
	}
	id := ProcessID{p.PID, p.StartTime}
	sight, watched := s.Processes[id]
	if !watched && (!s.Everywhere || id == s.Except) {
		return Opt[Sight]{}
	}
	return Some(sight)
}

// Group is what was seen of a group's processes, those that serve it from outside left out if there are others; all tells
// whether all of them are watched.
func (s *Seen) Group(g *Group) (sight Opt[Sight], all bool) {
	if s == nil {
		return sight, false
	}
	if g.Container != nil {
		if whole, ok := s.Containers[g.Container.Key]; ok {
			return Some(whole), true
		}
	}
	var sum Sight
	watched := 0
	for _, p := range g.Processes {
		if one, ok := s.Process(p).Get(); ok {
			sum, watched = sum.and(one), watched+1
		}
	}
	if watched == 0 {
		return sight, false
	}
	return Some(sum), watched == len(g.Processes)
}
