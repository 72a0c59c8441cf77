package view

import (
	"cmp"
	"slices"
	"strconv"

	"capview/inspect"
	"capview/inspect/caps"
)

// GroupRow is a group of processes. NewGroupRow sums it up once; a GroupRow made by hand is summed up for each cell.
//
// A container's helpers (its shim, conmon) run outside of it with the host's powers: they are counted among its
// processes, and left out of everything that is said of what the container holds.
type GroupRow struct {
	Ix   *inspect.Index
	G    inspect.Group
	Seen *inspect.Seen // nil where nothing is traced
	sum  *groupSum
}

// NewGroupRow sums up g.
func NewGroupRow(ix *inspect.Index, g inspect.Group) GroupRow {
	return GroupRow{Ix: ix, G: g, sum: sumUp(ix, g.Processes)}
}

// In is the row with the facts of another index, which is not different (inspect.Changes.Steady).
func (g GroupRow) In(ix *inspect.Index) GroupRow {
	sum := *g.sums()
	g.Ix, g.G = ix, g.G.In(ix)
	if sum.inside = g.G.Processes; sum.helpers > 0 {
		sum.inside = insiders(sum.inside)
	}
	if sum.strongest != nil {
		sum.strongest = ix.Process(sum.strongest.PID)
	}
	g.sum = &sum
	return g
}

// groupSum is what the processes of a group hold between them.
type groupSum struct {
	inside    []*inspect.Process // those that are summed up: without helpers
	helpers   int
	union     caps.Sets       // of all threads whose sets are known
	worst     map[string]Role // the gravest setRole of any thread, by the set's key
	added     holder          // that was summed up last
	unknown   int             // processes whose sets are not
	users     []string        // effective users' names, raw, sorted
	nameless  int             // processes whose user is unknown
	places    []place         // distinct user namespaces, by inode
	seccomp   map[string]int  // processes by the text of their cell
	nnp       [2]int          // processes without, with
	nnpGone   int
	fileCaps  int
	filesGone int
	gaps      int
	threads   int
	power     int
	strongest *inspect.Process // has that power
	kernel    bool             // nothing but kernel threads
}

// holder is what the marks of capabilities go by. Most processes of a group have theirs in common with the one before.
type holder struct {
	caps  caps.Sets
	at    place
	known bool
}

func (g GroupRow) sums() *groupSum {
	if g.sum != nil {
		return g.sum
	}
	return sumUp(g.Ix, g.G.Processes)
}

func sumUp(ix *inspect.Index, ps []*inspect.Process) *groupSum {
	s := &groupSum{seccomp: make(map[string]int), worst: make(map[string]Role, len(theSets)), kernel: len(ps) > 0}
	users, places := map[string]bool{}, map[place]bool{}
	full, user, where := fullSet(ix), "", place{}
	s.inside = insiders(ps)
	s.helpers = len(ps) - len(s.inside)
	for _, p := range s.inside {
		at := placeOf(ix, p)
		s.addCaps(full, at, p)
		s.addConfinement(p)
		switch name, ok := p.User.Get(); {
		case !ok:
			s.nameless++
		case name != user || len(users) == 0:
			users[name], user = true, name
		}
		if at != where || len(places) == 0 {
			places[at], where = true, at
		}
		s.gaps += len(p.Gaps)
		s.threads += p.ThreadCount
		if n := inspect.Power(ix, p); s.strongest == nil || n > s.power {
			s.power, s.strongest = n, p
		}
		s.kernel = s.kernel && p.KernelThread
	}
	for name := range users {
		s.users = append(s.users, name)
	}
	slices.Sort(s.users)
	for at := range places {
		s.places = append(s.places, at)
	}
	slices.SortFunc(s.places, func(a, b place) int { return cmp.Compare(a.inode, b.inode) })
	return s
}

// insiders is ps without helpers; all of them where there is nothing else.
func insiders(ps []*inspect.Process) []*inspect.Process {
	helps := func(p *inspect.Process) bool { return p.Role == inspect.RoleHelper }
	if !slices.ContainsFunc(ps, helps) {
		return ps
	}
	inside := make([]*inspect.Process, 0, len(ps))
	for _, p := range ps {
		if !helps(p) {
			inside = append(inside, p)
		}
	}
	if len(inside) == 0 {
		return ps
	}
	return inside
}

func (s *groupSum) addCaps(full caps.Set, at place, p *inspect.Process) {
	if c, ok := p.Caps.Get(); ok {
		s.add(full, holder{c, at, true})
	} else {
		s.unknown++
	}
	for i := range p.Threads {
		if t := &p.Threads[i]; t.Caps != p.Caps {
			if c, ok := t.Caps.Get(); ok {
				s.add(full, holder{c, at, true})
			}
		}
	}
}

func (s *groupSum) add(full caps.Set, h holder) {
	if h == s.added {
		return
	}
	s.added = h
	s.union = unite(s.union, h.caps)
	for _, w := range theSets {
		if set := w.of(&h.caps); w.marked && set != 0 {
			s.worst[w.key] = max(s.worst[w.key], setRole(set, full, h.at))
		}
	}
}

func unite(a, b caps.Sets) caps.Sets {
	return caps.Sets{
		Inheritable: a.Inheritable | b.Inheritable,
		Permitted:   a.Permitted | b.Permitted,
		Effective:   a.Effective | b.Effective,
		Bounding:    a.Bounding | b.Bounding,
		Ambient:     a.Ambient | b.Ambient,
	}
}

func (s *groupSum) addConfinement(p *inspect.Process) {
	s.seccomp[seccompCell(p.Seccomp, false).Text]++
	switch v, ok := p.NoNewPrivs.Get(); {
	case !ok:
		s.nnpGone++
	case v:
		s.nnp[1]++
	default:
		s.nnp[0]++
	}
	switch f, ok := p.FileCaps.Get(); {
	case !ok:
		s.filesGone++
	case !f.None():
		s.fileCaps++
	}
}

// place is the group's one user namespace, or the unknown one where there are several.
func (s *groupSum) place() place {
	if len(s.places) == 1 {
		return s.places[0]
	}
	return place{}
}

// inPlaces marks capabilities that count only in user namespaces other than the host's.
func (s *groupSum) inPlaces(ix *inspect.Index, set caps.Set) string {
	if len(s.places) == 1 {
		return inPlace(ix, set, s.places[0])
	}
	for _, at := range s.places {
		if at.host || !at.known {
			return ""
		}
	}
	if set == 0 || len(s.places) == 0 {
		return ""
	}
	return " (in " + strconv.Itoa(len(s.places)) + " user namespaces)"
}
