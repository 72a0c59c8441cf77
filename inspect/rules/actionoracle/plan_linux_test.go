//go:build amd64 || arm64

package actionoracle

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/inspect/rules"
	"capview/nsinfo"
)

// plan is one attempt with what is known before.
type plan struct {
	action       rules.Action
	facts        rules.Facts
	job          job
	mayBeUnknown bool
	undo         func()
}

// chooseWorld is a chain of user namespaces, each with maps of its own, and other namespaces made on the way.
func chooseWorld(rng *rand.Rand, seed uint64) world {
	w := world{Seed: seed, IDs: []int{0, 1, 1000, 1001, 65533, 100000, 165535, 200000}}
	for depth := rng.IntN(5); len(w.Levels) < depth; {
		l := w.below(rng)
		flags := []uintptr{unix.CLONE_NEWNET, unix.CLONE_NEWNS, unix.CLONE_NEWUTS, unix.CLONE_NEWIPC, unix.CLONE_NEWPID | unix.CLONE_NEWNS}
		for _, f := range flags {
			if rng.IntN(3) == 0 {
				l.Flags |= f
			}
		}
		w.enter(l)
	}
	if rng.IntN(5) > 0 {
		w.Child = w.below(rng)
		w.Child.Flags = unix.CLONE_NEWNET | unix.CLONE_NEWNS | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC
	}
	return w
}

// below is a user namespace within the last: its root one of the ids there, and some more mapped.
func (w *world) below(rng *rand.Rand) level {
	l := level{Creator: w.IDs[rng.IntN(len(w.IDs))]}
	from := slices.Clone(w.IDs)
	rng.Shuffle(len(from), func(i, j int) { from[i], from[j] = from[j], from[i] })
	from = from[:1+rng.IntN(len(from))]
	if rng.IntN(6) == 0 {
		from = from[:1]
	}
	for i, outside := range from {
		inside := []int{0, 1, 5, 1000, 1001, 2000, 65533, 100000}[i]
		l.UIDs = append(l.UIDs, syscall.SysProcIDMap{ContainerID: inside, HostID: outside, Size: 1})
	}
	l.GIDs = slices.Clone(l.UIDs)
	return l
}

func (w *world) enter(l level) {
	w.Levels = append(w.Levels, l)
	w.IDs = nil
	for _, m := range l.UIDs {
		w.IDs = append(w.IDs, m.ContainerID)
	}
}

// files makes a tree of directories and files with random owners and modes for this world alone.
func (o *oracle) files(w world, rng *rand.Rand) (paths []string, undo func()) {
	top := fmt.Sprintf("%s/w%d", tree, w.Seed)
	must := func(err error) {
		if err != nil {
			o.t.Fatal(err)
		}
	}
	must(os.Mkdir(top, 0o755))
	owners := []int{0, 0, 1, 1000, 1001, 65533, 100000, 165535, 200000, 300000}
	random := func(path string) {
		must(os.Lchown(path, owners[rng.IntN(len(owners))], owners[rng.IntN(len(owners))]))
		must(unix.Chmod(path, []uint32{0o777, 0o755, 0o750, 0o700, 0o070, 0o007, 0, 0o644, 0o640, 0o600, 0o444, uint32(rng.IntN(0o1000))}[rng.IntN(12)]))
		if rng.IntN(8) == 0 {
			must(unix.Setxattr(path, "system.posix_acl_access", acl, 0))
		}
	}
	var frozen []string
	for d := range 8 {
		dir := fmt.Sprintf("%s/d%d", top, d)
		must(os.Mkdir(dir, 0o755))
		for f := range 3 {
			path := fmt.Sprintf("%s/f%d", dir, f)
			must(os.WriteFile(path, nil, 0o644))
			random(path)
			paths = append(paths, path)
			if rng.IntN(6) == 0 && freeze(path, true) == nil {
				frozen = append(frozen, path)
			}
		}
		paths = append(paths, dir, dir+"/none")
		switch d {
		case 0, 1: // as they are: open to all
		default:
			random(dir)
		}
	}
	fixed := top + "/d0"
	must(unix.Mount(fixed, fixed, "", unix.MS_BIND, ""))
	must(unix.Mount("", fixed, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""))
	return paths, func() {
		unix.Unmount(fixed, unix.MNT_DETACH)
		for _, path := range frozen {
			freeze(path, false)
		}
		os.RemoveAll(top)
	}
}

// acl is an access control list that lets user 1000 read and search: version 2, then tag, permissions, id for each entry.
var acl = []byte{2, 0, 0, 0,
	1, 0, 6, 0, 255, 255, 255, 255, 2, 0, 5, 0, 232, 3, 0, 0, 4, 0, 0, 0, 255, 255, 255, 255,
	16, 0, 7, 0, 255, 255, 255, 255, 32, 0, 0, 0, 255, 255, 255, 255}

// freeze sets or clears a file's immutable flag.
func freeze(path string, on bool) error {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	flags := 0
	if on {
		flags = 0x10 // FS_IMMUTABLE_FL
	}
	return unix.IoctlSetPointerInt(fd, unix.FS_IOC_SETFLAGS, flags)
}

// plans is every action once or more; what changes the thread's ids comes last.
func (c *colony) plans(t rules.Task, f rules.Facts, worker int) (all []plan) {
	add := func(text string, j job) *plan {
		a, err := rules.ParseAction(text)
		if err != nil {
			c.t.Fatal(err)
		}
		j.Action, j.Verb = text, string(a.Verb)
		all = append(all, plan{action: a, facts: f, job: j})
		return &all[len(all)-1]
	}
	rng := c.rng
	port := []int{0, 1, 79, 80, 81, 442, 443, 1023, 1024, 4999, 5000, 30000}[rng.IntN(12)]
	add(fmt.Sprintf("bind:%d", port), job{Port: port})
	port = 1 + rng.IntN(6000)
	add(fmt.Sprintf("bind:%d/udp", port), job{Port: port, UDP: true})
	for _, text := range []string{"raw-socket", "ping", "set-clock", "mount", "chroot", "load-module", "syslog", "bpf", "reboot",
		"mknod", "raise-rlimit", "unshare-user"} {
		add(text, job{})
	}
	places := slices.Sorted(func(yield func(string) bool) {
		for k := range capAttempts {
			if !yield(k) {
				return
			}
		}
	})
	for range 4 {
		place := places[rng.IntN(len(places))]
		add("cap:"+place, job{Cap: place})
	}
	root := ""
	if f.Chrooted.Or(false) {
		root = otherRoot
	}
	c.planFiles(t, root, add)
	c.planProcesses(add, worker)
	nice := rng.IntN(40) - 20
	add(fmt.Sprintf("nice:%d", nice), job{Nice: nice})
	for _, verb := range []string{"setgid", "setuid"} {
		id := append([]int{7, 300000, math.MaxUint32 - 1}, c.w.IDs...)[rng.IntN(3+len(c.w.IDs))]
		add(fmt.Sprintf("%s:%d", verb, id), job{ID: uint32(id)})
	}
	return all
}

func (c *colony) planFiles(t rules.Task, root string, add func(string, job) *plan) {
	for _, verb := range []string{"read", "read", "chown"} {
		path := c.files[c.rng.IntN(len(c.files))]
		info, err := pathInfo(root, path)
		if err != nil {
			c.t.Fatal(err)
		}
		p := add(verb+":"+path, job{Path: path})
		p.facts.Path = info
		p.mayBeUnknown = hasACL(info)
		if file, ok := info.File.Get(); ok && verb == "chown" {
			p.job.ID = c.heir(t, file.UID)
			p.undo = func() { os.Lchown(path, int(file.UID), int(file.GID)); unix.Chmod(path, file.Mode&0o7777) }
		}
	}
}

func hasACL(info *rules.PathInfo) bool {
	dirs, _ := info.Dirs.Get()
	if file, ok := info.File.Get(); ok {
		dirs = append(slices.Clone(dirs), file)
	}
	return slices.ContainsFunc(dirs, func(e rules.Entry) bool { return e.ACL.Or(false) })
}

// heir is an id of the thread's user namespace that is not the owner's; one that is not mapped where there is none.
func (c *colony) heir(t rules.Task, owner uint32) uint32 {
	m, _ := c.reader.users[t.UserNS()].UIDMap.Get()
	for _, r := range m {
		for i := range min(r.Count, 2) {
			if r.Outside+i != owner {
				return r.Inside + i
			}
		}
	}
	return 4_000_000_000
}

func (c *colony) planProcesses(add func(string, job) *plan, worker int) {
	for _, verb := range []string{"kill", "kill", "kill", "ptrace", "ptrace"} {
		i := c.rng.IntN(len(c.targets) + 3)
		if i > len(c.targets)+1 {
			i = len(c.targets) - 1 // the one in a user namespace below, once more
		}
		var g rules.TargetTask
		pid := 0
		switch {
		case i < len(c.targets):
			g, pid = c.targets[i], c.inside[i]
		case i == len(c.targets):
			g = rules.TargetTask{Same: fact.Some(true), Visible: fact.Yes, KernelThread: fact.Some(false), Exited: fact.Some(false)}
			pid = worker
		default:
			// A process of another PID namespace has no number: the largest stands for that.
			g = rules.TargetTask{Same: fact.Some(false), Visible: fact.No, KernelThread: fact.Some(false)}
			pid = 1<<22 - 1
		}
		p := add(fmt.Sprintf("%s:%d", verb, pid), job{PID: pid})
		p.facts.Target = &g
	}
}

// hide makes some of the facts unknown.
func hide(rng *rand.Rand, t rules.Task, f rules.Facts) (rules.Task, rules.Facts) {
	drop := func() bool { return rng.IntN(6) == 0 }
	hideTask(drop, &t)
	hideOpt(drop, &f.PortStart)
	hideOpt(drop, &f.PingGroups)
	hideOpt(drop, &f.LogRestricted)
	hideOpt(drop, &f.LogByAdmin)
	hideOpt(drop, &f.Modules)
	hideOpt(drop, &f.BPFUnprivileged)
	hideOpt(drop, &f.PtraceScope)
	hideOpt(drop, &f.MaxUserNS)
	hideOpt(drop, &f.UserNSForAll)
	hideOpt(drop, &f.Nice)
	hideOpt(drop, &f.NiceLimit)
	hideOpt(drop, &f.Chrooted)
	if f.Target != nil {
		g := *f.Target
		hideTask(drop, &g.Task)
		hideOpt(drop, &g.Same)
		hideOpt(drop, &g.KernelThread)
		hideOpt(drop, &g.Exited)
		hideOpt(drop, &g.Dumpable)
		hideOpt(drop, &g.ProgramNS)
		hideOpt(drop, &g.Traced)
		if drop() {
			g.Visible = fact.Unknown
		}
		f.Target = &g
	}
	if f.Path != nil {
		p := *f.Path
		hideOpt(drop, &p.Dirs)
		hideOpt(drop, &p.ReadOnly)
		hideOpt(drop, &p.Immutable)
		if p.Missing == "" {
			hideOpt(drop, &p.File)
		}
		f.Path = &p
	}
	return t, f
}

func hideTask(drop func() bool, t *rules.Task) {
	hideOpt(drop, &t.UID)
	hideOpt(drop, &t.GID)
	hideOpt(drop, &t.Groups)
	hideOpt(drop, &t.Caps)
	for kind := range nsinfo.Types {
		if drop() {
			t.Namespaces[kind] = 0
		}
		if drop() {
			t.Owners[kind] = 0
		}
	}
}

func hideOpt[T any](drop func() bool, o *fact.Opt[T]) {
	if drop() {
		*o = fact.Opt[T]{}
	}
}

// beyond is the rules that this kernel or what root may do here leaves no way to try.
func beyond(key string) bool {
	_, rule, _ := strings.Cut(key, " ")
	sets := caps.Set(0)
	if held, err := capget(); err == nil {
		sets = held
	}
	return rule == "nice-limit" && !sets.Has(caps.SysResource)
}

// expected is every rule that must have been tried.
var expected = []string{
	"bind port-any", "bind port-unprivileged", "bind port-privileged", "bind userns-own", "bind userns-outside", "bind userns-owner",
	"cap userns-own", "cap userns-outside", "cap userns-owner",
	"raw-socket userns-own", "raw-socket userns-outside", "raw-socket userns-owner",
	"ping ping-group", "ping ping-nobody", "ping ping-other-groups", "ping userns-own", "ping userns-outside",
	"set-clock userns-own", "set-clock userns-outside", "mount userns-own", "mount userns-outside", "mount userns-owner",
	"chroot userns-own", "nice nice-lower", "nice nice-over-limit", "nice nice-limit", "setuid id-unmapped", "setuid id-own", "setuid userns-own",
	"setgid id-unmapped", "setgid id-own", "setgid userns-own",
	"ptrace ptrace-self", "ptrace pid-invisible", "ptrace ptrace-same-user", "ptrace ptrace-other-user", "ptrace ptrace-not-dumpable",
	"ptrace ptrace-other-userns", "ptrace ptrace-more-capable", "ptrace userns-own", "ptrace userns-owner",
	"kill kill-self", "kill pid-invisible", "kill kill-same-user", "kill kill-other-user", "kill userns-own", "kill userns-owner",
	"chown path-missing", "chown read-only", "chown immutable", "chown chown-other", "chown chown-nobody", "chown inode-unmapped", "chown inode-capable",
	"chown mode-denies", "read mode-allows", "read mode-denies", "read inode-capable", "read inode-unmapped", "read path-missing", "read userns-own",
	"load-module modules-absent|userns-own", "syslog log-restricted", "syslog userns-own", "syslog userns-outside",
	"bpf bpf-restricted", "bpf userns-own", "bpf userns-outside", "reboot userns-own", "reboot userns-outside",
	"mknod userns-own", "mknod userns-outside", "raise-rlimit userns-own", "raise-rlimit userns-outside",
	"unshare-user userns-chrooted", "unshare-user userns-open",
	"bind seccomp-filter", "raw-socket seccomp-filter", "ping seccomp-filter", "set-clock seccomp-filter", "mount seccomp-filter",
	"chroot seccomp-filter", "nice seccomp-filter", "setuid seccomp-filter", "setgid seccomp-filter", "ptrace seccomp-filter",
	"kill seccomp-filter", "chown seccomp-filter", "read seccomp-filter", "load-module seccomp-filter", "syslog seccomp-filter",
	"bpf seccomp-filter", "reboot seccomp-filter", "mknod seccomp-filter", "raise-rlimit seccomp-filter", "unshare-user seccomp-filter",
}

const enough = 50

func (o *oracle) judge() {
	if o.cases < 20_000 {
		fmt.Printf("fewer than 20000 cases: rules' coverage is not judged\n")
		return
	}
	for _, key := range expected {
		verb, alternatives, _ := strings.Cut(key, " ")
		hits := 0
		for rule := range strings.SplitSeq(alternatives, "|") {
			hits += o.cover[verb+" "+rule]
		}
		switch {
		case hits >= enough:
		case beyond(key):
			fmt.Printf("not tried here, for want of CAP_SYS_RESOURCE: %s\n", key)
		default:
			o.t.Errorf("%s was tried %d times, want %d", key, hits, enough)
		}
	}
}
