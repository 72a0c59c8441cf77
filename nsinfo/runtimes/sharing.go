package runtimes

import (
	"capview/inspect"
	"capview/nsinfo"
)

// sharedTypes are the namespaces that are looked at; a time namespace is seldom anyone's own.
var sharedTypes = [...]nsinfo.Type{nsinfo.CgroupNS, nsinfo.IPC, nsinfo.Mount, nsinfo.Net, nsinfo.PID, nsinfo.UserNS, nsinfo.UTS}

// spaceID is a namespace.
type spaceID struct {
	kind  nsinfo.Type
	inode uint64
}

// noContainer is the index of none.
const noContainer = -1

// spaces is whose each namespace is. Containers are by their index in the Snapshot.
type spaces struct {
	*join
	own    []space // of each container
	owners map[spaceID]tenants

	helping map[int]bool      // by PID
	firsts  map[string]*space // of each container that has one, by key
}

// space is the namespaces of a container's first payload process.
type space struct {
	first  *inspect.Process
	served bool // its parent is a helper
	set    nsinfo.Set
	known  bool
}

// tenants is two of the containers in a namespace, a sandbox before others; the second may be noContainer.
type tenants [2]int32

// share tells which namespaces containers have in common, which processes were entered into a container from outside
// its cgroup, and which are in a container's cgroup alone.
func (j *join) share() *spaces {
	sp := &spaces{join: j, own: make([]space, len(j.s.Containers)), owners: make(map[spaceID]tenants, 4*len(j.s.Containers)), helping: map[int]bool{}}
	sp.see()
	for i := range j.s.Containers {
		sp.shares(int32(i))
	}
	j.left = map[string]bool{}
	for i := range j.s.Processes {
		sp.judge(i)
	}
	if len(j.left) > 0 {
		j.drop()
		j.index()
	}
	return sp
}

// see finds each process's container, and each container's namespaces.
func (sp *spaces) see() {
	for _, p := range sp.s.Processes {
		if p.Role == inspect.RoleHelper {
			sp.helping[p.PID] = true
		}
	}
	contained := make([]bool, len(sp.s.Containers))
	for i := range sp.s.Containers {
		c := &sp.s.Containers[i]
		contained[i] = (c.Kind == inspect.KindContainer || c.Kind == inspect.KindSandbox) && !byNamespace(c)
	}
	for i := range sp.s.Processes {
		p, of := sp.s.Processes[i], sp.of[i]
		if of == noContainer || !contained[of] {
			continue
		}
		own := &sp.own[of]
		if p.Role == inspect.RoleHelper || p.State == "Z" || !p.Namespaces.Known() || own.known && !sp.before(p, own) {
			continue
		}
		own.first, own.served = p, sp.served(p)
		own.set, own.known = p.Namespaces.Get()
	}
	sp.firsts = make(map[string]*space, len(sp.own))
	for of := range sp.own {
		if own := &sp.own[of]; own.known {
			sp.firsts[sp.s.Containers[of].Key] = own
			sp.enterAll(int32(of), own.set)
		}
	}
}

// before tells whether p rather than the one found so far is its container's first process: PIDs wrap, and whoever moved
// into the container's cgroup may be older than all of it, but it is not a helper's child.
func (sp *spaces) before(p *inspect.Process, own *space) bool {
	older := p.StartTime < own.first.StartTime
	if own.served && !older {
		return false
	}
	if served := sp.served(p); served != own.served {
		return served
	}
	return older
}

// served tells whether p's parent is a helper: a shim or monitor.
func (sp *spaces) served(p *inspect.Process) bool { return sp.helping[p.PPID] }

// enterAll notes that a container is in those namespaces, but the host's.
func (sp *spaces) enterAll(of int32, set nsinfo.Set) {
	for _, t := range sharedTypes {
		if set[t] == 0 || set[t] == sp.hostNS[t] {
			continue
		}
		id := spaceID{t, set[t]}
		have, ok := sp.owners[id]
		switch {
		case !ok:
			sp.owners[id] = tenants{of, noContainer}
		case sp.s.Containers[of].Kind == inspect.KindSandbox:
			sp.owners[id] = tenants{of, have[0]}
		case have[1] == noContainer:
			sp.owners[id] = tenants{have[0], of}
		}
	}
}

// shares notes what a container has in common with the host, or with one of the others in a namespace: its pod's
// sandbox where that has it.
func (sp *spaces) shares(of int32) {
	own := &sp.own[of]
	if !own.known {
		return
	}
	found := []inspect.Share{}
	for _, t := range sharedTypes {
		inode := own.set[t]
		if inode == 0 {
			continue
		}
		if inode == sp.hostNS[t] {
			found = append(found, inspect.Share{Type: t.String(), With: "host"})
			continue
		}
		with := sp.owners[spaceID{t, inode}]
		if other := with[0] + with[1] - of; (with[0] == of || with[1] == of) && other != noContainer {
			found = append(found, inspect.Share{Type: t.String(), With: sp.s.Containers[other].Key})
		} else if with[0] != of && with[1] != of {
			found = append(found, inspect.Share{Type: t.String(), With: sp.s.Containers[with[0]].Key})
		}
	}
	sp.s.Containers[of].Shares = inspect.Some(found)
}

// judge compares the namespaces of the process at i with its container's.
func (sp *spaces) judge(i int) {
	p := sp.s.Processes[i]
	ns, ok := p.Namespaces.Get()
	if !ok || p.KernelThread || p.Role != inspect.RolePayload {
		return
	}
	var own space
	if sp.of[i] != noContainer {
		own = sp.own[sp.of[i]]
	}
	switch {
	case own.known && ns[nsinfo.Mount] == own.set[nsinfo.Mount] && ns[nsinfo.PID] == own.set[nsinfo.PID]:
	case own.known:
		at := p.Placement()
		at.Outside = outside(ns, own.set, sp.hostNS)
		sp.s.Place(i, at)
		sp.enter(i, ns, own)
	case ns[nsinfo.Mount] != sp.hostNS[nsinfo.Mount] || ns[nsinfo.PID] != sp.hostNS[nsinfo.PID] || ns[nsinfo.Net] != sp.hostNS[nsinfo.Net]:
		sp.enter(i, ns, own)
	}
}

// outside tells whether every namespace that is the container's own is for the process the host's.
func outside(ns, own, host nsinfo.Set) bool {
	apart := 0
	for _, t := range sharedTypes {
		if own[t] == 0 || host[t] == 0 || own[t] == host[t] {
			continue
		}
		if apart++; ns[t] != host[t] {
			return false
		}
	}
	return apart > 0
}

// enter notes that a process is in namespaces of a container that is not its own. One that only its PID namespace put
// into a group is that container's.
func (sp *spaces) enter(i int, ns nsinfo.Set, own space) {
	at := sp.s.Processes[i].Placement()
	for _, t := range [...]nsinfo.Type{nsinfo.PID, nsinfo.Mount, nsinfo.Net} {
		owner, ok := sp.owners[spaceID{t, ns[t]}]
		switch {
		case !ok || owner[0] == sp.of[i] || owner[1] == sp.of[i]:
			continue
		case own.known && (own.set[t] == ns[t] || t == nsinfo.Net):
			continue // shared by both; a container's processes may well be in another's network
		}
		at.Entered = sp.s.Containers[owner[0]].Key
		if c := sp.kinds[at.Container]; c != nil && (byNamespace(c) || c.Kind == inspect.KindUserNS) && t == nsinfo.PID {
			sp.left[at.Container] = true
			at.Container = at.Entered
		}
		sp.s.Place(i, at)
		return
	}
}
