package runtimes

import (
	"slices"

	"capview/inspect"
	"capview/nsinfo"
)

// memo is the last Join: what it was given, and what it made of that. Little changes between two refreshes; where nothing
// has that could move a name, the same is made again. It may differ from what was given by processes that come and go
// without being anyone's first, parent or monitor: plain ones.
type memo struct {
	valid      bool
	host       uint64 // the host's user namespace
	users      []userNS
	containers []inspect.Container // as given
	processes  []given

	made    []inspect.Container
	gaps    []inspect.Gap
	deltas  []inspect.Placement // what was made of processes, where that is another than was given
	groups  map[string]group    // by the key as given
	beside  map[int]bool        // PIDs of starters and helpers
	hostNS  nsinfo.Set
	descend bool // a container is told by the tree of processes: anyone may belong to it

	moved []moved // what apply is to write
}

// given is what a Join reads of a process.
type given struct {
	pid, ppid int
	start     uint64
	comm      string
	cmdline   inspect.Opt[[]string]
	*site
	delta                    int32
	kernel, zombie, elsewise bool // elsewise: it came with what a Join finds
	needed                   bool // a name hangs on it
	// same is a process that was found to be this, of which nothing was made: it is so still where a later Snapshot has it too.
	same *inspect.Process
}

// site is what many processes have in common: where they are, and as whom. It is kept once, so that a refresh goes
// through little memory.
type site struct {
	container, nested string
	role              inspect.Role
	ns                inspect.Opt[nsinfo.Set]
	uid               inspect.Opt[inspect.IDs]
	cgroup            inspect.Opt[string]
}

// userNS is what a Join reads of a user namespace.
type userNS struct {
	inode  uint64
	parent inspect.Opt[uint64]
	owner  inspect.Opt[uint32]
}

// moved is a process of the Snapshot at hand, and its delta.
type moved struct{ process, delta int32 }

const noDelta = -1

// group is what decides whether a process of a container's is plain.
type group struct {
	plain bool   // it can be
	host  bool   // of the host: its processes are in the host's namespaces
	start uint64 // of the container's first process
	first nsinfo.Set
}

// maxPlain is how many processes may have come and gone until everything is looked at anew.
const maxPlain = 64

// take keeps what is given to a Join, before it changes anything.
func (m *memo) take(s *inspect.Snapshot) {
	m.valid, m.host = false, s.Host.UserNamespace
	m.users = m.users[:0]
	for i := range s.UserNamespaces {
		m.users = append(m.users, userOf(&s.UserNamespaces[i]))
	}
	m.containers = append(m.containers[:0], s.Containers...)
	m.processes = slices.Grow(m.processes[:0], len(s.Processes))
	sites := map[string][]*site{}
	for _, p := range s.Processes {
		g := givenOf(p)
		g.site = siteOf(p, sites)
		m.processes = append(m.processes, g)
	}
}

// maxSites bounds among how many of a container's a process's is looked for.
const maxSites = 8

func siteOf(p *inspect.Process, known map[string][]*site) *site {
	all := known[p.Container]
	for _, at := range all {
		if at.has(p) {
			return at
		}
	}
	at := &site{p.Container, p.Nested, p.Role, p.Namespaces, p.UID, p.Cgroup}
	if known != nil && len(all) < maxSites {
		known[p.Container] = append(all, at)
	}
	return at
}

// has tells whether the process is there.
func (at *site) has(p *inspect.Process) bool {
	return at.container == p.Container && at.nested == p.Nested && at.role == p.Role && at.ns == p.Namespaces && at.uid == p.UID && at.cgroup == p.Cgroup
}

func userOf(u *nsinfo.User) userNS { return userNS{u.Inode, u.Parent, u.OwnerUID} }

func givenOf(p *inspect.Process) given {
	return given{
		pid: p.PID, ppid: p.PPID, start: p.StartTime, comm: p.Comm, cmdline: p.Cmdline, delta: noDelta,
		kernel: p.KernelThread, zombie: p.State == "Z", elsewise: p.Entered != "" || p.Outside,
	}
}

// is tells whether a Join would read the same of p.
func (g *given) is(p *inspect.Process) bool {
	return g.pid == p.PID && g.start == p.StartTime && g.ppid == p.PPID && g.comm == p.Comm && sameArgs(g.cmdline, p.Cmdline) &&
		g.kernel == p.KernelThread && g.zombie == (p.State == "Z") && !g.elsewise && p.Entered == "" && !p.Outside && g.has(p)
}

// sameArgs compares arguments; a source that keeps them between refreshes gives the same slice.
func sameArgs(a, b inspect.Opt[[]string]) bool {
	x, known := a.Get()
	y, also := b.Get()
	if known != also || len(x) != len(y) {
		return false
	}
	return len(x) == 0 || &x[0] == &y[0] || slices.Equal(x, y)
}

// sameContainer tells whether a Join would read the same of both. What a Join finds, no source brings.
func sameContainer(a, b *inspect.Container) bool {
	return a.Key == b.Key && a.Kind == b.Kind && a.ID == b.ID && a.Name == b.Name && a.Runtime == b.Runtime && a.Image == b.Image && a.Pod == b.Pod &&
		a.Unit == b.Unit && a.Cgroup == b.Cgroup && a.UserNamespace == b.UserNamespace && a.NestedIn == b.NestedIn && a.Claimed == b.Claimed &&
		a.Owner == b.Owner && a.Usage == b.Usage && !a.Declared.Known() && !b.Declared.Known() && !a.Shares.Known() && !b.Shares.Known()
}

// keep takes what a Join has made of what was given. gaps are those that it added.
func (m *memo) keep(sp *spaces, gaps []inspect.Gap) {
	s := sp.s
	m.made = append(m.made[:0], s.Containers...)
	m.gaps = append(m.gaps[:0], gaps...)
	m.hostNS, m.descend = sp.hostNS, false
	m.beside = sp.helping
	for pid := range sp.starters {
		m.beside[pid] = true
	}
	m.keepGroups(sp)
	m.keepDeltas(s.Processes)
	for i := range m.processes {
		g := &m.processes[i]
		g.needed = g.delta != noDelta || !m.plain(g)
	}
	for _, in := range sp.instances {
		m.processes[in.init].needed = true
		m.descend = m.descend || in.own == 0 && in.container.ID != ""
	}
	for i := range sp.own {
		if p := sp.own[i].first; p != nil {
			if at, ok := m.find(p.PID); ok {
				m.processes[at].needed = true
			}
		}
	}
	m.valid = true
}

// keepDeltas finds what was made of which process. A container that one was taken from goes with its last.
func (m *memo) keepDeltas(ps []*inspect.Process) {
	m.deltas = m.deltas[:0]
	for i := range ps {
		p, g := ps[i], &m.processes[i]
		if p.Container == g.container && p.Nested == g.nested && p.Role == g.role && p.Entered == "" && !p.Outside {
			continue
		}
		g.delta = int32(len(m.deltas))
		m.deltas = append(m.deltas, p.Placement())
		if p.Container != g.container {
			m.groups[g.container] = group{}
		}
	}
}

func (m *memo) find(pid int) (int, bool) {
	return slices.BinarySearchFunc(m.processes, pid, func(g given, pid int) int { return g.pid - pid })
}

// keepGroups finds what is plain in which of the containers that were given.
func (m *memo) keepGroups(sp *spaces) {
	m.groups = make(map[string]group, len(m.containers))
	for i := range m.containers {
		c := &m.containers[i]
		g := group{}
		switch {
		case c.Kind == inspect.KindHost || c.Kind == inspect.KindUnit || c.Kind == inspect.KindSession:
			g.plain, g.host = true, true
		case fromCgroup(c) && sp.firsts[c.Key] != nil:
			own := sp.firsts[c.Key]
			g = group{plain: true, start: own.first.StartTime, first: own.set}
		}
		if k := sp.named[c.Key]; k != nil && k.request.kind == byID {
			g.plain = false // the request names one of its processes
		}
		m.groups[c.Key] = g
	}
}

// plain tells whether a Join makes the same of everyone else with and without the process, and nothing of it.
func (m *memo) plain(g *given) bool {
	if g.kernel || g.elsewise || m.descend || g.pid == 1 || g.nested != "" || g.role != inspect.RolePayload || m.beside[g.pid] || m.beside[g.ppid] ||
		starterOf(g.comm, g.cmdline) != noStarter {
		return false
	}
	in := m.groups[g.container]
	if !in.plain {
		return false
	}
	ns, known := g.ns.Get()
	switch {
	case !known:
		return true // a zombie's are not known, nor are those of whom the reader may not look at
	case in.host:
		return ns[nsinfo.Mount] == m.hostNS[nsinfo.Mount] && ns[nsinfo.PID] == m.hostNS[nsinfo.PID] && ns[nsinfo.Net] == m.hostNS[nsinfo.Net]
	}
	return g.start > in.start && ns[nsinfo.Mount] == in.first[nsinfo.Mount] && ns[nsinfo.PID] == in.first[nsinfo.PID]
}

// applies tells whether the last Join made what is to be made of s.
func (m *memo) applies(s *inspect.Snapshot) bool {
	if !m.valid || m.host != s.Host.UserNamespace || len(m.users) != len(s.UserNamespaces) || len(m.containers) != len(s.Containers) {
		return false
	}
	for i := range m.users {
		if m.users[i] != userOf(&s.UserNamespaces[i]) {
			return false
		}
	}
	for i := range m.containers {
		if !sameContainer(&m.containers[i], &s.Containers[i]) {
			return false
		}
	}
	return m.walk(s.Processes)
}

// walk compares the processes, both in the order of PIDs, and finds those that are to be changed.
func (m *memo) walk(ps []*inspect.Process) bool {
	m.moved = m.moved[:0]
	k, others := 0, 0
	for i := range ps {
		p := ps[i]
		for k < len(m.processes) && m.processes[k].pid < p.PID { // it has ended
			if m.processes[k].needed {
				return false
			}
			k, others = k+1, others+1
		}
		if k < len(m.processes) && m.processes[k].pid == p.PID {
			g := &m.processes[k]
			k++
			if g.same == p {
				continue
			}
			if g.is(p) {
				if g.delta != noDelta {
					m.moved = append(m.moved, moved{int32(i), g.delta})
				} else {
					g.same = p
				}
				continue
			}
			if g.needed {
				return false
			}
		}
		g := givenOf(p)
		if g.site = siteOf(p, nil); !m.plain(&g) {
			return false
		}
		others++
	}
	for ; k < len(m.processes); k++ {
		if m.processes[k].needed {
			return false
		}
		others++
	}
	return others <= maxPlain
}

// apply makes of s what the last Join made.
func (m *memo) apply(s *inspect.Snapshot) {
	for _, at := range m.moved {
		s.Place(int(at.process), m.deltas[at.delta])
	}
	s.Containers = append(s.Containers[:0], m.made...)
	s.Gaps = append(s.Gaps, m.gaps...)
}
