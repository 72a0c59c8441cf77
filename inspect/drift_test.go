package inspect

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"capview/inspect/caps"
	"capview/inspect/filecap"
	"capview/nsinfo"
)

// What the runtimes give unasked is what was asked for: nothing is found, whoever the container runs as and whatever
// its processes have given up.
func TestDriftOfDefaults(t *testing.T) {
	rootless := func(sc *scene) {
		const inside = 4026532900
		sc.c.Owner = Some(uint32(1001))
		sc.c.UserNamespace = Some(uint64(inside))
		m := []nsinfo.Range{{Inside: 0, Outside: 1001, Count: 1}, {Inside: 1, Outside: 100000, Count: 65536}}
		sc.s.UserNamespaces = append(sc.s.UserNamespaces, nsinfo.User{Inode: inside, Parent: Some(uint64(sceneHostUser)), Level: Some(1), OwnerUID: Some(uint32(1001)), UIDMap: Some(m), GIDMap: Some(m)})
		sc.all(func(p *Process) {
			ns, _ := p.Namespaces.Get()
			ns[nsinfo.UserNS] = inside
			p.Namespaces, p.UID, p.GID = Some(ns), Some(IDs{1001, 1001, 1001, 1001}), Some(IDs{1001, 1001, 1001, 1001})
		})
	}
	nonRoot := func(sc *scene) {
		set, _ := caps.DefaultFor(sc.c.Runtime)
		sc.asked.User, sc.asked.Caps = Some(SpecUser{UID: 1000, GID: 1000}), Some(caps.Sets{Bounding: set})
		sc.all(func(p *Process) { sc.as(p, 1000) })
	}
	for name, edit := range map[string]func(*scene){
		"as it is": func(*scene) {},
		"non-root": nonRoot,
		"rootless": rootless,
		"non-root, permitted as CRI asks": func(sc *scene) {
			nonRoot(sc)
			set, _ := caps.DefaultFor(sc.c.Runtime)
			sc.asked.Caps = Some(caps.Sets{Bounding: set, Permitted: set, Effective: set})
		},
		"one capability dropped": func(sc *scene) {
			set, _ := caps.DefaultFor(sc.c.Runtime)
			set &^= caps.Of(caps.Kill)
			sc.ask(caps.Sets{Bounding: set, Permitted: set, Effective: set})
			sc.asked.User = Some(SpecUser{UID: 1000, GID: 1000})
			sc.all(func(p *Process) { sc.as(p, 1000) })
		},
		"a pod's namespaces": func(sc *scene) {
			sc.asked.Namespaces = Some([]SpecNamespace{{Type: "mnt"}, {Type: "pid"}, {"net", "/proc/9/ns/net"}, {"ipc", "/proc/9/ns/ipc"}, {"uts", "/proc/9/ns/uts"}})
		},
		"a sandbox within": func(sc *scene) { // chromium, bubblewrap: all capabilities over a namespace of its own
			ns := sceneOwn
			ns[nsinfo.UserNS] = 4026532999
			full := caps.Full(caps.Last)
			sc.child.Namespaces, sc.child.Caps = Some(ns), Some(caps.Sets{Permitted: full, Effective: full, Bounding: full})
		},
		"more filters": func(sc *scene) { sc.child.Seccomp = Some(Seccomp{Mode: SeccompFilter, Filters: Some(3)}) },
		"filters are not counted": func(sc *scene) {
			sc.all(func(p *Process) { p.Seccomp = Some(Seccomp{Mode: SeccompFilter}) })
			sc.shim.Seccomp = Some(Seccomp{Mode: SeccompFilter})
		},
		"zombie": func(sc *scene) { sc.child.State, sc.child.Creds = "Z", Creds{} },
		"inheritable": func(sc *scene) {
			set, _ := caps.DefaultFor(sc.c.Runtime)
			sc.ask(caps.Sets{Bounding: set, Permitted: set, Effective: set, Inheritable: set})
		},
	} {
		for _, runtime := range []string{"docker", "podman", "containerd", "cri-o"} {
			sc := newScene(runtime)
			edit(sc)
			if got := sc.findings(); len(got) > 0 {
				t.Errorf("%s, %s: found %q", runtime, name, got)
			}
		}
	}
}

func TestDrift(t *testing.T) {
	docker, _ := caps.DefaultFor("docker")
	full := caps.Full(caps.Last)
	user := func(sc *scene, s caps.Sets) {
		sc.ask(s)
		sc.asked.User = Some(SpecUser{UID: 1000, GID: 1000})
		sc.all(func(p *Process) { sc.as(p, 1000) })
	}
	bind := caps.Of(caps.NetBindService)
	for _, c := range []struct {
		name string
		edit func(sc *scene)
		want []string
	}{
		{"powerless in bounding only", func(sc *scene) { user(sc, caps.Sets{Bounding: bind}) }, []string{
			"101 102 103 powerless drift notice: asked for net_bind_service in bounding only: as uid 1000 nothing of it is effective (no ambient, no file capability)"}},
		{"powerless as CRI asks", func(sc *scene) { user(sc, caps.Sets{Bounding: bind, Permitted: bind, Effective: bind}) }, []string{
			"101 102 103 powerless drift notice: asked for net_bind_service: as uid 1000 nothing of it is effective (no ambient, no file capability)"}},
		{"powerless beyond the default", func(sc *scene) { user(sc, caps.Sets{Bounding: docker | caps.Of(caps.SysTime)}) }, []string{
			"101 102 103 powerless drift notice: asked for sys_time in bounding only: as uid 1000 nothing of it is effective (no ambient, no file capability)"}},
		{"ambient has power", func(sc *scene) {
			user(sc, caps.Sets{Bounding: bind, Permitted: bind, Effective: bind, Inheritable: bind, Ambient: bind})
		}, nil},
		{"the file has power", func(sc *scene) {
			user(sc, caps.Sets{Bounding: bind})
			sc.all(func(p *Process) { p.sets(func(s *caps.Sets) { s.Permitted, s.Effective = bind, bind }) })
		}, nil},
		{"the file's do not count", func(sc *scene) {
			user(sc, caps.Sets{Bounding: bind})
			sc.first.FileCaps = Some(filecap.Caps{Revision: 2, Permitted: bind, Effective: true})
			sc.child.FileCaps, sc.child.NoNewPrivs = sc.first.FileCaps, Some(true)
			sc.exec_.FileCaps = Opt[filecap.Caps]{}
			sc.first.ExeFile = Some(ExeFile{NoSUID: Some(true)})
		}, []string{
			"101 powerless drift notice: asked for net_bind_service in bounding only: as uid 1000 nothing of it is effective (no ambient; the file's do not count on a nosuid mount)",
			"102 powerless drift notice: asked for net_bind_service in bounding only: as uid 1000 nothing of it is effective (no ambient; no_new_privs keeps the file's from counting)",
			"103 powerless drift notice: asked for net_bind_service in bounding only: as uid 1000 nothing of it is effective (no ambient; what capabilities the file has could not be read)",
			"102 own-nnp note info: has set no_new_privs, which was not asked for"}},
		{"an exec with more", func(sc *scene) {
			sc.exec_.sets(func(s *caps.Sets) {
				s.Permitted |= caps.Of(caps.SysPtrace)
				s.Effective, s.Bounding = s.Permitted, s.Permitted
			})
		},
			[]string{"103 more drift warning: holds sys_ptrace, its container does not"}},
		{"a privileged exec", func(sc *scene) {
			sc.exec_.Caps = Some(caps.Sets{Permitted: full, Effective: full, Bounding: full})
			sc.exec_.Seccomp = Some(Seccomp{Mode: SeccompDisabled, Filters: Some(0)})
		}, []string{
			"103 more drift danger: holds dac_read_search,sys_module,sys_rawio and 24 more, its container does not",
			"103 no-seccomp drift warning: spec has a seccomp profile, the process has none"}},
		{"more in the bounding set", func(sc *scene) {
			sc.exec_.sets(func(s *caps.Sets) { s.Bounding |= caps.Of(caps.SysAdmin) })
		}, []string{"103 more drift notice: may come to hold sys_admin by an execve, its container may not: they are in its bounding set"}},
		{"more in a thread", func(sc *scene) {
			sc.child.Threads = []Thread{{TID: 9, Creds: Creds{Caps: Some(caps.Sets{Permitted: caps.Of(caps.NetAdmin)})}}}
		}, []string{"102 more drift warning: holds net_admin, its container does not"}},
		{"dropped", func(sc *scene) {
			sc.all(func(p *Process) { p.sets(func(s *caps.Sets) { s.Permitted, s.Effective = bind, bind }) })
		}, []string{
			"101 less note info: does not hold chown,dac_override,fowner and 10 more of what execve gives root: the program has dropped it"}},
		{"regained", func(sc *scene) { sc.ask(caps.Sets{Bounding: docker, Permitted: bind, Effective: bind}) }, []string{
			"101 regained drift notice: was not to hold chown,dac_override,fowner and 10 more, but left it in the bounding set: execve gives root all of that"}},
		{"not given", func(sc *scene) {
			sc.asked.Caps = Some(caps.Sets{Bounding: docker | caps.Of(caps.SysResource), Permitted: docker, Effective: docker})
			sc.shim.sets(func(s *caps.Sets) { s.Bounding &^= caps.Of(caps.SysResource) })
		}, []string{"101 not-given drift notice: asked for sys_resource in the bounding set and does not have it: the runtime does not have it itself"}},
		{"not given or dropped", func(sc *scene) {
			sc.asked.Caps = Some(caps.Sets{Bounding: docker | caps.Of(caps.SysResource), Permitted: docker, Effective: docker})
		}, []string{"101 not-given note info: asked for sys_resource in the bounding set and does not have it: the runtime could not give it, or the program has dropped it since"}},
		{"no seccomp", func(sc *scene) {
			sc.all(func(p *Process) { p.Seccomp = Some(Seccomp{Mode: SeccompDisabled, Filters: Some(0)}) })
		},
			[]string{"101 102 103 no-seccomp drift warning: spec has a seccomp profile, the process has none"}},
		{"only the outer filter", func(sc *scene) { sc.shim.Seccomp = sc.first.Seccomp },
			[]string{"101 102 103 no-seccomp drift warning: spec has a seccomp profile, the process has no filter but those its runtime runs under"}},
		{"own filter", func(sc *scene) { sc.asked.Seccomp = Some("none") }, []string{"101 102 103 own-seccomp note info: has a seccomp filter of its own: spec has no profile"}},
		{"unconfined under a filter", func(sc *scene) { sc.asked.Seccomp, sc.shim.Seccomp = Some("none"), sc.first.Seccomp }, nil},
		{"no nnp", func(sc *scene) { sc.asked.NoNewPrivs = Some(true) }, []string{"101 102 103 no-nnp drift warning: no_new_privs was asked for, the process does not have it"}},
		{"own nnp", func(sc *scene) { sc.child.NoNewPrivs = Some(true) }, []string{"102 own-nnp note info: has set no_new_privs, which was not asked for"}},
		{"a worker's user", func(sc *scene) { sc.as(sc.child, 33) }, []string{"102 user note info: runs as uid 33, the container was started as uid 0"}},
		{"an exec as root", func(sc *scene) {
			sc.asked.User, sc.asked.Caps = Some(SpecUser{UID: 1000, GID: 1000}), Some(caps.Sets{Bounding: docker})
			sc.as(sc.first, 1000)
			sc.as(sc.child, 1000)
		}, []string{"103 user drift notice: runs as root inside, asked for as uid 1000: an exec as root, or a set-id file"}},
		{"another group", func(sc *scene) { sc.first.GID = Some(IDs{5, 5, 5, 5}) }, []string{"101 user note info: runs with gid 5, the container was started with gid 0"}},
		{"host's pid namespace, unasked", func(sc *scene) {
			sc.all(func(p *Process) {
				ns, _ := p.Namespaces.Get()
				ns[nsinfo.PID] = sceneHost[nsinfo.PID]
				p.Namespaces = Some(ns)
			})
		}, []string{"101 102 103 namespace drift warning: asked for its own pid namespace, is in the host's"}},
		{"host's net namespace, as asked", func(sc *scene) {
			sc.asked.Namespaces = Some([]SpecNamespace{{Type: "mnt"}, {Type: "pid"}, {Type: "ipc"}})
			sc.all(func(p *Process) {
				ns, _ := p.Namespaces.Get()
				ns[nsinfo.Net], ns[nsinfo.UTS] = sceneHost[nsinfo.Net], sceneHost[nsinfo.UTS]
				p.Namespaces = Some(ns)
			})
		}, []string{"container host-namespace risk notice: shares the host's net namespace, as asked"}},
		{"host's ipc namespace, by path and unknown", func(sc *scene) {
			sc.asked.Namespaces = Some([]SpecNamespace{{Type: "mnt"}, {Type: "pid"}, {Type: "net"}, {"ipc", "/proc/1/ns/ipc"}})
			sc.all(func(p *Process) {
				ns, _ := p.Namespaces.Get()
				ns[nsinfo.IPC] = sceneHost[nsinfo.IPC]
				p.Namespaces = Some(ns)
			})
		}, []string{"container host-namespace risk notice: shares the host's ipc namespace, as asked"}},
		{"an exec in the host's mounts", func(sc *scene) {
			ns := sceneOwn
			ns[nsinfo.Mount] = sceneHost[nsinfo.Mount]
			sc.asked.Namespaces = Some([]SpecNamespace{{"mnt", "/x"}})
			sc.exec_.Namespaces = Some(ns)
		}, []string{"103 namespace drift danger: is in the host's mnt namespace, its container is not"}},
		{"other id map", func(sc *scene) {
			const inside = 4026532901
			sc.asked.UIDMap = Some([]nsinfo.Range{{Inside: 0, Outside: 100000, Count: 65536}})
			sc.asked.GIDMap = Some([]nsinfo.Range{{Inside: 0, Outside: 100000, Count: 10}, {Inside: 10, Outside: 100010, Count: 10}})
			sc.s.UserNamespaces = append(sc.s.UserNamespaces, nsinfo.User{Inode: inside, UIDMap: Some([]nsinfo.Range{{Inside: 0, Outside: 200000, Count: 65536}}),
				GIDMap: Some([]nsinfo.Range{{Inside: 0, Outside: 100000, Count: 20}})})
			sc.all(func(p *Process) {
				ns, _ := p.Namespaces.Get()
				ns[nsinfo.UserNS] = inside
				p.Namespaces, p.UID, p.GID = Some(ns), Some(IDs{200000, 200000, 200000, 200000}), Some(IDs{100000, 100000, 100000, 100000})
			})
		}, []string{"101 id-map drift warning: its user namespace's uid_map is not as asked for"}},
		{"no user namespace", func(sc *scene) {
			sc.asked.Namespaces = Some([]SpecNamespace{{Type: "user"}})
		}, []string{"101 102 103 namespace drift danger: asked for its own user namespace, is in the host's"}},
		{"entered", func(sc *scene) {
			sc.exec_.Container, sc.exec_.Entered, sc.exec_.PPID = "", sc.c.Key, 1
			sc.exec_.Caps = Some(caps.Sets{Permitted: full, Effective: full, Bounding: full})
			sc.exec_.Seccomp = Some(Seccomp{Mode: SeccompDisabled, Filters: Some(0)})
		}, []string{
			"103 more drift danger: holds dac_read_search,sys_module,sys_rawio and 24 more, its container does not",
			"103 entered drift warning: is in the container's namespaces, not in its cgroup: entered from elsewhere (nsenter), the container's limits do not hold for it",
			"103 no-seccomp drift warning: spec has a seccomp profile, the process has none"}},
		{"outside", func(sc *scene) { sc.exec_.Outside, sc.exec_.Namespaces = true, Some(sceneHost) },
			[]string{"103 outside drift warning: is in the container's cgroup, in none of the container's own namespaces"}},
		{"outside, and older than the container", func(sc *scene) {
			sc.exec_.StartTime, sc.exec_.PPID, sc.exec_.Namespaces = 2, 1, Some(sceneHost)
		}, []string{"103 outside drift warning: is in the container's cgroup, in none of the container's own namespaces"}},
		{"powerless, all by name", func(sc *scene) { user(sc, caps.Sets{Bounding: bind | caps.Of(caps.SysPtrace)}) }, []string{
			"101 102 103 powerless drift notice: asked for net_bind_service,sys_ptrace in bounding only: as uid 1000 nothing of it is effective (no ambient, no file capability)"}},
		{"nested", func(sc *scene) { // docker in docker: the inner container's own specification counts
			sc.child.Nested = "docker/web/docker/inner"
			sc.child.sets(func(s *caps.Sets) { *s = caps.Sets{} })
			sc.child.Seccomp = Some(Seccomp{Mode: SeccompDisabled})
		}, nil},
		{"privileged", func(sc *scene) {
			sc.ask(caps.Sets{Bounding: full, Permitted: full, Effective: full})
			sc.asked.Privileged, sc.asked.Seccomp = Some(true), Some("none")
			sc.all(func(p *Process) { p.Seccomp = Some(Seccomp{Mode: SeccompDisabled}) })
		}, []string{"container privileged risk danger: privileged, as asked: all capabilities, all devices, no seccomp profile"}},
		{"mounts", func(sc *scene) {
			sc.asked.Mounts = Some([]SpecMount{{"/", "/host", true, "the host's root directory"}, {"/etc", "/e", false, "the host's configuration"},
				{"/run/docker.sock", "/s", true, "docker's socket"}, {"proc", "/proc", false, "/proc/sys writable"}, {"/x", "/x", false, ""}})
		}, []string{
			"container mount risk warning: mounts the host's configuration at /e, writable",
			"container mount risk warning: mounts docker's socket at /s, read-only",
			"container mount risk warning: mounts /proc/sys writable at /proc",
			"container mount risk notice: mounts the host's root directory at /host, read-only"}},
		{"no spec", func(sc *scene) { sc.asked = Declared{} }, []string{
			"container no-spec cannot-tell notice: what it was asked for is not known: no specification of it was found"}},
		{"half a spec", func(sc *scene) { sc.asked.Caps, sc.asked.User = Opt[caps.Sets]{}, Opt[SpecUser]{} }, []string{
			"container no-spec cannot-tell info: which capabilities, user it was asked for is not known: /bundle/config.json does not tell"}},
		{"unreadable", func(sc *scene) { sc.child.Creds, sc.child.Namespaces = Creds{}, Opt[nsinfo.Set]{} }, []string{
			"102 unreadable cannot-tell notice: its capabilities, seccomp, no_new_privs, namespaces could not be read: whether it is as asked cannot be told"}},
		{"starting", func(sc *scene) {
			sc.exec_.Comm, sc.exec_.Exe = "runc:[2:INIT]", Some("/usr/sbin/runc")
			sc.exec_.Caps = Some(caps.Sets{Permitted: full, Effective: full, Bounding: full})
		}, []string{"103 starting cannot-tell info: is the runtime's own still: what was asked for holds from its execve on"}},
		{"not starting", func(sc *scene) {
			sc.exec_.Comm = "runc:[2:INIT]"
			sc.exec_.sets(func(s *caps.Sets) { s.Effective |= caps.Of(caps.SysTime) })
		}, []string{"103 more drift warning: holds sys_time, its container does not"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			sc := newScene("docker")
			c.edit(sc)
			if got := sc.findings(); !slices.Equal(got, c.want) {
				t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// Every kind is documented, and every finding has words and a gravity that is known.
func TestFindingKinds(t *testing.T) {
	if len(slices.Compact(slices.Sorted(slices.Values(FindingKinds)))) != len(FindingKinds) {
		t.Error("a kind is listed twice")
	}
	for _, g := range []Gravity{GravityInfo, GravityNotice, GravityWarning, GravityDanger} {
		if _, known := gravityRank[g]; !known {
			t.Errorf("%s has no rank", g)
		}
	}
}

// A group that no runtime made was asked for nothing.
func TestNoDriftOutsideContainers(t *testing.T) {
	s := Snapshot{Containers: []Container{{Key: "unit/x", Kind: KindUnit}, {Key: "userns/1", Kind: KindUserNS}},
		Processes: []*Process{{PID: 1, Container: "unit/x"}, {PID: 2, Container: "userns/1"}, {PID: 3}}}
	ix := NewIndex(&s)
	for i := range s.Processes {
		if got := Drift(ix, s.Processes[i]); got != nil {
			t.Errorf("pid %d: %v", i+1, got)
		}
	}
	for i := range s.Containers {
		if got := ContainerDrift(ix, &s.Containers[i], nil); len(got) > 0 {
			t.Errorf("%s: %v", s.Containers[i].Key, got)
		}
	}
}

func TestSameMap(t *testing.T) {
	a := []nsinfo.Range{{Inside: 1, Outside: 100, Count: 5}, {Inside: 0, Outside: 99, Count: 1}}
	for _, c := range []struct {
		b       []nsinfo.Range
		outside bool
		want    bool
	}{
		{[]nsinfo.Range{{Inside: 0, Outside: 99, Count: 6}}, true, true}, {[]nsinfo.Range{{Inside: 0, Outside: 98, Count: 6}}, true, false},
		{[]nsinfo.Range{{Inside: 0, Outside: 98, Count: 6}}, false, true}, {[]nsinfo.Range{{Inside: 0, Outside: 99, Count: 5}}, false, false}, {nil, false, false},
	} {
		if got := sameMap(a, c.b, c.outside); got != c.want {
			t.Errorf("%v, outside %v: %v", c.b, c.outside, got)
		}
	}
	if !reflect.DeepEqual(a[0], nsinfo.Range{Inside: 1, Outside: 100, Count: 5}) {
		t.Error("the map was changed by comparing it")
	}
}
