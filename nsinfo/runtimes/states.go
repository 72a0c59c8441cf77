package runtimes

import (
	"path"
	"slices"
	"strconv"

	"capview/inspect"
)

// defaultRoots are where runc and crun keep their states when root runs them by hand.
var defaultRoots = []string{"/run/runc", "/run/crun"}

// rootRequests is the directories of states to look into: root's, those that were asked for, and those of the users who
// own a user namespace with processes that nothing has named yet.
func (l *links) rootRequests(more []string) []request {
	var qs []request
	add := func(dir, runtime string) {
		q := request{kind: byRoot, runtime: runtime, path: path.Clean(dir)}
		if !slices.Contains(qs, q) {
			qs = append(qs, q)
		}
	}
	for _, dir := range defaultRoots {
		add(dir, path.Base(dir))
	}
	for _, dir := range more {
		if path.Base(dir) == "crun" {
			add(dir, "crun")
		} else {
			add(dir, "runc")
		}
	}
	for _, uid := range l.rootless() {
		dir := "/run/user/" + strconv.FormatUint(uint64(uid), 10)
		add(dir+"/runc", "runc")
		add(dir+"/crun", "crun")
	}
	return qs
}

// maxUsers bounds whose directories are looked into.
const maxUsers = 64

// rootless is the users other than root who own a user namespace that makes a group.
func (l *links) rootless() (uids []uint32) {
	for i := range l.s.Containers {
		c := &l.s.Containers[i]
		if c.Kind != inspect.KindUserNS {
			continue
		}
		u := l.userNS(c.UserNamespace.Or(0))
		if u == nil {
			continue
		}
		if uid, ok := u.OwnerUID.Get(); ok && uid != 0 && !slices.Contains(uids, uid) && len(uids) < maxUsers {
			uids = append(uids, uid)
		}
	}
	slices.Sort(uids)
	return uids
}

// unnamed is the groups that only a namespace makes: a state may name them.
func (l *links) unnamed() []string {
	var keys []string
	for i := range l.s.Containers {
		c := &l.s.Containers[i]
		if c.Kind == inspect.KindUserNS || byNamespace(c) {
			keys = append(keys, c.Key)
		}
	}
	return keys
}

// adopt makes instances of the processes that states name, unless a starter or a cgroup told who they are.
func (l *links) adopt(states []state) {
	known, stray := map[int]bool{}, map[int]int{}
	for k, in := range l.instances {
		if in.request.kind == byMounts && in.asks {
			stray[in.init] = k
		} else {
			known[in.init] = true
		}
	}
	for k := range states {
		st := &states[k]
		i, ok := slices.BinarySearchFunc(l.s.Processes, st.pid, func(p *inspect.Process, pid int) int { return p.PID - pid })
		if !ok || known[i] || l.s.Processes[i].StartTime != st.start && st.start != 0 {
			continue
		}
		p := l.s.Processes[i]
		c := l.kinds[p.Container]
		switch {
		case c == nil || st.claimed && !l.mayOwn(p, st.owner):
		case fromCgroup(c):
			if c.ID == st.id && c.Runtime == st.runtime && !c.Declared.Known() && c.NestedIn == "" {
				c.Declared = inspect.Some(st.spec)
			}
		case c.Kind != inspect.KindKernel:
			known[i] = true
			if k, ok := stray[i]; ok {
				l.instances[k] = l.fromState(i, st)
			} else {
				l.instances = append(l.instances, l.fromState(i, st))
			}
		}
	}
}

func (l *links) fromState(i int, st *state) *instance {
	in := &instance{state: st, init: i}
	in.container = inspect.Container{
		Image: inspect.Some(""), Kind: inspect.KindContainer, Runtime: st.runtime, ID: st.id, Name: textOf(st.id), Claimed: st.claimed, Declared: inspect.Some(st.spec),
	}
	if st.claimed && st.owner != 0 {
		in.container.Owner = inspect.Some(st.owner)
	}
	return in
}
