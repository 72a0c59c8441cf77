package inspect

import "slices"

// Placement is where a process belongs: what only a whole Snapshot tells of it. See Process for what each is.
type Placement struct {
	Container, Nested string
	Role              Role
	Entered           string
	Outside           bool
}

// Placement is p's.
func (p *Process) Placement() Placement {
	return Placement{p.Container, p.Nested, p.Role, p.Entered, p.Outside}
}

// Keep makes p, which an earlier Snapshot has, process i of s as well. It belongs to both then, and neither may change it:
// see Edit.
func (s *Snapshot) Keep(i int, p *Process) {
	if len(s.shared) < len(s.Processes) {
		s.shared = make([]bool, len(s.Processes))
	}
	s.Processes[i], s.shared[i] = p, true
}

// Edit is process i, to be changed before s is given away: what other Snapshots have as well is copied first.
func (s *Snapshot) Edit(i int) *Process {
	if i < len(s.shared) && s.shared[i] {
		own := *s.Processes[i]
		own.Threads, own.Gaps = slices.Clone(own.Threads), slices.Clone(own.Gaps)
		s.Processes[i], s.shared[i] = &own, false
	}
	return s.Processes[i]
}

// Place says where process i belongs. Its filters have no names in another container: they hang on what it was to get.
func (s *Snapshot) Place(i int, at Placement) {
	if s.Processes[i].Placement() == at {
		return
	}
	p := s.Edit(i)
	if p.Container != at.Container {
		p.Creds = p.Creds.Unnamed()
		for j := range p.Threads {
			p.Threads[j].Creds = p.Threads[j].Creds.Unnamed()
		}
	}
	p.Container, p.Nested, p.Role, p.Entered, p.Outside = at.Container, at.Nested, at.Role, at.Entered, at.Outside
}

// SameFacts tells whether p and q say the same of one process in all but their Placement and the names of filters: all that a
// source reads.
func (p *Process) SameFacts(q *Process) bool {
	return p.State == q.State && p.Comm == q.Comm && steadyFacts(p, q)
}

// sameThreads compares threads but for the names of their filters.
func sameThreads(a, b []Thread) bool {
	return slices.EqualFunc(a, b, func(t, u Thread) bool {
		t.Creds, u.Creds = t.Creds.Unnamed(), u.Creds.Unnamed()
		return t == u
	})
}
