package inspect

import (
	"testing"

	"capview/inspect/fact"
	"capview/inspect/rules"
	"capview/nsinfo"
)

// taskNode is init, a child of user 1000, and a rootless one whose root is user 1000.
func taskNode() *Index {
	ids := func(id uint32) Opt[IDs] { return Some(IDs{id, id, id, id}) }
	spaces := func(user, net, pid uint64) Opt[nsinfo.Set] {
		return Some(nsinfo.Set{nsinfo.UserNS: user, nsinfo.Net: net, nsinfo.PID: pid})
	}
	whole := Some([]nsinfo.Range{{Count: 4294967295}})
	one := Some([]nsinfo.Range{{Inside: 0, Outside: 1000, Count: 1}})
	return NewIndex(&Snapshot{
		Host: Host{Kernel: "6.1.0", UserNamespace: initialUserNS},
		Processes: []*Process{
			{PID: 1, UID: ids(0), GID: ids(0), Namespaces: spaces(initialUserNS, 10, 20)},
			{PID: 5, PPID: 1, UID: ids(1000), GID: ids(1000), Namespaces: spaces(initialUserNS, 10, 20), Status: "Tgid:\t5\nTracerPid:\t0\n"},
			{PID: 6, PPID: 5, UID: ids(1000), GID: ids(1000), Namespaces: spaces(7, 11, 21), Status: "Tgid:\t5\nTracerPid:\t5\n"},
		},
		UserNamespaces: []nsinfo.User{
			{Inode: initialUserNS, Parent: Some(uint64(0)), Level: Some(0), UIDMap: whole, GIDMap: whole},
			{Inode: 7, Parent: Some(uint64(initialUserNS)), Level: Some(1), UIDMap: one, GIDMap: one},
		},
		Namespaces: []nsinfo.Namespace{
			{Type: "net", Inode: 11, Owner: 7, Sysctl: map[string]string{"ip_unprivileged_port_start": "80", "ping_group_range": "1 0"}},
			{Type: "pid", Inode: 21, Owner: 7},
		},
	})
}

func TestTask(t *testing.T) {
	ix := taskNode()
	task := ix.Task(ix.Process(6))
	if task.UserNS() != 7 || task.Owners[nsinfo.Net] != 7 || task.Owners[nsinfo.UTS] != 0 || !task.Traced.Or(false) || task.Caps.Known() {
		t.Errorf("%+v", task)
	}
	if leader, ok := ix.Process(6).ThreadGroup(); !ok || leader != 5 {
		t.Errorf("thread group %d, %v", leader, ok)
	}
	f := ix.ActionFacts(ix.Process(6))
	if f.PortStart != Some(uint32(80)) || f.PingGroups != Some(rules.GIDRange{Low: 1, High: 0}) || f.LogByAdmin != Some(true) {
		t.Errorf("%+v", f)
	}
	if f := ix.ActionFacts(ix.Process(5)); f.PortStart.Known() || f.PingGroups.Known() || f.Filtered.Known() {
		t.Errorf("of a network namespace that is not known: %+v", f)
	}
}

func TestTarget(t *testing.T) {
	ix := taskNode()
	for _, c := range []struct {
		from, to int
		visible  fact.Answer
		child    bool
	}{{1, 6, fact.Yes, true}, {5, 1, fact.Yes, false}, {6, 5, fact.No, false}, {6, 6, fact.Yes, false}} {
		g := ix.Target(ix.Process(c.from), ix.Process(c.to))
		if g.Visible != c.visible || g.Descendant != Some(c.child) || g.Same != Some(c.from == c.to) {
			t.Errorf("from %d on %d: %+v", c.from, c.to, g)
		}
	}
}

func TestDumpable(t *testing.T) {
	ix := taskNode()
	for _, c := range []struct {
		pid      int
		uid, gid uint32
		want     Opt[bool]
	}{
		{5, 1000, 1000, Some(true)}, {5, 0, 0, Some(false)}, {1, 0, 0, Opt[bool]{}},
		{6, 1000, 1000, Opt[bool]{}}, // it is its user namespace's root: its files are that root's either way
		{6, 0, 0, Some(false)},
	} {
		if got := ix.Dumpable(ix.Process(c.pid), c.uid, c.gid); got != c.want {
			t.Errorf("process %d, files of %d:%d: %v, want %v", c.pid, c.uid, c.gid, got, c.want)
		}
	}
}
