package inspect

import (
	"fmt"
	"strings"

	"capview/inspect/caps"
	"capview/inspect/filecap"
	"capview/nsinfo"
)

// scene is a node with one container: its shim, its first process, a child of that and an exec.
type scene struct {
	s                         Snapshot
	c                         *Container
	asked                     Declared
	shim, first, child, exec_ *Process
}

const sceneHostUser = 4026531837

var sceneHost = nsinfo.Set{nsinfo.CgroupNS: 1, nsinfo.IPC: 2, nsinfo.Mount: 3, nsinfo.Net: 4, nsinfo.PID: 5, nsinfo.Time: 6, nsinfo.UserNS: sceneHostUser, nsinfo.UTS: 8}

var sceneOwn = nsinfo.Set{nsinfo.CgroupNS: 1, nsinfo.IPC: 12, nsinfo.Mount: 13, nsinfo.Net: 14, nsinfo.PID: 15, nsinfo.Time: 6, nsinfo.UserNS: sceneHostUser, nsinfo.UTS: 18}

// newScene is a container as the runtime makes it with nothing asked for: its default capabilities, profile and
// namespaces, as root.
func newScene(runtime string) *scene {
	set, _ := caps.DefaultFor(runtime)
	full := caps.Full(caps.Last)
	sc := &scene{asked: Declared{
		Source: "/bundle/config.json",
		Caps:   Some(caps.Sets{Bounding: set, Permitted: set, Effective: set}), User: Some(SpecUser{}), NoNewPrivs: Some(false),
		Seccomp: Some("profile"), SeccompDefault: Some("SCMP_ACT_ERRNO"), UIDMap: Some([]nsinfo.Range{}), GIDMap: Some([]nsinfo.Range{}),
		Namespaces: Some([]SpecNamespace{{Type: "mnt"}, {Type: "net"}, {Type: "uts"}, {Type: "pid"}, {Type: "ipc"}}),
		Mounts:     Some([]SpecMount{}), Privileged: Some(false),
	}}
	key := runtime + "/web"
	sc.s = Snapshot{
		Host:           Host{CapLastCap: caps.Last, UserNamespace: sceneHostUser, BootID: "b"},
		UserNamespaces: []nsinfo.User{{Inode: sceneHostUser, Level: Some(0), Parent: Some(uint64(0)), UIDMap: Some([]nsinfo.Range{{Count: 1<<32 - 1}}), GIDMap: Some([]nsinfo.Range{{Count: 1<<32 - 1}})}},
		Containers:     []Container{{Key: key, Kind: KindContainer, Runtime: runtime, ID: "web", Name: Some("web"), UserNamespace: Some(uint64(sceneHostUser))}},
		Processes:      make([]*Process, 5),
	}
	ps := sc.s.Processes
	ps[0] = sceneProcess(1, 0, "", sceneHost, caps.Sets{Permitted: full, Effective: full, Bounding: full}, 0)
	ps[1] = sceneProcess(100, 1, key, sceneHost, caps.Sets{Permitted: full, Effective: full, Bounding: full}, 0)
	ps[1].Role, ps[1].Comm = RoleHelper, "containerd-shim"
	given := caps.Sets{Permitted: set, Effective: set, Bounding: set}
	ps[2], ps[3], ps[4] = sceneProcess(101, 100, key, sceneOwn, given, 1), sceneProcess(102, 101, key, sceneOwn, given, 1), sceneProcess(103, 100, key, sceneOwn, given, 1)
	sc.c, sc.shim, sc.first, sc.child, sc.exec_ = &sc.s.Containers[0], ps[1], ps[2], ps[3], ps[4]
	return sc
}

func sceneProcess(pid, ppid int, key string, ns nsinfo.Set, s caps.Sets, filters int) *Process {
	mode := SeccompDisabled
	if filters > 0 {
		mode = SeccompFilter
	}
	return &Process{PID: pid, PPID: ppid, StartTime: uint64(pid), Comm: "app", State: "S", Exe: Some("/bin/app"), Container: key, Role: RolePayload,
		Namespaces: Some(ns), FileCaps: Some(filecap.Caps{}), UID: Some(IDs{}), GID: Some(IDs{}), User: Some("root"), ThreadCount: 1,
		Creds: Creds{Caps: Some(s), NoNewPrivs: Some(false), Seccomp: Some(Seccomp{Mode: mode, Filters: Some(filters)})}}
}

// as makes p run as uid after an execve that found no file capabilities: nothing is left effective.
func (sc *scene) as(p *Process, uid uint32) {
	p.UID, p.GID = Some(IDs{uid, uid, uid, uid}), Some(IDs{uid, uid, uid, uid})
	p.sets(func(s *caps.Sets) { s.Permitted, s.Effective = s.Ambient, s.Ambient })
}

func (p *Process) sets(edit func(*caps.Sets)) {
	s, _ := p.Caps.Get()
	edit(&s)
	p.Caps = Some(s)
}

func (sc *scene) all(edit func(*Process)) {
	for _, p := range []*Process{sc.first, sc.child, sc.exec_} {
		edit(p)
	}
}

// ask makes the container asked for these capabilities, and gives its processes what execve would as root.
func (sc *scene) ask(s caps.Sets) {
	sc.asked.Caps = Some(s)
	has := s.Bounding | s.Inheritable
	sc.all(func(p *Process) {
		p.Caps = Some(caps.Sets{Bounding: s.Bounding, Inheritable: s.Inheritable, Permitted: has, Effective: has, Ambient: s.Ambient})
	})
}

// findings is what is found, a line each: "who kind sort gravity: text".
func (sc *scene) findings() []string {
	if sc.asked.Source != "" {
		sc.c.Declared = Some(sc.asked)
	}
	ix := NewIndex(&sc.s)
	var members []*Process
	for i := range sc.s.Processes {
		if sc.s.Processes[i].Container == sc.c.Key || sc.s.Processes[i].Entered == sc.c.Key {
			members = append(members, sc.s.Processes[i])
		}
	}
	var lines []string
	for _, f := range ContainerDrift(ix, sc.c, members) {
		who := "container"
		if len(f.PIDs) > 0 {
			who = strings.Trim(fmt.Sprint(f.PIDs), "[]")
		}
		lines = append(lines, fmt.Sprintf("%s %s %s %s: %s", who, f.Kind, f.Sort, f.Gravity, f.Text))
	}
	return lines
}
