package inspect

import (
	"path"
	"strconv"

	"capview/nsinfo"
)

// isolated tells whether the process at i is known to be outside the host's user namespace or PID 1's PID namespace.
func (g *grouper) isolated(i int) bool { return g.inUserNS(i) || g.inPIDNS(i) }

func (g *grouper) inUserNS(i int) bool { return differs(g.inode(i, nsinfo.UserNS), g.userNS) }

func (g *grouper) inPIDNS(i int) bool { return differs(g.inode(i, nsinfo.PID), g.pidNS) }

func differs(inode, host uint64) bool { return inode != 0 && host != 0 && inode != host }

// inode is that of the namespace the process at i is in; 0 unknown.
func (g *grouper) inode(i int, t nsinfo.Type) uint64 {
	ns, _ := g.s.Processes[i].Namespaces.Get()
	return ns[t]
}

// isolation is the group of an isolated process that no runtime or service names. Namespaces inside a container
// belong to it, so the outermost isolated ancestor decides whether they are one's.
func (g *grouper) isolation(i int) int {
	top := i
	for range g.s.Processes { // a damaged snapshot's parents may go in circles
		up := g.process(g.s.Processes[top].PPID)
		if up == none || up == top || !g.isolated(up) {
			break
		}
		top = up
	}
	if g.inUserNS(i) && g.inUserNS(top) {
		return g.userNSGroup(i)
	}
	if !g.inPIDNS(top) {
		top = i
	}
	return g.pidNSGroup(top)
}

// userNSGroup is the group of a user namespace, found by the process at i.
func (g *grouper) userNSGroup(i int) int {
	inode := g.inode(i, nsinfo.UserNS)
	of, ok := g.byNS[inode]
	if !ok {
		of = g.add(g.apart(i, "userns/", KindUserNS, inode))
		g.byNS[inode] = of
	}
	return of
}

// apart is a group that only a namespace of the process at i makes.
func (g *grouper) apart(i int, prefix string, kind Kind, inode uint64) Container {
	id := strconv.FormatUint(inode, 10)
	p := g.s.Processes[i]
	return Container{Key: prefix + id, Kind: kind, ID: id, Unit: g.at[i].id.Unit, Cgroup: p.Cgroup.Or("")}
}

// nameUnnamed gives a group that only a namespace makes the name of its cgroup, where that is nobody else's and no
// systemd unit's: runc, crun and ctr make one of the name they were given.
func (g *grouper) nameUnnamed() {
	if len(g.byNS) == 0 {
		return
	}
	for i, of := range g.of {
		pl := g.at[i]
		switch {
		case g.to[i].Role == RoleHelper || pl.owner == of:
		case pl.owner == unseen:
			pl.owner = of
		default:
			pl.owner = none
		}
	}
	for _, pl := range g.places {
		of := pl.owner
		if of < 0 || !g.groups[of].unnamed() || g.groups[of].Cgroup != pl.id.Path || pl.id.Unit != "" || pl.id.Slice != "" {
			continue
		}
		if _, name := path.Split(pl.id.Path); name != "" && name != "payload" { // nspawn's, for all its containers
			g.groups[of].Name = Some(name)
		}
	}
}

// nestUserNS says of each user namespace's group which other it is inside of.
func (g *grouper) nestUserNS() {
	for i := range g.s.UserNamespaces {
		u := &g.s.UserNamespaces[i]
		of, ok := g.byNS[u.Inode]
		in, around := g.byNS[u.Parent.Or(0)]
		if ok && around && of != in {
			g.groups[of].NestedIn = g.groups[in].Key
		}
	}
}

// starters are programs that start containers of their own and stay as their first process's parent: what runtime
// that is. The kernel says who the parent is; that it is what its comm says, only itself.
var starters = map[string]string{
	"containerd-shim": "containerd", "systemd-nspawn": "nspawn", "lxc-start": "lxc", "bwrap": "bubblewrap",
}

// pidNSGroup is the group of the PID namespace that the process at top is outermost in.
func (g *grouper) pidNSGroup(top int) int {
	inode := g.inode(top, nsinfo.PID)
	i, ok := g.byNS[inode]
	if !ok {
		c := g.apart(top, "pidns/", KindContainer, inode)
		if up := g.process(g.s.Processes[top].PPID); up != none {
			c.Runtime = starters[g.s.Processes[up].Comm]
		}
		i = g.add(c)
		g.byNS[inode] = i
	}
	return i
}
