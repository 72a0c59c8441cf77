package inspect

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"capview/nsinfo"
	"capview/nsinfo/cgroup"
)

// GroupBy says what processes are grouped by.
type GroupBy string

// The ways to group.
const (
	ByContainer GroupBy = "container"
	ByUserNS    GroupBy = "userns"
	ByUser      GroupBy = "user"
	ByUnit      GroupBy = "unit"
	ByNone      GroupBy = "none"
)

// Group is processes that share what they are grouped by. Identity across refreshes is Key.
type Group struct {
	Key       string
	Label     string // raw: sanitise before display
	Kind      Kind   // "" unless by container
	Container *Container
	Processes []*Process // by PID
}

// In is the group with the facts of another index, which has all its processes.
func (g Group) In(ix *Index) Group {
	ps, at := make([]*Process, len(g.Processes)), 0
	for i, p := range g.Processes {
		if at >= len(ix.pids) || ix.pids[at] != p.PID { // most often it is beside the one before
			at = ix.place(p.PID)
		}
		ps[i] = ix.Processes[at]
		at++
	}
	g.Processes = ps
	if g.Container != nil {
		g.Container = ix.Container(g.Container.Key)
	}
	return g
}

// GroupProcesses groups ps (all of ix's, or what a filter left), containers first, then users' namespaces, units,
// sessions, the host's rest, kernel threads and what could not be told; by label within, a pod's containers
// together. There are no groups without processes, and by none one of all.
func GroupProcesses(ix *Index, ps []*Process, by GroupBy) []Group {
	c := collector{ix: ix, index: map[groupID]int{}}
	switch by {
	case ByContainer:
		c.collect(ps, containerID, c.container)
	case ByUserNS:
		c.collect(ps, c.userNSID, c.userNS)
	case ByUser:
		c.collect(ps, userID, c.user)
	case ByUnit:
		u := unitsOf{ix: ix, names: map[string]unitName{}}
		c.collect(ps, u.id, u.unit)
	default:
		c.collect(ps, func(*Process) groupID { return groupID{} },
			func(*Process) ranked { return ranked{Group: Group{Key: "all", Label: "all"}} })
	}
	return c.sorted()
}

// groupID tells groups apart while they are collected.
type groupID struct {
	text string
	n    uint64
}

// ranked is a group with what orders it.
type ranked struct {
	Group
	rank   int    // the sort of group
	family string // what keeps groups together: a pod; else the label
	second int    // within a family
}

func rest(key, label string, rank int) ranked {
	return ranked{Group: Group{Key: key, Label: label}, rank: rank}
}

// collector makes groups in the order of their first process, and sorts them at the end.
type collector struct {
	ix     *Index
	index  map[groupID]int
	groups []ranked
}

// collect gives each process to its group; create makes one from its first process.
func (c *collector) collect(ps []*Process, id func(*Process) groupID, create func(*Process) ranked) {
	for _, p := range ps {
		key := id(p)
		i, ok := c.index[key]
		if !ok {
			i = len(c.groups)
			r := create(p)
			r.family = cmp.Or(r.family, r.Label)
			c.groups = append(c.groups, r)
			c.index[key] = i
		}
		c.groups[i].Processes = append(c.groups[i].Processes, p)
	}
}

func (c *collector) sorted() []Group {
	slices.SortFunc(c.groups, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), strings.Compare(a.family, b.family), cmp.Compare(a.second, b.second),
			strings.Compare(a.Label, b.Label), strings.Compare(a.Key, b.Key))
	})
	gs := make([]Group, len(c.groups))
	for i := range c.groups {
		gs[i] = c.groups[i].Group
		slices.SortFunc(gs[i].Processes, func(a, b *Process) int { return cmp.Compare(a.PID, b.PID) })
	}
	return gs
}

// Ranks of groups that are not a Kind's.
const (
	rankRest    = 90
	rankKernel  = 91
	rankUnknown = 92
)

var kindRank = map[Kind]int{
	KindContainer: 0, KindSandbox: 0, KindUserNS: 1, KindUnit: 2, KindSession: 3, KindHost: rankRest, KindKernel: rankKernel,
}

func containerID(p *Process) groupID { return groupID{text: p.Container} }

func (c *collector) container(p *Process) ranked {
	in := c.ix.Container(p.Container)
	switch {
	case p.Container == "":
		return rest("unknown", "unknown", rankUnknown)
	case in == nil:
		return rest(p.Container, p.Container, rankUnknown)
	}
	r := rest(in.Key, c.ix.Label(in), kindRank[in.Kind])
	r.Kind, r.Container = in.Kind, in
	if pod, ok := in.Pod.Get(); ok {
		r.family = podLabel(pod) + "\x00" + pod.UID
		if in.Kind != KindSandbox {
			r.second = 1
		}
	}
	return r
}

// userNSID is the inode; 0 unknown.
func (c *collector) userNSID(p *Process) groupID {
	ns, _ := p.Namespaces.Get()
	if _, known := c.ix.InHostUserNS(p); !known {
		return groupID{}
	}
	return groupID{n: ns[nsinfo.UserNS]}
}

func (c *collector) userNS(p *Process) ranked {
	switch inode := c.userNSID(p).n; inode {
	case 0:
		return rest("unknown", "unknown user namespace", rankUnknown)
	case c.ix.Host.UserNamespace:
		return rest("host", "host's user namespace", rankRest)
	default:
		return rest("userns/"+strconv.FormatUint(inode, 10), c.ix.userNSLabel(inode), 0)
	}
}

func userID(p *Process) groupID {
	ids, ok := p.UID.Get()
	if !ok {
		return groupID{text: "unknown"}
	}
	return groupID{n: uint64(ids.Effective)}
}

func (c *collector) user(p *Process) ranked {
	id := userID(p)
	if id.text != "" {
		return rest(id.text, "unknown user", rankUnknown)
	}
	uid := strconv.FormatUint(id.n, 10)
	return rest("user/"+uid, p.User.Or(uid), 0)
}

// unitsOf tells each process's systemd unit, also a container's, by its cgroup.
type unitsOf struct {
	ix    *Index
	names map[string]unitName // by cgroup path
}

type unitName struct {
	key, label string
	rank       int
}

func (u *unitsOf) id(p *Process) groupID { return groupID{text: u.name(p).key} }

func (u *unitsOf) unit(p *Process) ranked {
	n := u.name(p)
	return rest(n.key, n.label, n.rank)
}

func (u *unitsOf) name(p *Process) unitName {
	if p.KernelThread {
		return unitName{"kernel", "kernel threads", rankKernel}
	}
	path, ok := p.Cgroup.Get()
	if !ok {
		return unitName{"unknown", "unknown unit", rankUnknown}
	}
	n, ok := u.names[path]
	if !ok {
		n = u.match(path)
		u.names[path] = n
	}
	return n
}

func (u *unitsOf) match(path string) unitName {
	switch id := cgroup.Match(path); {
	case id.Unit != "":
		return unitName{unitKey(&id), id.Unit + u.ix.owner(&id), 0}
	case id.Slice != "":
		return unitName{"unit/" + id.Slice, id.Slice, 0}
	}
	return unitName{"none", "no unit", rankRest}
}
