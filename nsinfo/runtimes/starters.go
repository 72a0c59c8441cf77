package runtimes

import (
	"slices"
	"strings"

	"capview/inspect"
	"capview/nsinfo"
)

// starterKind is what sort of process stands beside a container and leads to its files.
type starterKind uint8

const (
	noStarter starterKind = iota
	shim
	conmon
	monitor // LXC's
	nspawn
	dockerd // which is no container's parent
)

// starter is a process that started containers and stays beside them.
type starter struct {
	index   int // in the Snapshot's processes
	kind    starterKind
	in      string // key of the container that it runs in as payload; "" on the host
	trusted bool   // it is the host's root, outside every container: what it says of itself holds
	owner   uint32 // its real uid, where it is not trusted and on the host
	at      place
	shim    shimArgs
	conmon  conmonArgs
	path    string // monitor: its directory of containers
	name    string // monitor, nspawn: of the container
}

// scan is one look at a Snapshot.
type scan struct {
	s        *inspect.Snapshot
	kinds    map[string]*inspect.Container // by key
	of       []int32                       // of each process the container's index, or noContainer
	starters map[int]*starter              // by PID
	order    []*starter
	dockerd  [2]string // the data root and the configuration that a docker daemon on the host names
	hostNS   nsinfo.Set
}

func newScan(s *inspect.Snapshot) *scan {
	sc := &scan{s: s, kinds: make(map[string]*inspect.Container, len(s.Containers)), starters: map[int]*starter{}}
	sc.of = make([]int32, len(s.Processes))
	sc.index()
	sc.hostNS = hostNamespaces(s)
	for i := range s.Processes {
		sc.look(i)
	}
	return sc
}

// index finds the containers, and each process's, again after their list has changed.
func (sc *scan) index() {
	clear(sc.kinds)
	numbers := make(map[string]int32, len(sc.s.Containers))
	for i := range sc.s.Containers {
		c := &sc.s.Containers[i]
		sc.kinds[c.Key], numbers[c.Key] = c, int32(i)
	}
	for i := range sc.s.Processes {
		number, ok := numbers[sc.s.Processes[i].Container]
		if !ok {
			number = noContainer
		}
		sc.of[i] = number
	}
}

// containerOf is the container of the process at i, as the list was when it was last indexed; nil where it has none.
func (sc *scan) containerOf(i int) *inspect.Container {
	if sc.of[i] == noContainer {
		return nil
	}
	return &sc.s.Containers[sc.of[i]]
}

// hostNamespaces are those of kernel threads, else of PID 1, of which any that differ are left unknown.
func hostNamespaces(s *inspect.Snapshot) (host nsinfo.Set) {
	for _, p := range s.Processes {
		ns, ok := p.Namespaces.Get()
		if !ok || !p.KernelThread && p.PID != 1 {
			continue
		}
		for t := range ns {
			if host[t] == 0 {
				host[t] = ns[t]
			}
		}
		if p.KernelThread || !slices.Contains(host[:], 0) {
			break
		}
	}
	if host[nsinfo.UserNS] == 0 {
		host[nsinfo.UserNS] = s.Host.UserNamespace
	}
	return host
}

// look sees whether the process at i leads to containers. A command's name is what any process may take; what it is
// worth is decided by who runs it, and where.
func (sc *scan) look(i int) {
	p := sc.s.Processes[i]
	kind := starterOf(p.Comm, p.Cmdline)
	if kind == noStarter || p.KernelThread {
		return
	}
	args, _ := p.Cmdline.Get()
	st := starter{index: i, kind: kind}
	ok := false
	switch kind {
	case dockerd:
		if sc.dockerd == ([2]string{}) && sc.trusts(p) {
			sc.dockerd[0], sc.dockerd[1] = dockerdRoot(args)
		}
		return
	case shim:
		st.shim, ok = parseShim(args)
	case conmon:
		st.conmon, ok = parseConmon(args)
	case nspawn:
		st.name, ok = parseNspawn(args)
	case monitor:
		st.path, st.name, ok = parseMonitor(args)
	}
	if !ok {
		return
	}
	st.at = place{p.PID, p.StartTime}
	st.trusted = sc.trusts(p)
	if sc.inside(p) {
		st.in = p.Container
	} else if ids, known := p.UID.Get(); known && !st.trusted {
		st.owner = ids.Real
	}
	sc.starters[p.PID] = &st
	sc.order = append(sc.order, &st)
}

func starterOf(comm string, args inspect.Opt[[]string]) starterKind {
	switch {
	case strings.HasPrefix(comm, "containerd-shim"):
		return shim
	case comm == "conmon":
		return conmon
	case comm == "systemd-nspawn":
		return nspawn
	case comm == "dockerd":
		return dockerd
	case isMonitor(args):
		return monitor
	}
	return noStarter
}

// isMonitor tells an LXC monitor by its title: its comm is that of whatever program started the container.
func isMonitor(cmdline inspect.Opt[[]string]) bool {
	args, _ := cmdline.Get()
	return len(args) > 0 && strings.HasPrefix(args[0], "[lxc monitor] ")
}

// inside tells whether a process is a container's payload.
func (sc *scan) inside(p *inspect.Process) bool {
	c := sc.kinds[p.Container]
	if c == nil || p.Role == inspect.RoleHelper {
		return false
	}
	return c.Kind == inspect.KindContainer || c.Kind == inspect.KindSandbox
}

// trusts tells whether a process is the host's root outside every container.
func (sc *scan) trusts(p *inspect.Process) bool {
	ids, ok := p.UID.Get()
	ns, known := p.Namespaces.Get()
	return ok && known && ids == (inspect.IDs{}) && ns[nsinfo.UserNS] == sc.s.Host.UserNamespace && ns[nsinfo.UserNS] != 0 && !sc.inside(p)
}

// process is the process with that PID, or nil.
func (sc *scan) process(pid int) *inspect.Process {
	i, ok := slices.BinarySearchFunc(sc.s.Processes, pid, func(p *inspect.Process, pid int) int { return p.PID - pid })
	if !ok {
		return nil
	}
	return sc.s.Processes[i]
}
