package view

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/inspect/filecap"
	"capview/nsinfo"
)

const (
	hostNS  = 4026531837
	aliceNS = 4026532500
	nestNS  = 4026532600

	dockerSet = caps.Set(0xa80425fb)
)

var allCaps = caps.Full(caps.CheckpointRestore)

// node is a small node with what is hard to show: a container by docker, one with everything, a pod's with file
// capabilities that cannot count, rootless podman, a namespace in a namespace, threads that differ, names made by an
// adversary, and a process that could not be read.
func node(testing.TB) *inspect.Index {
	s := &inspect.Snapshot{
		Schema:  inspect.Schema,
		TakenAt: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC),
		Host: inspect.Host{Hostname: "node-7", Kernel: "6.18.44", BootTime: 1795300000, ClockTicks: 100,
			CapLastCap: caps.CheckpointRestore, UserNamespace: hostNS},
		UserNamespaces: []nsinfo.User{
			user(hostNS, 0, 0, 0, nsinfo.Range{Count: 4294967295}),
			user(aliceNS, hostNS, 1, 1000, nsinfo.Range{Inside: 0, Outside: 1000, Count: 1}, nsinfo.Range{Inside: 1, Outside: 100000, Count: 65536}),
			{Inode: nestNS, Parent: inspect.Some[uint64](aliceNS)},
		},
		Namespaces: []nsinfo.Namespace{{Type: "net", Inode: 4026531840, Owner: hostNS}, {Type: "net", Inode: 4026532501, Owner: aliceNS}},
	}
	s.Containers = containers()
	s.Processes = append(hostProcesses(), containedProcesses()...)
	slices.SortFunc(s.Processes, func(a, b *inspect.Process) int { return cmp.Compare(a.PID, b.PID) })
	return inspect.NewIndex(s)
}

func user(inode, parent uint64, level int, owner uint32, m ...nsinfo.Range) nsinfo.User {
	return nsinfo.User{Inode: inode, Parent: inspect.Some(parent), Level: inspect.Some(level), OwnerUID: inspect.Some(owner),
		UIDMap: inspect.Some(m), GIDMap: inspect.Some(m)}
}

func containers() []inspect.Container {
	id := func(c byte) string {
		b := make([]byte, 64)
		for i := range b {
			b[i] = c
		}
		return string(b)
	}
	return []inspect.Container{
		{Key: "docker/" + id('a'), Kind: inspect.KindContainer, ID: id('a'), Name: inspect.Some("web"), Runtime: "docker",
			Image: inspect.Some("nginx:1.27"), Cgroup: "/docker/" + id('a'), UserNamespace: inspect.Some[uint64](hostNS), Declared: inspect.Some(webSpec())},
		{Key: "docker/" + id('b'), Kind: inspect.KindContainer, ID: id('b'), Runtime: "docker"},
		{Key: "containerd/" + id('c'), Kind: inspect.KindContainer, ID: id('c'), Name: inspect.Some("coredns"), Runtime: "containerd",
			Image: inspect.Some("registry.k8s.io/coredns:v1.11"), Pod: inspect.Some(inspect.Pod{Name: "coredns-1", Namespace: "kube-system"})},
		{Key: "podman/" + id('d'), Kind: inspect.KindContainer, ID: id('d'), Name: inspect.Some("db\x1b]0;owned\a"), Runtime: "podman", Claimed: true,
			Declared: inspect.Some(inspect.Declared{Caps: inspect.Some(caps.Sets{Permitted: 0x800405fb, Effective: 0x800405fb, Bounding: 0x800405fb}), NoNewPrivs: inspect.Some(false)})},
		{Key: "unit/ssh.service", Kind: inspect.KindUnit, Unit: "ssh.service", ID: "ssh.service", Name: inspect.Some("ssh.service")},
		{Key: "kernel", Kind: inspect.KindKernel},
	}
}

func hostProcesses() []*inspect.Process {
	sshd := process(812, 1, "sshd", "root", 0, all(), "unit/ssh.service")
	sshd.Cmdline = inspect.Some([]string{"sshd: /usr/sbin/sshd -D [listener]", "", "x"})
	kthreadd := process(2, 0, "kthreadd", "root", 0, all(), "kernel")
	kthreadd.KernelThread, kthreadd.Cmdline, kthreadd.Exe = true, inspect.Some([]string{}), inspect.Some("")
	kthreadd.ExeFile = inspect.Opt[inspect.ExeFile]{}
	ping := process(900, 812, "ping", "alice", 1000, caps.Sets{Permitted: caps.Of(caps.NetRaw), Effective: caps.Of(caps.NetRaw), Bounding: allCaps}, "unit/ssh.service")
	ping.FileCaps = inspect.Some(filecap.Caps{Revision: 2, Text: "cap_net_raw=ep", Effective: true, Permitted: caps.Of(caps.NetRaw)})
	su := process(901, 812, "su", "alice", 1000, caps.Sets{Bounding: allCaps}, "unit/ssh.service")
	su.ExeFile = inspect.Some(inspect.ExeFile{Device: 0xfe00, Inode: 77, Ctime: 1700000000e9, Mode: 0o6755, GID: 42, NoSUID: inspect.Some(false)})
	su.UID = inspect.Some(inspect.IDs{Real: 1000, Effective: 1000, Saved: 0, FS: 1000})
	return []*inspect.Process{process(1, 0, "systemd", "root", 0, all(), ""), kthreadd, sshd, ping, su, hidden7000()}
}

// hidden7000 is another user's process as an unprivileged reader meets it.
func hidden7000() *inspect.Process {
	p := &inspect.Process{PID: 7000, PPID: 1, StartTime: 700000, Comm: "secret", State: "S", ThreadCount: 1}
	for _, what := range []string{"exe", "namespaces", "file_caps", "caps"} {
		p.Gaps = append(p.Gaps, inspect.Gap{Subject: "pid 7000", What: what, Why: "permission denied (needs CAP_SYS_PTRACE)"})
	}
	return p
}

func containedProcesses() []*inspect.Process {
	key := func(runtime string, c byte) string {
		for _, x := range containers() {
			if x.Runtime == runtime && x.ID[0] == c {
				return x.Key
			}
		}
		return ""
	}
	docker := caps.Sets{Permitted: dockerSet, Effective: dockerSet, Bounding: dockerSet}
	web := process(2000, 1, "nginx", "root", 0, docker, key("docker", 'a'))
	web.Seccomp = filter(1, "default")
	worker := process(2001, 2000, "nginx", "www-data", 33, caps.Sets{Bounding: dockerSet}, key("docker", 'a'))
	worker.Seccomp, worker.ThreadCount = filter(1, "default"), 4
	worker.Threads = []inspect.Thread{{TID: 2005, Comm: "aio\n2005", UID: worker.UID, GID: worker.GID, Creds: inspect.Creds{
		Caps:       inspect.Some(caps.Sets{Permitted: caps.Of(caps.NetAdmin), Effective: caps.Of(caps.NetAdmin), Bounding: dockerSet}),
		NoNewPrivs: inspect.Some(false), Seccomp: filter(2, "")}}}
	privileged := process(2100, 1, "agent", "root", 0, all(), key("docker", 'b'))
	shim := process(1999, 1, "containerd-shim", "root", 0, all(), key("docker", 'a'))
	shim.Role = inspect.RoleHelper
	few := caps.Sets{Effective: 1 << 10, Permitted: 1 << 10, Bounding: 1 << 10}
	dns := process(4211, 1, "coredns", "1001", 1001, few, key("containerd", 'c'))
	dns.Seccomp, dns.NoNewPrivs = filter(1, ""), inspect.Some(true)
	dns.FileCaps = inspect.Some(filecap.Caps{Revision: 2, Text: "cap_net_bind_service=ep", Effective: true, Permitted: caps.Of(caps.NetBindService)})
	podman := caps.Sets{Permitted: 0x800405fb, Effective: 0x800405fb, Bounding: 0x800405fb}
	db := inNS(process(5000, 1, "post\x1b[31mgres", "alice", 1000, podman, key("podman", 'd')), aliceNS)
	db.Seccomp, db.Exe = filter(2, "default"), inspect.Some("/usr/bin/postgres (deleted)")
	db.FileCaps = inspect.Some(filecap.Caps{Revision: 3, RootID: 100000, Text: "cap_sys_nice=ep", Effective: true, Permitted: caps.Of(caps.SysNice)})
	sandbox := inNS(process(5001, 5000, "zygote\u202egnp", "100032", 100032, caps.Sets{Permitted: allCaps, Effective: allCaps, Bounding: allCaps}, key("podman", 'd')), nestNS)
	return []*inspect.Process{shim, web, worker, privileged, dns, db, sandbox}
}

func all() caps.Sets { return caps.Sets{Permitted: allCaps, Effective: allCaps, Bounding: allCaps} }

func filter(n int, profile string) inspect.Opt[inspect.Seccomp] {
	s := inspect.Seccomp{Mode: inspect.SeccompFilter, Filters: inspect.Some(n)}
	if profile != "" {
		s.Profile = inspect.Some(profile)
	}
	return inspect.Some(s)
}

func inNS(p *inspect.Process, user uint64) *inspect.Process {
	ns, _ := p.Namespaces.Get()
	ns[nsinfo.UserNS], ns[nsinfo.Net] = user, 4026532501
	p.Namespaces = inspect.Some(ns)
	return p
}

func process(pid, ppid int, comm, name string, uid uint32, s caps.Sets, container string) *inspect.Process {
	ids := inspect.IDs{Real: uid, Effective: uid, Saved: uid, FS: uid}
	return &inspect.Process{
		PID: pid, PPID: ppid, StartTime: uint64(pid) * 100, Comm: comm, State: "S",
		Cmdline: inspect.Some([]string{"/usr/bin/" + comm}), Exe: inspect.Some("/usr/bin/" + comm),
		ExeFile: inspect.Some(inspect.ExeFile{Device: 0xfe00, Inode: uint64(pid), Ctime: 1700000000e9, Mode: 0o755, NoSUID: inspect.Some(false)}),
		User:    inspect.Some(name), UID: inspect.Some(ids), GID: inspect.Some(ids), Groups: inspect.Some([]uint32{uid}),
		Creds: inspect.Creds{Caps: inspect.Some(s), NoNewPrivs: inspect.Some(false),
			Seccomp: inspect.Some(inspect.Seccomp{Mode: inspect.SeccompDisabled, Filters: inspect.Some(0)})},
		Namespaces: inspect.Some(nsinfo.Set{4026531835, 4026531839, 4026531841, 4026531840, 4026531836, 4026531834, hostNS, 4026531838}),
		FileCaps:   inspect.Some(filecap.Caps{}),
		Cgroup:     inspect.Some("/"), Container: container, Role: inspect.RolePayload, ThreadCount: 1,
	}
}

func rowsOf(ix *inspect.Index) []Row {
	rows := make([]Row, len(ix.Processes))
	for i := range ix.Processes {
		rows[i] = Row{Ix: ix, P: ix.Processes[i]}
	}
	return rows
}

// groupsOf groups by container in the order of the snapshot, and the rest at the end.
func groupsOf(ix *inspect.Index) []GroupRow {
	var rows []GroupRow
	for i := range ix.Containers {
		c := &ix.Containers[i]
		rows = append(rows, NewGroupRow(ix, inspect.Group{Key: c.Key, Label: ix.Label(c), Kind: c.Kind, Container: c, Processes: members(ix, c.Key)}))
	}
	return append(rows, NewGroupRow(ix, inspect.Group{Key: "", Label: "rest", Processes: members(ix, "")}))
}

func members(ix *inspect.Index, key string) (ps []*inspect.Process) {
	for i := range ix.Processes {
		if ix.Processes[i].Container == key {
			ps = append(ps, ix.Processes[i])
		}
	}
	return ps
}

// webSpec is asked of docker for a container that is not root's, sees the host's network and may use docker's socket.
func webSpec() inspect.Declared {
	return inspect.Declared{
		Source: "/run/docker/x\u202e/config.json", Caps: inspect.Some(caps.Sets{Permitted: dockerSet, Effective: dockerSet, Bounding: dockerSet}),
		User: inspect.Some(inspect.SpecUser{}), NoNewPrivs: inspect.Some(true), Seccomp: inspect.Some("profile"), SeccompDefault: inspect.Some("SCMP_ACT_ERRNO"),
		Namespaces: inspect.Some([]inspect.SpecNamespace{{Type: "mnt"}, {Type: "pid", Path: "/proc/7/ns/pid"}}),
		UIDMap:     inspect.Some([]nsinfo.Range{}), GIDMap: inspect.Some([]nsinfo.Range{}), Privileged: inspect.Some(false),
		Mounts: inspect.Some([]inspect.SpecMount{{Source: "/run/docker.sock", Destination: "/sock\x1b", Risk: "docker's socket", ReadOnly: true}}),
	}
}
