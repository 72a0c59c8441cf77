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

// spaces is whose each namespace is.
type spaces struct {
	own    map[string]nsinfo.Set // of each container's first payload, by key
	owners map[spaceID]string    // the first container in each that is not the host's; a sandbox before others
	second map[spaceID]string    // the next container there
}

// share tells which namespaces containers have in common, which processes were entered into a container from outside
// its cgroup, and which are in a container's cgroup alone.
func (j *join) share() {
	sp := spaces{own: map[string]nsinfo.Set{}, owners: map[spaceID]string{}, second: map[spaceID]string{}}
	for i := range j.s.Processes {
		sp.see(&j.s.Processes[i], j.scan)
	}
	for i := range j.s.Containers {
		sp.shares(&j.s.Containers[i], j.hostNS)
	}
	j.left = map[string]bool{}
	for i := range j.s.Processes {
		j.judge(&j.s.Processes[i], &sp)
	}
	j.drop()
	j.index()
}

// see notes the namespaces of a container's first payload process.
func (sp *spaces) see(p *inspect.Process, sc *scan) {
	if p.Role == inspect.RoleHelper || p.KernelThread {
		return
	}
	if _, seen := sp.own[p.Container]; seen {
		return
	}
	c := sc.kinds[p.Container]
	ns, ok := p.Namespaces.Get()
	if c == nil || !ok || !(c.Kind == inspect.KindContainer || c.Kind == inspect.KindSandbox) || c.Key == "pidns/"+c.ID || p.State == "Z" {
		return
	}
	sp.own[c.Key] = ns
	for _, t := range sharedTypes {
		id := spaceID{t, ns[t]}
		switch {
		case ns[t] == 0 || ns[t] == sc.hostNS[t]:
		case sp.owners[id] == "" || c.Kind == inspect.KindSandbox:
			if sp.owners[id] != "" {
				sp.second[id] = sp.owners[id]
			}
			sp.owners[id] = c.Key
		case sp.second[id] == "":
			sp.second[id] = c.Key
		}
	}
}

// shares notes what a container has in common with the host, or with one of the others in a namespace: its pod's
// sandbox where that has it.
func (sp *spaces) shares(c *inspect.Container, host nsinfo.Set) {
	ns, ok := sp.own[c.Key]
	if !ok {
		return
	}
	found := []inspect.Share{}
	for _, t := range sharedTypes {
		with := ""
		if id := (spaceID{t, ns[t]}); ns[t] != 0 && ns[t] == host[t] {
			with = "host"
		} else if with = sp.owners[id]; with == c.Key {
			with = sp.second[id]
		}
		if with != "" {
			found = append(found, inspect.Share{Type: t.String(), With: with})
		}
	}
	c.Shares = inspect.Some(found)
}

// judge compares a process's namespaces with its container's.
func (j *join) judge(p *inspect.Process, sp *spaces) {
	ns, ok := p.Namespaces.Get()
	if !ok || p.KernelThread || p.Role != inspect.RolePayload {
		return
	}
	own, contained := sp.own[p.Container]
	switch {
	case contained && ns[nsinfo.Mount] == own[nsinfo.Mount] && ns[nsinfo.PID] == own[nsinfo.PID]:
	case contained:
		p.Outside = outside(ns, own, j.hostNS)
		j.enter(p, ns, sp)
	case ns[nsinfo.Mount] != j.hostNS[nsinfo.Mount] || ns[nsinfo.PID] != j.hostNS[nsinfo.PID] || ns[nsinfo.Net] != j.hostNS[nsinfo.Net]:
		j.enter(p, ns, sp)
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

// enter notes that a process is in namespaces of a container that is not its own. One that only its PID namespace made a
// group of its own is that container's.
func (j *join) enter(p *inspect.Process, ns nsinfo.Set, sp *spaces) {
	for _, t := range [...]nsinfo.Type{nsinfo.PID, nsinfo.Mount, nsinfo.Net} {
		key := sp.owners[spaceID{t, ns[t]}]
		if key == "" || key == p.Container || t == nsinfo.Net && sp.own[p.Container] != (nsinfo.Set{}) {
			continue
		}
		if own, ok := sp.own[p.Container]; ok && own[t] == ns[t] {
			continue // shared by both
		}
		p.Entered = key
		if c := j.kinds[p.Container]; c != nil && (c.Key == "pidns/"+c.ID || c.Kind == inspect.KindUserNS) && t == nsinfo.PID {
			j.left[p.Container] = true
			p.Container = key
		}
		return
	}
}
