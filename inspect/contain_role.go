package inspect

import (
	"path"
	"slices"
	"strings"

	"capview/nsinfo"
)

// outsiders are the programs that stand beside a container and are, or were, the parent of its first process.
// A prefix, as comm ends after 15 bytes and shims carry versions.
var outsiders = []string{"containerd-shim", "conmon", "systemd-nspawn", "lxc-start", "bwrap", "runc", "crun"}

// companions are the programs that serve rootless containers from within their user namespace.
var companions = append([]string{"pasta", "passt", "slirp4netns", "rootlessport", "rootlesskit", "fuse-overlayfs", "aardvark-dns"},
	outsiders...)

// holders are the programs that only hold namespaces open: for a pod, or a rootless user.
var holders = []string{"pause", "catatonit", "podman pause"}

func startsAny(names []string, comm string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(comm, n) })
}

// helpers finds the processes that serve a container from outside its cgroup, moves them to its group, and tells
// helpers from payload where only a user namespace makes the group. A comm alone is what any process may claim; it
// counts only with a parent, cgroup or namespace that payload could not have.
func (g *grouper) helpers() {
	for i, p := range g.s.Processes {
		switch kind := g.kind(i); {
		case kind == KindContainer || kind == KindSandbox:
			g.adopt(i)
		case kind == KindUserNS:
			if g.inode(i, nsinfo.PID) == g.pidNS && g.pidNS != 0 {
				g.to[i].Role = companionRole(p.Comm)
			}
			g.adopt(i)
		case p.Comm == "docker-proxy":
			if up := g.process(p.PPID); up != none && g.s.Processes[up].Comm == "dockerd" {
				g.to[i].Role = RoleHelper // of which container only its arguments say
			}
		case kind == KindUnit:
			g.split(i)
		}
	}
}

func companionRole(comm string) Role {
	switch {
	case startsAny(companions, comm):
		return RoleHelper
	case slices.Contains(holders, comm):
		return RoleInfra
	}
	return RolePayload
}

func (g *grouper) kind(i int) Kind {
	if g.of[i] == none {
		return ""
	}
	return g.groups[g.of[i]].Kind
}

// adopt counts a container's process, and makes its parent the container's helper where that is a shim or monitor
// outside of every container that has a name: nodes and rootless engines have namespaces of their own.
func (g *grouper) adopt(i int) {
	p := g.s.Processes[i]
	if g.to[i].Role != RolePayload {
		return
	}
	c := &g.tallies[g.of[i]]
	c.payloads++
	c.sole = i
	up := g.process(p.PPID)
	if up == none || g.of[up] == g.of[i] || g.named(up) {
		return
	}
	if q := g.s.Processes[up]; startsAny(outsiders, q.Comm) && !q.KernelThread {
		g.of[up], g.to[up].Role = g.of[i], RoleHelper
	}
}

// named tells whether a cgroup names the container that the process at i is in.
func (g *grouper) named(i int) bool {
	return g.of[i] != none && g.contains(i) && !g.groups[g.of[i]].unnamed()
}

// unnamed tells whether only a namespace sets c apart.
func (c *Container) unnamed() bool {
	return strings.HasPrefix(c.Key, "pidns/") || strings.HasPrefix(c.Key, "userns/")
}

// split finds the helpers of podman --cgroups=split: unit/runtime beside unit/libpod-payload-ID.
func (g *grouper) split(i int) {
	p, pl := g.s.Processes[i], g.at[i]
	if unit, ok := strings.CutSuffix(p.Cgroup.Or(""), "/runtime"); !ok || unit != pl.id.Path {
		return
	}
	for of := range g.groups {
		if c := &g.groups[of]; c.Runtime == "podman" && path.Dir(c.Cgroup) == pl.id.Path {
			g.of[i], g.to[i].Role = of, RoleHelper
			return
		}
	}
}

// sandboxes tells the containers that only hold a pod's namespaces, by the pod's shim: it is named after them. Where
// no shim is seen or named, by what runs there: one process, called pause or so.
func (g *grouper) sandboxes() {
	for of := range g.groups {
		c := &g.groups[of]
		if c.Kind != KindContainer || !c.Pod.Known() || g.tallies[of].payloads != 1 {
			continue
		}
		sole := g.tallies[of].sole
		p := g.s.Processes[sole]
		if g.to[sole].Nested != "" {
			continue
		}
		holds := slices.Contains(holders, p.Comm)
		if up := g.process(p.PPID); up != none && g.to[up].Role == RoleHelper {
			if id := podShim(g.s.Processes[up].Cmdline.Or(nil)); id != "" {
				holds = id == c.ID
			}
			if holds {
				g.of[up] = of // a pod's shim serves all its containers: it is shown with the sandbox
			}
		}
		if holds {
			c.Kind, g.to[sole].Role = KindSandbox, RoleInfra
		}
	}
}

// podShim is the sandbox's id from the arguments of a containerd shim that serves a whole pod; "" where it does not say.
// Version 1 of the shim serves one container each, whatever it is.
func podShim(args []string) string {
	if len(args) == 0 || strings.HasSuffix(args[0], "-v1") {
		return ""
	}
	for i := range len(args) - 1 {
		if args[i] == "-id" || args[i] == "--id" {
			return args[i+1]
		}
	}
	return ""
}

// zombies puts a dead process, of which the kernel no longer says the cgroup (on v1) or namespaces, with its parent.
func (g *grouper) zombies() {
	for i, p := range g.s.Processes {
		if !dead(p) || g.of[i] != none && g.kind(i) != KindHost {
			continue
		}
		if up := g.living(p.PPID); up != none && (g.of[i] == none || g.contains(up)) {
			g.of[i], g.to[i].Nested = g.of[up], g.to[up].Nested
		}
	}
}

func dead(p *Process) bool { return p.State == "Z" || p.State == "X" }

// living is the nearest of pid and its ancestors that is not dead, or none.
func (g *grouper) living(pid int) int {
	for range g.s.Processes {
		i := g.process(pid)
		if i == none || !dead(g.s.Processes[i]) {
			return i
		}
		pid = g.s.Processes[i].PPID
	}
	return none
}

// contains tells whether the process at i is in a container of any sort.
func (g *grouper) contains(i int) bool {
	switch g.kind(i) {
	case KindContainer, KindSandbox, KindUserNS:
		return true
	}
	return false
}
