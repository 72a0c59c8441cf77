package inspect

import (
	"strconv"
	"strings"

	"capview/inspect/fact"
	"capview/inspect/rules"
	"capview/nsinfo"
)

// initialUserNS is the inode of the initial user namespace, on every kernel (PROC_USER_INIT_INO, include/linux/proc_ns.h).
const initialUserNS = 0xEFFFFFFD

// Users is the snapshot's tree of user namespaces, as the kernel's rules ask for it. Host.UserNamespace is the reader's:
// nobody sees namespaces above the own.
func (ix *Index) Users() rules.Users {
	return rules.NewUsers(ix.UserNamespaces, initialUserNS, ix.Host.UserNamespace)
}

// Task is p's leader as the kernel's rules see it.
func (ix *Index) Task(p *Process) rules.Task {
	t := rules.Task{Groups: p.Groups, Caps: p.Caps, NoNewPrivs: p.NoNewPrivs, UID: ruleIDs(p.UID), GID: ruleIDs(p.GID)}
	if bits, ok := p.SecureBits.Get(); ok {
		t.SecureBits = Some(rules.SecureBits(bits))
	}
	if ns, ok := p.Namespaces.Get(); ok {
		t.Namespaces = ns
		for kind, inode := range ns {
			t.Owners[kind] = ix.spaceOwner(nsinfo.Type(kind), inode)
		}
	}
	if tracer, ok := p.statusNumber("TracerPid"); ok {
		t.Traced = Some(tracer != 0)
	}
	return t
}

func ruleIDs(o Opt[IDs]) Opt[rules.IDs] {
	ids, ok := o.Get()
	if !ok {
		return Opt[rules.IDs]{}
	}
	return Some(rules.IDs(ids))
}

// space is a namespace other than a user namespace.
type space struct {
	kind  nsinfo.Type
	inode uint64
}

// spaceOwner is the user namespace that owns a namespace; 0 unknown.
func (ix *Index) spaceOwner(kind nsinfo.Type, inode uint64) uint64 {
	return ix.owners()[space{kind, inode}]
}

// spaceOwners is every namespace's.
func (ix *Index) spaceOwners() map[space]uint64 {
	kinds := make(map[string]nsinfo.Type, nsinfo.Types)
	for kind := range nsinfo.Type(nsinfo.Types) {
		kinds[kind.String()] = kind
	}
	owners := make(map[space]uint64, len(ix.Namespaces))
	for i := range ix.Namespaces {
		n := &ix.Namespaces[i]
		if kind, ok := kinds[n.Type]; ok {
			owners[space{kind, n.Inode}] = n.Owner
		}
	}
	return owners
}

// statusNumber is a number of the text of p's status; false where that was not kept.
func (p *Process) statusNumber(key string) (int, bool) {
	for line := range strings.Lines(p.Status) {
		if value, ok := strings.CutPrefix(line, key+":"); ok {
			n, err := strconv.Atoi(strings.TrimSpace(value))
			return n, err == nil
		}
	}
	return 0, false
}

// ThreadGroup is the process that p is a thread of: its own PID where it is its leader. False where that is not known.
func (p *Process) ThreadGroup() (int, bool) { return p.statusNumber("Tgid") }

// ActionFacts is what the snapshot knows of what decides p's actions: the sysctls of its network namespace, the
// kernel's version, whether it has a filter. The rest only the live node tells.
func (ix *Index) ActionFacts(p *Process) (f rules.Facts) {
	if s, ok := p.Seccomp.Get(); ok {
		f.Filtered = Some(s.Mode != SeccompDisabled && s.Mode != "")
		f.Filters = ix.ruleFilters(s)
	}
	f.LogByAdmin = rules.LogByAdmin(ix.Host.Kernel)
	ns, _ := p.Namespaces.Get()
	for i := range ix.Namespaces {
		n := &ix.Namespaces[i]
		if n.Inode == ns[nsinfo.Net] && n.Inode != 0 && n.Type == nsinfo.Net.String() {
			f.PortStart = portStart(n.Sysctl["ip_unprivileged_port_start"])
			f.PingGroups = pingGroups(n.Sysctl["ping_group_range"])
		}
	}
	return f
}

func portStart(text string) Opt[uint32] {
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return Opt[uint32]{}
	}
	return Some(uint32(n))
}

func pingGroups(text string) Opt[rules.GIDRange] {
	f := strings.Fields(text)
	if len(f) != 2 {
		return Opt[rules.GIDRange]{}
	}
	low, err1 := strconv.ParseUint(f[0], 10, 32)
	high, err2 := strconv.ParseUint(f[1], 10, 32)
	if err1 != nil || err2 != nil {
		return Opt[rules.GIDRange]{}
	}
	return Some(rules.GIDRange{Low: uint32(low), High: uint32(high)})
}

// Target is p as what an action of from acts upon.
func (ix *Index) Target(from, p *Process) *rules.TargetTask {
	g := &rules.TargetTask{Task: ix.Task(p), Same: Some(from.PID == p.PID), KernelThread: Some(p.KernelThread),
		Exited: Some(p.State == "Z" || p.State == "X")}
	if descends, ok := ix.descends(p, from); ok {
		g.Descendant = Some(descends)
	}
	a, _ := from.Namespaces.Get()
	b, _ := p.Namespaces.Get()
	host := hostSpaces(ix.Process)
	switch mine, its := a[nsinfo.PID], b[nsinfo.PID]; {
	case mine == 0 || its == 0:
	case mine == its || mine == host[nsinfo.PID]:
		g.Visible = fact.Yes
	case its == host[nsinfo.PID]:
		g.Visible = fact.No
	}
	return g
}

// descends tells whether p has the process above among its parents; not known where one of them is not.
func (ix *Index) descends(p, above *Process) (is, known bool) {
	for range len(ix.Processes) {
		switch {
		case p.PPID == above.PID:
			return true, true
		case p.PPID == 0:
			return false, true
		}
		if p = ix.Process(p.PPID); p == nil {
			return false, false
		}
	}
	return false, false
}

// Dumpable tells whether p is dumpable (prctl(2) PR_GET_DUMPABLE), by the uid and gid that own its files in procfs: its
// effective ids where it is, the root of the user namespace its program was started in where it is not. Unknown where
// it may be that root itself.
func (ix *Index) Dumpable(p *Process, uid, gid uint32) Opt[bool] {
	u, ok1 := p.UID.Get()
	g, ok2 := p.GID.Get()
	if !ok1 || !ok2 {
		return Opt[bool]{}
	}
	if uid != u.Effective || gid != g.Effective {
		return Some(false)
	}
	users := ix.Users()
	ns, _ := p.Namespaces.Get()
	at := ns[nsinfo.UserNS]
	for range maxUserNSLevel + 1 {
		if root, is := users.Root(at); is == fact.Unknown || is == fact.Yes && root == uid {
			return Opt[bool]{}
		}
		above, ok := users.Parent(at)
		switch {
		case !ok:
			return Opt[bool]{}
		case above == 0:
			return Some(true)
		}
		at = above
	}
	return Opt[bool]{}
}

// maxUserNSLevel is how deep the kernel lets user namespaces nest (kernel/user_namespace.c create_user_ns).
const maxUserNSLevel = 32
