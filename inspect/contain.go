package inspect

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"capview/nsinfo"
	"capview/nsinfo/cgroup"
)

// Contain fills s.Containers and every process's Container, Nested and Role from the processes' cgroups, namespaces
// and parents; s.Processes must be complete and in order of PID. It is pure.
//
// The first of these that holds decides:
//   - a kernel thread belongs to the kernel;
//   - what the cgroup names: the outermost container, else a service;
//   - a user namespace other than the host's, else a PID namespace other than PID 1's: containers whose cgroup does
//     not tell of them (rootless podman on cgroup v1, plain runc, bubblewrap), also in a session's or scope's cgroup;
//   - the session, scope or slice the cgroup names;
//   - the host's rest.
//
// A process of which too little could be read to tell it from a container's has no group: Container is "".
// Keys are the same at each refresh: "docker/<id>", "user@1000.service/podman/<id>" where a unit other than the host's
// root could have made the cgroup, "pod/<uid>", "userns/<inode>", "pidns/<inode>", "unit/<unit>",
// "unit/user@1000.service/<unit>", "session/<id>", "own", "host", "kernel".
func Contain(s *Snapshot) {
	g := newGrouper(s)
	for i := range s.Processes {
		g.at[i] = g.place(s.Processes[i])
	}
	for i := range s.Processes {
		g.to[i].Role = RolePayload
		g.of[i] = g.group(i)
	}
	g.helpers()
	g.zombies()
	g.sandboxes()
	g.nameUnnamed()
	g.nestUserNS()
	g.finish()
}

// none is the index of no group; unseen that of a group not asked for yet.
const (
	none   = -1
	unseen = -2
)

// grouper is the state of one Contain.
type grouper struct {
	s          *Snapshot
	pids       []int       // of Processes, in their order
	to         []Placement // each process's, but for the container
	of         []int       // each process's group
	at         []*place
	groups     []Container
	tallies    []tally        // of each group
	index      map[string]int // groups by key
	places     map[string]*place
	last       *place // the one asked for last
	lastPath   string
	byNS       map[uint64]int // groups by the inode of the namespace that made them
	fixed      [2]int         // the host's and the kernel's groups
	userNS     uint64         // the host's namespaces; 0 unknown
	pidNS      uint64
	privateOwn bool // the reader is in a private cgroup namespace
}

// tally is what only Contain needs of a group.
type tally struct {
	helperMade bool // only a helper's cgroup has named it so far
	payloads   int
	sole       int // the last payload seen
}

// place is what one cgroup path says, worked out once.
type place struct {
	id     cgroup.Identity
	group  int    // the group it names; none
	firm   bool   // that group holds whatever the namespaces say
	nested string // key of the innermost container inside it
	owner  int    // the group all its processes are in; none where they are in several, unseen at first
}

func newGrouper(s *Snapshot) *grouper {
	likely := min(len(s.Processes)/8+8, 64) // a few processes a group, and not very many groups
	g := &grouper{
		s: s, pids: make([]int, len(s.Processes)), to: make([]Placement, len(s.Processes)), of: make([]int, len(s.Processes)), at: make([]*place, len(s.Processes)), groups: make([]Container, 0, likely), tallies: make([]tally, 0, likely),
		index: make(map[string]int, likely), places: make(map[string]*place, likely), byNS: map[uint64]int{}, fixed: [2]int{none, none}, userNS: s.Host.UserNamespace,
	}
	g.pidNS = hostPIDNS(s.Processes)
	for i, p := range s.Processes {
		g.pids[i] = p.PID
		g.privateOwn = g.privateOwn || cgroup.Outside(p.Cgroup.Or(""))
	}
	return g
}

// hostPIDNS is the inode of PID 1's PID namespace, 0 unknown. Where PID 1 may not be read, as under some machine
// managers even by root, kernel threads tell: they are of the initial one, and only seen from there.
func hostPIDNS(ps []*Process) uint64 {
	for i := range ps {
		if ns, _ := ps[i].Namespaces.Get(); ns[nsinfo.PID] != 0 && (ps[i].PID == 1 || ps[i].KernelThread) {
			return ns[nsinfo.PID]
		}
	}
	return 0
}

// hostSpaces is the host's namespaces: those of PID 1, and where they may not be read, those of kthreadd, which the
// kernel starts in the initial ones. 0 unknown.
func hostSpaces(process func(pid int) *Process) (ns nsinfo.Set) {
	if first := process(1); first != nil {
		ns, _ = first.Namespaces.Get()
	}
	if k := process(2); k != nil && k.KernelThread {
		initial, _ := k.Namespaces.Get()
		for t := range ns {
			ns[t] = cmp.Or(ns[t], initial[t])
		}
	}
	return ns
}

// process is the index of the process with that PID, or none.
func (g *grouper) process(pid int) int {
	if i, ok := slices.BinarySearch(g.pids, pid); ok {
		return i
	}
	return none
}

// group decides for the process at i.
func (g *grouper) group(i int) int {
	p := g.s.Processes[i]
	if p.KernelThread {
		return g.fixedGroup(1, KindKernel)
	}
	pl := g.at[i]
	g.to[i].Nested = pl.nested
	if pl.id.Role == cgroup.Helper {
		g.to[i].Role = RoleHelper
	}
	if pl.firm {
		return pl.group
	}
	ns, known := p.Namespaces.Get()
	switch {
	case g.isolated(i):
		return g.isolation(i)
	case pl.group != none:
		return pl.group
	case p.PID == 1: // the init that stands for the host, be its namespaces readable or not
	case !p.Cgroup.Known() || !known || ns[nsinfo.UserNS] == 0 || g.userNS == 0:
		return none
	}
	return g.fixedGroup(0, KindHost)
}

func (g *grouper) fixedGroup(n int, kind Kind) int {
	if g.fixed[n] == none {
		g.fixed[n] = g.add(Container{Key: string(kind), Kind: kind})
	}
	return g.fixed[n]
}

// place is what p's cgroup says.
func (g *grouper) place(p *Process) *place {
	path := p.Cgroup.Or("")
	if g.last != nil && path == g.lastPath { // most often it is that of the process before
		return g.last
	}
	pl := g.places[path]
	if pl == nil {
		pl = &place{group: none, owner: unseen}
		if path != "" {
			pl.id = cgroup.Match(path)
			g.name(pl, path)
		}
		g.places[path] = pl
	}
	g.last, g.lastPath = pl, path
	return pl
}

// name enters the groups that a path names.
func (g *grouper) name(pl *place, path string) {
	id := &pl.id
	switch {
	case g.privateOwn && !cgroup.Outside(path):
		// Below the root of capview's own cgroup namespace is what shares its container.
		pl.group, pl.firm = g.add(Container{Key: "own", Kind: KindContainer, Cgroup: "/"}), true
		id.Role = cgroup.Payload
		if id.Contained() {
			g.nest(pl, append([]cgroup.Identity{*id}, id.Nested...))
		}
	case id.Contained() && !(id.VM && id.Unit != ""):
		pl.group, pl.firm = g.contained(id), true
		g.nest(pl, id.Nested)
	case id.PodUID != "":
		pl.group, pl.firm = g.add(Container{Key: "pod/" + id.PodUID, Kind: KindSandbox, ID: id.PodUID, Pod: podOf(id),
			Unit: id.Unit, Cgroup: id.Path}), true
	default:
		pl.group = g.unit(id)
		pl.firm = id.VM || strings.HasSuffix(id.Unit, ".service") && id.Unit != "user@"+id.UID+".service"
	}
}

// contained is the group of the container a path names.
func (g *grouper) contained(id *cgroup.Identity) int {
	c := containerOf(id, "")
	c.Unit = id.Unit
	if id.Delegated != "" {
		c.Key = id.Delegated + "/" + c.Key
		ofUser(&c, id.Delegated)
	}
	i := g.add(c)
	made := &g.tallies[i].helperMade
	switch {
	case id.Role == cgroup.Helper:
		*made = *made || g.groups[i].Cgroup == c.Cgroup
	case *made:
		g.groups[i], *made = c, false // the container's own cgroup tells more than its helper's
	}
	return i
}

// ofUser marks what lies in the subtree of a user's systemd, user@UID.service(5): that user names cgroups there.
func ofUser(c *Container, unit string) {
	name, user := strings.CutPrefix(unit, "user@")
	name, service := strings.CutSuffix(name, ".service")
	if uid, err := strconv.ParseUint(name, 10, 32); user && service && err == nil && uid != 0 {
		c.Claimed, c.Owner = true, Some(uint32(uid))
	}
}

// nest enters the containers inside pl's group, outermost first. Their names are their maker's claim.
func (g *grouper) nest(pl *place, inner []cgroup.Identity) {
	in := g.groups[pl.group].Key
	for i := range inner {
		c := containerOf(&inner[i], in)
		c.NestedIn, c.Claimed = in, true
		g.add(c)
		in, pl.nested = c.Key, c.Key
	}
}

func containerOf(id *cgroup.Identity, in string) Container {
	c := Container{Key: id.Runtime + "/" + id.ID, Kind: KindContainer, ID: id.ID, Runtime: id.Runtime, Pod: podOf(id), Cgroup: id.Path}
	if in != "" {
		c.Key = in + "/" + c.Key
	}
	if id.Name != "" {
		c.Name = Some(id.Name)
	}
	return c
}

func podOf(id *cgroup.Identity) Opt[Pod] {
	if id.PodUID == "" {
		return Opt[Pod]{}
	}
	return Some(Pod{UID: id.PodUID})
}

// unit is the group of the session, unit or slice a path names, or none.
func (g *grouper) unit(id *cgroup.Identity) int {
	switch {
	case id.Session != "":
		return g.add(Container{Key: "session/" + id.Session, Kind: KindSession, ID: id.Session, Unit: id.Unit, Cgroup: id.Path})
	case id.Unit != "":
		c := Container{Key: unitKey(id), Kind: KindUnit, ID: id.Unit, Unit: id.Unit, Runtime: id.Runtime, Cgroup: id.Path}
		if id.Name != "" {
			c.Name = Some(id.Name)
		}
		return g.add(c)
	case id.Slice != "":
		return g.add(Container{Key: "unit/" + id.Slice, Kind: KindUnit, ID: id.Slice, Unit: id.Slice, Cgroup: id.Path})
	}
	return none
}

// unitKey tells the units of one user's manager from another's and from the system's.
func unitKey(id *cgroup.Identity) string {
	if id.Manager != "" {
		return "unit/" + id.Manager + "/" + id.Unit
	}
	return "unit/" + id.Unit
}

// add enters c unless its key is there, and returns its index.
func (g *grouper) add(c Container) int {
	i, ok := g.index[c.Key]
	if !ok {
		i = len(g.groups)
		g.groups = append(g.groups, c)
		g.tallies = append(g.tallies, tally{sole: none})
		g.index[c.Key] = i
	}
	return i
}

// finish writes the groups into the snapshot.
func (g *grouper) finish() {
	for i, of := range g.of {
		if of != none {
			c := &g.groups[of]
			g.to[i].Container = c.Key
			if inode := g.inode(i, nsinfo.UserNS); inode != 0 && g.to[i].Role != RoleHelper && !c.UserNamespace.Known() {
				c.UserNamespace = Some(inode)
			}
		}
		g.s.Place(i, g.to[i])
	}
	g.s.Containers = g.groups
	slices.SortFunc(g.s.Containers, func(a, b Container) int { return strings.Compare(a.Key, b.Key) })
}
