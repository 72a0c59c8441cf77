package advise

import (
	"testing"
	"time"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/inspect/filecap"
	"capview/nsinfo"
)

const (
	hostNS   = 4026531837
	childNS  = 4026532400
	innerNS  = 4026532410
	otherNet = 4026532500
	docker   = caps.Set(0xa80425fb)
	boot     = 1767000000
)

// scene is a docker container, web: nginx as root and its worker, a shell that was nsentered, a process in a user namespace of
// its own, and next to it a rootless container, box.
func scene() *inspect.Snapshot {
	s := &inspect.Snapshot{
		Schema: inspect.Schema,
		Host:   inspect.Host{BootTime: boot, ClockTicks: 100, CapLastCap: caps.Last, UserNamespace: hostNS},
		Processes: []*inspect.Process{
			proc(1, 0, 0, caps.Full(caps.Last), hostNS, "host"),
			proc(100, 1, 0, docker, hostNS, "docker/web"),
			proc(101, 100, 33, 0, hostNS, "docker/web"),
			proc(102, 1, 0, caps.Full(caps.Last), hostNS, "docker/web"),
			proc(103, 101, 33, caps.Full(caps.Last), innerNS, "docker/web"),
			proc(200, 1, 1001, docker, childNS, "podman/box"),
		},
		Containers: []inspect.Container{
			{Key: "docker/web", Kind: inspect.KindContainer, ID: "4f5c2a1b9d8e7f604f5c2a1b9d8e7f60", Name: inspect.Some("web"), Runtime: "docker"},
			{Key: "host", Kind: inspect.KindHost},
			{Key: "podman/box", Kind: inspect.KindContainer, ID: "aa", Name: inspect.Some("box"), Runtime: "podman"},
		},
		UserNamespaces: []nsinfo.User{
			userNS(hostNS, 0, 0, 0, 0), userNS(childNS, hostNS, 1, 1001, 1001), userNS(innerNS, hostNS, 1, 33, 33),
		},
		Namespaces: []nsinfo.Namespace{{Type: "net", Inode: otherNet, Owner: hostNS}},
	}
	s.Processes[1].Caps = inspect.Some(caps.Sets{Permitted: docker, Effective: docker, Bounding: docker})
	s.Processes[2].Caps = inspect.Some(caps.Sets{Bounding: docker})
	s.Processes[3].Entered = "docker/web"
	return s
}

func proc(pid, ppid int, uid uint32, set caps.Set, users uint64, container string) *inspect.Process {
	ids := inspect.Some(inspect.IDs{Real: uid, Effective: uid, Saved: uid, FS: uid})
	ns := nsinfo.Set{nsinfo.UserNS: users, nsinfo.Net: otherNet}
	return &inspect.Process{PID: pid, PPID: ppid, StartTime: uint64(pid) * 100, Comm: "c", State: "S", UID: ids, GID: ids,
		Creds:      inspect.Creds{Caps: inspect.Some(caps.Sets{Permitted: set, Effective: set, Bounding: set}), NoNewPrivs: inspect.Some(false)},
		Namespaces: inspect.Some(ns), FileCaps: inspect.Some(filecap.Caps{}), Exe: inspect.Some("/usr/sbin/nginx"),
		ExeFile: inspect.Some(inspect.ExeFile{NoSUID: inspect.Some(false)}), Container: container, Role: inspect.RolePayload}
}

func userNS(inode, parent uint64, level int, owner, root uint32) nsinfo.User {
	ranges := inspect.Some([]nsinfo.Range{{Inside: 0, Outside: root, Count: 1}})
	if parent == 0 {
		ranges = inspect.Some([]nsinfo.Range{{Count: 4294967295}})
	}
	return nsinfo.User{Inode: inode, Parent: inspect.Some(parent), Level: inspect.Some(level), OwnerUID: inspect.Some(owner), UIDMap: ranges, GIDMap: ranges}
}

// at is a moment by its seconds after boot; web's first process starts at 100.
func at(s int) time.Time { return time.Unix(boot+int64(s), 0).UTC() }

// watchedFor is an observation of the whole node from one second after boot to another.
func watchedFor(from, to int, uses ...Use) *Observation {
	return &Observation{Since: at(from), Until: at(to), Everywhere: true, Uses: uses}
}

// use is a check by web's first process with its credentials, n times.
func use(n uint64, c caps.Cap, syscall string) Use {
	return Use{PID: 100, TID: 100, Comm: "nginx", UID: inspect.Some[uint32](0), GID: inspect.Some[uint32](0), Container: "web", Effective: inspect.Some(docker),
		Cap: c, Allowed: docker.Has(c), Audit: inspect.Some(true), Current: inspect.Some[uint64](hostNS), Target: inspect.Some[uint64](hostNS),
		Syscall: syscall, Count: n, First: at(150), Last: at(160)}
}

func (u Use) with(change func(*Use)) Use {
	change(&u)
	return u
}

// target is a container of the scene.
func target(ix *inspect.Index, key string) Target {
	t := Target{Name: key, Container: ix.Container(key)}
	for _, p := range ix.Processes {
		if p.Container == key {
			t.Processes = append(t.Processes, p)
		}
	}
	return t
}

func adviseWeb(t *testing.T, o *Observation, change ...func(*inspect.Snapshot)) Advice {
	t.Helper()
	s := scene()
	for _, f := range change {
		f(s)
	}
	ix := inspect.NewIndex(s)
	a := Advise(ix, o, target(ix, "docker/web"))
	whole(t, &a)
	return a
}

// whole is what holds of all advice.
func whole(t *testing.T, a *Advice) {
	t.Helper()
	lists := []*Lists{&a.Group.Lists}
	for i := range a.Credentials {
		lists = append(lists, &a.Credentials[i].Lists)
	}
	for _, l := range lists {
		if l.Keep&l.Drop != 0 || l.Keep&l.Unknown != 0 || l.Drop&l.Unknown != 0 || l.NoEffect&^l.Drop != 0 {
			t.Errorf("lists overlap: %+v", *l)
		}
		for _, j := range l.Capabilities {
			in := map[Verdict]caps.Set{Keep: l.Keep, Drop: l.Drop, Unknown: l.Unknown, Wanted: l.Wanted}[j.Verdict]
			switch {
			case !in.Has(j.Cap):
				t.Errorf("%s: %s and not in that list", j.Name, j.Verdict)
			case j.Verdict == Drop && (j.Allowed > 0 || j.Perhaps > 0):
				t.Errorf("%s is to be dropped and was exercised", j.Name)
			case j.Verdict == Drop && !j.NoEffect && (a.Observed.Seconds == 0 || a.Group.Seconds == 0 || a.Observed.Lost > 0 || a.Observed.Only != ""):
				t.Errorf("%s is called unused, and that was not watched", j.Name)
			case (j.Verdict == Keep && j.Allowed == 0 || j.Verdict == Unknown) && len(j.Why) == 0, j.Denied > 0 && j.Denial == "":
				t.Errorf("%s: %s without a reason", j.Name, j.Verdict)
			}
		}
	}
	if now, known := a.Group.Bounding.Get(); known && (a.Group.Keep|a.Group.Drop|a.Group.Unknown)&now != now {
		t.Errorf("no verdict on %s", (now &^ (a.Group.Keep | a.Group.Drop | a.Group.Unknown)).Names())
	}
}

// judged is the judgement of one capability.
func judged(t *testing.T, l *Lists, c caps.Cap) Judgement {
	t.Helper()
	for _, j := range l.Capabilities {
		if j.Cap == c {
			return j
		}
	}
	t.Fatalf("no judgement of %s in %+v", c, l.Capabilities)
	return Judgement{}
}
