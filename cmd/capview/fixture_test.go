package main

import (
	"os"
	"path/filepath"
	"time"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/inspect/filecap"
	"capview/inspect/snapshot"
	"capview/nsinfo"
)

const (
	hostUserNS  = 4026531837
	aliceUserNS = 4026532400
	webID       = "4f5c2a1b9d8e7f604f5c2a1b9d8e7f604f5c2a1b9d8e7f604f5c2a1b9d8e7f60"
)

// fixture is a small node: init, a docker container, a rootless one, and a process with a hostile name.
func fixture() *inspect.Snapshot {
	return &inspect.Snapshot{
		Schema: inspect.Schema, Version: "test", TakenAt: time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC),
		Host: inspect.Host{
			Hostname: "node-7", Kernel: "6.1.0-test", BootID: "0b7e0f6e-0000-4000-8000-000000000001", BootTime: 1767000000,
			ClockTicks: 100, CgroupMode: "unified", CapLastCap: caps.Last, Engine: "procfs", UserNamespace: hostUserNS,
		},
		Processes: []*inspect.Process{
			initProcess(),
			process(412, "nginx", "root", 0, 0xa80425fb, "docker:"+webID, hostUserNS),
			process(413, "nginx-worker", "www-data", 33, 0, "docker:"+webID, hostUserNS),
			process(700, "sleep", "alice", 1001, 0x800405fb, "userns:4026532400", aliceUserNS),
			process(900, "evil\x1b[31m\u202e\n", "root", 0, caps.Of(caps.SysAdmin), "host", hostUserNS),
		},
		Containers: []inspect.Container{
			{Key: "docker:" + webID, Kind: inspect.KindContainer, ID: webID, Name: inspect.Some("web"), Runtime: "docker",
				Image: inspect.Some("nginx:1"), Cgroup: "/docker/" + webID, UserNamespace: inspect.Some[uint64](hostUserNS)},
			{Key: "host", Kind: inspect.KindHost},
			{Key: "userns:4026532400", Kind: inspect.KindUserNS, ID: "4026532400", UserNamespace: inspect.Some[uint64](aliceUserNS)},
		},
		UserNamespaces: []nsinfo.User{
			{Inode: hostUserNS, Parent: inspect.Some[uint64](0), Level: inspect.Some(0), OwnerUID: inspect.Some[uint32](0),
				UIDMap: inspect.Some([]nsinfo.Range{{Inside: 0, Outside: 0, Count: 4294967295}}), GIDMap: inspect.Some([]nsinfo.Range{{Inside: 0, Outside: 0, Count: 4294967295}})},
			{Inode: aliceUserNS, Parent: inspect.Some[uint64](hostUserNS), Level: inspect.Some(1), OwnerUID: inspect.Some[uint32](1001),
				UIDMap: inspect.Some([]nsinfo.Range{{Inside: 0, Outside: 1001, Count: 1}}), GIDMap: inspect.Some([]nsinfo.Range{{Inside: 0, Outside: 1001, Count: 1}})},
		},
		Namespaces: []nsinfo.Namespace{},
		Gaps:       []inspect.Gap{},
	}
}

// process is one whose every fact is known.
func process(pid int, comm, user string, uid uint32, effective caps.Set, container string, userns uint64) *inspect.Process {
	ids := inspect.Some(inspect.IDs{Real: uid, Effective: uid, Saved: uid, FS: uid})
	bounding := effective
	if bounding == 0 {
		bounding = 0xa80425fb
	}
	return &inspect.Process{
		PID: pid, StartTime: uint64(pid) * 100, PPID: 1, Comm: comm, State: "S",
		Cmdline: inspect.Some([]string{"/usr/bin/" + comm, "-x"}), Exe: inspect.Some("/usr/bin/" + comm),
		User: inspect.Some(user), UID: ids, GID: ids, Groups: inspect.Some([]uint32{}),
		Creds: inspect.Creds{
			Caps:       inspect.Some(caps.Sets{Permitted: effective, Effective: effective, Bounding: bounding}),
			NoNewPrivs: inspect.Some(false),
			Seccomp:    inspect.Some(inspect.Seccomp{Mode: inspect.SeccompDisabled, Filters: inspect.Some(0)}),
		},
		Namespaces: inspect.Some(nsinfo.Set{nsinfo.UserNS: userns}), FileCaps: inspect.Some(filecap.Caps{}),
		ExeFile: inspect.Some(inspect.ExeFile{Inode: 7, Mode: 0o755, NoSUID: inspect.Some(false)}),
		Cgroup:  inspect.Some("/"), Container: container, Role: inspect.RolePayload, ThreadCount: 1,
		Threads: []inspect.Thread{}, Gaps: []inspect.Gap{},
	}
}

// later is fixture some time on: the worker gained a capability, sleep left, and a shell appeared in web.
func later() *inspect.Snapshot {
	s := fixture()
	s.TakenAt = s.TakenAt.Add(time.Hour)
	s.Processes = append(s.Processes[:3:3], s.Processes[4],
		process(1200, "sh", "root", 0, 0xa80425fb, "docker:"+webID, hostUserNS))
	s.Processes[2].Caps = inspect.Some(caps.Sets{Permitted: caps.Of(caps.NetRaw), Effective: caps.Of(caps.NetRaw), Bounding: 0xa80425fb})
	return s
}

// partial is fixture as a user without privilege sees it: the namespaces of others cannot be read.
func partial() *inspect.Snapshot {
	s := fixture()
	for _, p := range s.Processes {
		p.Namespaces, p.FileCaps, p.Exe = inspect.Opt[nsinfo.Set]{}, inspect.Opt[filecap.Caps]{}, inspect.Opt[string]{}
		for _, what := range []string{"namespaces", "exe", "file_caps"} {
			p.Gaps = append(p.Gaps, inspect.Gap{Subject: "pid", What: what, Why: "permission denied (needs CAP_SYS_PTRACE)"})
		}
	}
	return s
}

// twins is fixture with a second container named web.
func twins() *inspect.Snapshot {
	s := fixture()
	c := s.Containers[0]
	c.ID = "b" + c.ID[1:]
	c.Key = "podman:" + c.ID
	c.Runtime = "podman"
	s.Containers = append(s.Containers, c)
	return s
}

// asked is fixture with what docker was asked for: fewer capabilities than nginx has, and a seccomp profile.
func asked() *inspect.Snapshot {
	s := fixture()
	s.Containers[0].Declared = inspect.Some(inspect.Declared{Source: "/run/docker/config.json",
		Caps: inspect.Some(caps.Sets{Permitted: caps.Of(caps.Chown), Effective: caps.Of(caps.Chown), Bounding: 0xa80425fb &^ caps.Of(caps.NetRaw)}),
		User: inspect.Some(inspect.SpecUser{}), Seccomp: inspect.Some("profile"), NoNewPrivs: inspect.Some(false)})
	return s
}

// filteredNode is fixture whose nginx runs under a filter of docker's own, and whose sleep under one that was not read.
func filteredNode() *inspect.Snapshot {
	s := fixture()
	s.Host.Machine = "x86_64"
	program, _ := inspect.NewFilterProgram(dockerFilter())
	s.SeccompFilters = []inspect.FilterProgram{program}
	s.Processes[1].Seccomp = inspect.Some(inspect.Seccomp{Mode: inspect.SeccompFilter, Filters: inspect.Some(1), Stack: inspect.Some(inspect.StackOf(program.Hash))})
	s.Processes[3].Seccomp = inspect.Some(inspect.Seccomp{Mode: inspect.SeccompFilter, Filters: inspect.Some(1)})
	return s
}

// dockerFilter is what docker attached to a container with its default capabilities.
func dockerFilter() []byte {
	code, err := os.ReadFile("../../inspect/seccomp/testdata/docker.bpf")
	if err != nil {
		panic(err)
	}
	return code
}

// writeFixtures writes each to a file in dir.
func writeFixtures(dir string) error {
	if err := os.WriteFile(filepath.Join(dir, "docker.bpf"), dockerFilter(), 0o600); err != nil {
		return err
	}
	for name, s := range map[string]*inspect.Snapshot{
		"node.json": fixture(), "later.json": later(), "partial.json": partial(), "twins.json.gz": twins(), "asked.json": asked(), "filtered.json": filteredNode(),
	} {
		if _, err := snapshot.Create(filepath.Join(dir, name), s, snapshot.CreateOptions{UID: -1, GID: -1}); err != nil {
			return err
		}
	}
	return nil
}

// initProcess is the one process without a parent.
func initProcess() *inspect.Process {
	p := process(1, "systemd", "root", 0, caps.Full(caps.Last), "host", hostUserNS)
	p.PPID = 0
	return p
}
