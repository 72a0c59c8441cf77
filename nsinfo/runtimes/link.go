package runtimes

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/nsinfo"
	"capview/nsinfo/cgroup"
)

// link is a container that the cgroups name, with what leads to its files.
type link struct {
	container *inspect.Container
	request   request
	trusted   bool // what leads there is the host's root's
}

// instance is a container that no cgroup names: a child of a starter, or a process that a runtime's state names.
type instance struct {
	st      *starter // nil where a state tells
	state   *state
	init    int // index of its first process
	asks    bool
	request request

	container inspect.Container
	own       uint64 // inode of the PID namespace that is its alone; 0 where it has none
}

// links finds what leads to the files of each container.
type links struct {
	*scan
	named     map[string]*link
	led       []bool // of each container: something leads to its files
	order     []*link
	instances []*instance
}

// newLinks follows the parents: that a process is a starter's child is the kernel's word.
func newLinks(sc *scan) *links {
	l := &links{scan: sc, named: map[string]*link{}, led: make([]bool, len(sc.s.Containers))}
	if len(sc.starters) > 0 {
		for i, p := range sc.s.Processes {
			if st := sc.starters[p.PPID]; st != nil && !p.KernelThread && sc.starters[p.PID] == nil {
				l.child(i, st)
			}
		}
	}
	l.orphans()
	l.strays()
	return l
}

// child is about the process at i, which st started.
func (l *links) child(i int, st *starter) {
	p, c := l.s.Processes[i], l.containerOf(i)
	switch {
	case c == nil || p.Role == inspect.RoleHelper:
	case st.in != "":
		if inner := l.kinds[p.Nested]; inner != nil && st.in == p.Container {
			l.link(inner, st, false)
		}
	case l.led[l.of[i]]:
	case fromCgroup(c):
		if st.trusted || delegated(c) && l.mayOwn(p, st.owner) {
			l.link(c, st, st.trusted)
			l.led[l.of[i]] = l.named[c.Key] != nil
		}
	case c.Kind != inspect.KindKernel && l.apart(p, st) && (st.trusted || l.mayOwn(p, st.owner)):
		l.instances = append(l.instances, l.instance(i, st))
	}
}

// fromCgroup tells whether a cgroup's path named the container.
func fromCgroup(c *inspect.Container) bool {
	return (c.Kind == inspect.KindContainer || c.Kind == inspect.KindSandbox) && c.Runtime != "" && !byNamespace(c)
}

// byNamespace tells whether only its PID namespace makes a group a container.
func byNamespace(c *inspect.Container) bool { return strings.HasPrefix(c.Key, "pidns/") }

// delegated tells whether another than the host's root could have made the container's cgroup.
func delegated(c *inspect.Container) bool {
	return !strings.HasPrefix(c.Key, c.Runtime+"/") && cgroup.Match(c.Cgroup).Delegated != ""
}

// apart tells whether a starter's child is in a container, and not at work for the starter: it then has another root.
func (l *links) apart(p *inspect.Process, st *starter) bool {
	ns, ok := p.Namespaces.Get()
	beside, known := l.s.Processes[st.index].Namespaces.Get()
	return ok && known && ns[nsinfo.Mount] != beside[nsinfo.Mount] && ns[nsinfo.Mount] != 0 && beside[nsinfo.Mount] != 0
}

// mayOwn tells whether the process is that user's to give a name to: in a user namespace that is theirs, or one inside
// it, or running as that user with nothing more.
func (l *links) mayOwn(p *inspect.Process, uid uint32) bool {
	ns, ok := p.Namespaces.Get()
	if !ok {
		return false
	}
	for at, n := ns[nsinfo.UserNS], 0; at != 0 && at != l.s.Host.UserNamespace && n < 33; n++ {
		u := l.userNS(at)
		if u == nil {
			return false
		}
		if owner, known := u.OwnerUID.Get(); known && owner == uid {
			return true
		}
		at = u.Parent.Or(0)
	}
	ids, known := p.UID.Get()
	return known && ids == inspect.IDs{Real: uid, Effective: uid, Saved: uid, FS: uid}
}

func (l *links) userNS(inode uint64) *nsinfo.User {
	for i := range l.s.UserNamespaces {
		if l.s.UserNamespaces[i].Inode == inode {
			return &l.s.UserNamespaces[i]
		}
	}
	return nil
}

// link asks for the files of a container that the cgroups name.
func (l *links) link(c *inspect.Container, st *starter, trusted bool) {
	if l.named[c.Key] != nil {
		return
	}
	var q request
	switch {
	case st.kind == shim && plainID(c.ID):
		q = request{kind: byShim, at: st.at, id: c.ID}
	case st.kind == conmon && st.conmon.id == c.ID:
		q = request{kind: byConmon, at: st.at, id: c.ID, name: st.conmon.name, path: st.conmon.bundle}
	case st.kind == monitor && c.Runtime == "lxc":
		q = request{kind: byLXC, at: st.at, name: st.name, path: st.path, full: caps.Full(l.s.Host.CapLastCap)}
	default:
		return
	}
	l.add(&link{c, q, trusted})
}

func (l *links) add(k *link) {
	l.named[k.container.Key] = k
	l.order = append(l.order, k)
}

// orphans asks for the containers that nothing leads to any more by their ids.
func (l *links) orphans() {
	var payloads map[string]int
	for i := range l.s.Containers {
		c := &l.s.Containers[i]
		if l.named[c.Key] != nil || !fromCgroup(c) || c.NestedIn != "" || !isHexID(c.ID) {
			continue
		}
		if payloads == nil {
			payloads = l.payloads()
		}
		q := request{kind: byID, runtime: c.Runtime, id: c.ID, pid: payloads[c.Key]}
		if delegated(c) {
			l.orphanOf(c, q)
			continue
		}
		switch c.Runtime {
		case "docker":
			q.path, q.name = l.dockerd[0], l.dockerd[1]
		case "podman", "cri-o":
			q.path = l.storages(0, true)
		case "containerd":
		default:
			continue
		}
		l.add(&link{c, q, true})
	}
}

// orphanOf asks for a container in a user's own systemd by its id, where that user keeps such.
func (l *links) orphanOf(c *inspect.Container, q request) {
	p := l.process(q.pid)
	uid, ok := userManager(cgroup.Match(c.Cgroup).Delegated)
	if !ok || p == nil || !l.mayOwn(p, uid) || c.Runtime != "docker" && c.Runtime != "podman" {
		return
	}
	q.owner, q.path = inspect.Some(uid), l.storages(uid, false)
	l.add(&link{c, q, false})
}

// userManager is whose a systemd user manager's unit is: "user@1000.service".
func userManager(unit string) (uid uint32, ok bool) {
	number, ok := strings.CutSuffix(unit, ".service")
	number, prefixed := strings.CutPrefix(number, "user@")
	n, err := strconv.ParseUint(number, 10, 32)
	return uint32(n), ok && prefixed && err == nil && n != 0
}

// maxStorages bounds how many folders are tried.
const maxStorages = 4

// storages is the folders of containers that conmons of the host's root, or of that user, have their bundles in, one after
// the other with NUL between them.
func (l *links) storages(uid uint32, trusted bool) string {
	var dirs []string
	for _, st := range l.scan.order {
		if st.kind != conmon || st.in != "" || st.trusted != trusted || st.owner != uid {
			continue
		}
		if dir := path.Dir(path.Dir(path.Clean(st.conmon.bundle))); !slices.Contains(dirs, dir) && len(dirs) < maxStorages {
			dirs = append(dirs, dir)
		}
	}
	slices.Sort(dirs)
	return strings.Join(dirs, "\x00")
}

// payloads is a process of each container by its key, of those with the lowest PID.
func (l *links) payloads() map[string]int {
	found := make(map[string]int, len(l.s.Containers))
	for _, p := range l.s.Processes {
		if _, ok := found[p.Container]; !ok && p.Role != inspect.RoleHelper {
			found[p.Container] = p.PID
		}
	}
	return found
}

// strays asks for those in a user namespace that nothing has started, as far as can be seen: the first process of each PID
// namespace there, whose monitor may have ended.
func (l *links) strays() {
	taken := map[uint64]bool{l.hostNS[nsinfo.PID]: true, 0: true}
	for _, in := range l.instances {
		taken[pidNS(l.s.Processes[in.init])] = true
	}
	for i, p := range l.s.Processes {
		ns := pidNS(p)
		if taken[ns] {
			continue
		}
		c := l.containerOf(i)
		if c == nil || c.Kind != inspect.KindUserNS {
			continue
		}
		taken[ns] = true
		in := &instance{init: i, asks: true, request: request{kind: byMounts, at: place{p.PID, p.StartTime}}}
		in.container = inspect.Container{Kind: inspect.KindContainer, Claimed: true}
		if u := l.userNS(c.UserNamespace.Or(0)); u != nil && u.OwnerUID.Or(0) != 0 {
			in.container.Owner = u.OwnerUID
			in.request.owner = u.OwnerUID
			in.request.path = l.storages(u.OwnerUID.Or(0), false)
		}
		l.instances = append(l.instances, in)
	}
}

// pidNS is the process's PID namespace; 0 unknown.
func pidNS(p *inspect.Process) uint64 {
	ns, _ := p.Namespaces.Get()
	return ns[nsinfo.PID]
}

// instance is a container that a starter's child is the first process of.
func (l *links) instance(i int, st *starter) *instance {
	p := l.s.Processes[i]
	in := &instance{st: st, init: i, asks: true}
	c := &in.container
	*c = inspect.Container{Kind: inspect.KindContainer, Claimed: !st.trusted}
	if !st.trusted {
		c.Owner = inspect.Some(st.owner)
	}
	switch st.kind {
	case shim:
		c.Runtime = "containerd"
		in.request = request{kind: byChild, at: st.at, id: st.shim.id, pid: p.PID}
	case conmon:
		c.Runtime, c.ID, c.Name = "podman", st.conmon.id, textOf(st.conmon.name)
		in.request = request{kind: byConmon, at: st.at, id: st.conmon.id, name: st.conmon.name, path: st.conmon.bundle}
	case monitor:
		c.Runtime, c.ID, c.Name = "lxc", st.name, textOf(st.name)
		in.request = request{kind: byLXC, at: st.at, name: st.name, path: st.path, full: caps.Full(l.s.Host.CapLastCap)}
	case nspawn:
		c.Runtime, c.ID, c.Name, in.asks = "nspawn", st.name, textOf(st.name), false
		c.Image = inspect.Some("")
	}
	return in
}

// requests is all that is to be read for the Snapshot, but for the roots of states.
func (l *links) requests() []request {
	qs := make([]request, 0, len(l.order)+len(l.instances))
	for _, k := range l.order {
		qs = append(qs, k.request)
	}
	for _, in := range l.instances {
		if in.asks {
			qs = append(qs, in.request)
		}
	}
	return qs
}
