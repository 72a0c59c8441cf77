package advise

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/inspect/filecap"
)

// What was exercised is kept, from the start on the rest is dropped, with what it rests on.
func TestKeepAndDrop(t *testing.T) {
	a := adviseWeb(t, watchedFor(50, 4000, use(2, caps.NetBindService, "bind"), use(1, caps.SetUID, "setuid"), use(1, caps.SetGID, "setgid"),
		use(3, caps.Chown, "fchownat").with(func(u *Use) { u.Stack, u.Last = []string{"cap_capable+0x1", "chown_common+0x9"}, at(170) })))
	g := &a.Group
	if want := caps.Of(caps.NetBindService, caps.SetUID, caps.SetGID, caps.Chown); g.Keep != want || g.Drop != docker&^want || g.Unknown != 0 || g.Wanted != 0 {
		t.Fatalf("keep %s, drop %s, unknown %s, wanted %s", g.Keep.Names(), g.Drop.Names(), g.Unknown.Names(), g.Wanted.Names())
	}
	j := judged(t, &g.Lists, caps.Chown)
	if j.Allowed != 3 || j.Confidence != Certain || j.Last == nil || j.Last.Syscall != "fchownat" || j.Last.PID != 100 || len(j.Last.Stack) != 2 || !j.Last.At.Equal(at(170)) {
		t.Errorf("chown: %+v, last %+v", j, j.Last)
	}
	j = judged(t, &g.Lists, caps.Kill)
	if j.Confidence != Fair || !strings.Contains(strings.Join(j.Why, "; "), "not exercised in 1h5m; programs may ask for it at a reload or shutdown") {
		t.Errorf("kill: %+v", j)
	}
	if seen, _ := g.StartSeen.Get(); !seen || g.Seconds != 3900 || a.Observed.Watched != "yes" {
		t.Errorf("start seen %v, %v s, watched %q", g.StartSeen, g.Seconds, a.Observed.Watched)
	}
	if n := g.Nearest; n.Name != "docker" || n.More != 0 || n.Less != docker&^g.Keep {
		t.Errorf("nearest %+v", n)
	}
	if r := a.Recommended; r.Caps.Bounding != g.Keep || r.Caps.Effective != g.Keep || r.Caps.Ambient != 0 || r.NoNewPrivs != inspect.Some(false) {
		t.Errorf("recommended %+v", r)
	}
}

// The verdicts of each credential are its own; those that stand apart do not count for the container.
func TestCredentials(t *testing.T) {
	a := adviseWeb(t, watchedFor(50, 4000, use(1, caps.Chown, "chown"),
		use(7, caps.SysAdmin, "mount").with(func(u *Use) {
			u.PID, u.TID, u.Effective, u.Allowed = 102, 102, inspect.Some(caps.Full(caps.Last)), true
		}),
		use(2, caps.NetAdmin, "ioctl").with(func(u *Use) {
			u.PID, u.TID, u.Allowed, u.Current, u.Effective, u.UID = 103, 103, true, inspect.Some[uint64](innerNS), inspect.Some(caps.Full(caps.Last)), inspect.Some[uint32](33)
		})))
	if len(a.Credentials) != 4 {
		t.Fatalf("%d credentials: %+v", len(a.Credentials), a.Credentials)
	}
	master, worker, entered, inner := &a.Credentials[0], &a.Credentials[1], &a.Credentials[2], &a.Credentials[3]
	if master.Keep != caps.Of(caps.Chown) || worker.Keep != 0 || worker.Drop != docker {
		t.Errorf("master keeps %s, worker %s and drops %s", master.Keep.Names(), worker.Keep.Names(), worker.Drop.Names())
	}
	if !strings.Contains(entered.Apart, "entered") || entered.Keep != caps.Of(caps.SysAdmin) {
		t.Errorf("entered: %q keeps %s", entered.Apart, entered.Keep.Names())
	}
	if !strings.Contains(inner.Apart, "another user namespace") || !inner.Keep.Has(caps.NetAdmin) || !inner.NoEffect.Has(caps.SysModule) {
		t.Errorf("inner: %q keeps %s", inner.Apart, inner.Keep.Names())
	}
	if a.Group.Keep != caps.Of(caps.Chown) || a.Group.Bounding.Or(0) != docker {
		t.Errorf("the container keeps %s of %s", a.Group.Keep.Names(), a.Group.Bounding.Or(0).Names())
	}
	if j := judged(t, &worker.Lists, caps.Kill); j.Held != "bounding" || !slices.ContainsFunc(j.Why, func(s string) bool { return strings.Contains(s, "an execve could give it") }) {
		t.Errorf("the worker's kill: %+v", j)
	}
	notes := strings.Join(a.Group.Notes, "\n")
	if !strings.Contains(notes, "c (102) does not count") || !strings.Contains(notes, "c (103) does not count") {
		t.Errorf("notes: %s", notes)
	}
}

// Nothing is called unused that was not watched, and what matters at a start that was not seen stays.
func TestCannotTell(t *testing.T) {
	for name, c := range map[string]struct {
		o    *Observation
		why  string
		drop caps.Set
	}{
		"nothing was watched": {&Observation{}, "how long it was watched is not known", 0},
		"no end":              {&Observation{Since: at(50), Everywhere: true}, "how long", 0},
		"the clock jumped":    {watchedFor(4000, 50), "how long", 0},
		"denials only":        {&Observation{Since: at(50), Until: at(4000), Everywhere: true, Only: "denials"}, "only denials were watched", 0},
		"before it began":     {watchedFor(10, 90), "it began after", 0},
		"losses":              {&Observation{Since: at(50), Until: at(4000), Everywhere: true, Lost: 7}, "7 checks were lost", 0},
		"another was watched": {&Observation{Since: at(50), Until: at(4000), Targets: []string{"box"}}, "whether it was watched is not known", 0},
		"its start was not":   {watchedFor(150, 4000), "at start-up", caps.Of(caps.FSetID, caps.Kill, caps.SetFCap, caps.AuditWrite, caps.NetRaw)},
		"perhaps its start":   {watchedFor(100, 4000), "may not have been seen", caps.Of(caps.FSetID, caps.Kill, caps.SetFCap, caps.AuditWrite, caps.NetRaw)},
	} {
		a := adviseWeb(t, c.o)
		if a.Group.Drop != c.drop || a.Group.Unknown != docker&^c.drop {
			t.Errorf("%s: drop %s, unknown %s", name, a.Group.Drop.Names(), a.Group.Unknown.Names())
		}
		if j := judged(t, &a.Group.Lists, caps.NetBindService); j.Confidence != None || !strings.Contains(strings.Join(j.Why, "; "), c.why) {
			t.Errorf("%s: %+v", name, j)
		}
	}
	for _, name := range []string{"web", "docker/web", "4f5c2a1b9d8e", "4f5c2a1b9d8e7f604f5c2a1b9d8e7f60"} {
		if a := adviseWeb(t, &Observation{Since: at(50), Until: at(4000), Targets: []string{name}}); a.Group.Drop != docker {
			t.Errorf("watched as %q: drop %s", name, a.Group.Drop.Names())
		}
	}
}

// A capability that can do nothing where it is held is dropped for that, watched or not.
func TestNoEffect(t *testing.T) {
	ix := inspect.NewIndex(scene())
	a := Advise(ix, &Observation{}, target(ix, "podman/box"))
	whole(t, &a)
	if want := caps.Of(caps.Mknod, caps.AuditWrite, caps.NetBindService, caps.NetRaw); a.Group.NoEffect != want || a.Group.Drop != want {
		t.Errorf("no effect %s, drop %s", a.Group.NoEffect.Names(), a.Group.Drop.Names())
	}
	if j := judged(t, &a.Group.Lists, caps.Mknod); j.Confidence != Certain || !strings.Contains(j.Why[0], "another user namespace") {
		t.Errorf("mknod: %+v", j)
	}
	// The kernel is right where it allowed what the snapshot says cannot be.
	u := use(1, caps.Mknod, "mknodat").with(func(u *Use) {
		u.PID, u.TID, u.Container, u.UID, u.Current = 200, 200, "box", inspect.Some[uint32](1001), inspect.Some[uint64](childNS)
	})
	if a = Advise(ix, watchedFor(50, 500, u), target(ix, "podman/box")); a.Group.Keep != caps.Of(caps.Mknod) {
		t.Errorf("keep %s", a.Group.Keep.Names())
	}
}

// no_new_privs keeps what is in the bounding set alone from ever being held; unless it was held at a start not seen.
func TestNoNewPrivs(t *testing.T) {
	worker := func(s *inspect.Snapshot) {
		s.Processes[2].NoNewPrivs = inspect.Some(true)
		s.Processes = slices.Delete(s.Processes, 1, 2)
		s.Processes = slices.Delete(s.Processes, 2, 4)
	}
	if a := adviseWeb(t, watchedFor(150, 4000), worker); a.Group.NoEffect != 0 || !a.Group.Unknown.Has(caps.SetUID) {
		t.Errorf("no effect %s though it may have been root", a.Group.NoEffect.Names())
	}
	asked := func(s *inspect.Snapshot) {
		s.Containers[0].Declared = inspect.Some(inspect.Declared{User: inspect.Some(inspect.SpecUser{UID: 33})})
	}
	a := adviseWeb(t, &Observation{}, worker, asked)
	if a.Group.NoEffect != docker || a.Group.Drop != docker || a.Recommended.NoNewPrivs != inspect.Some(true) {
		t.Errorf("no effect %s", a.Group.NoEffect.Names())
	}
}

// A program whose file has capabilities is not executed without them in the bounding set: the kernel's rule for what cannot tell.
func TestFileNeeds(t *testing.T) {
	with := func(f filecap.Caps, nosuid bool) func(*inspect.Snapshot) {
		return func(s *inspect.Snapshot) {
			s.Processes[2].FileCaps, s.Processes[2].ExeFile = inspect.Some(f), inspect.Some(inspect.ExeFile{NoSUID: inspect.Some(nosuid)})
		}
	}
	file := filecap.Caps{Revision: 2, Text: "cap_net_raw=ep", Effective: true, Permitted: caps.Of(caps.NetRaw)}
	a := adviseWeb(t, watchedFor(50, 4000), with(file, false))
	if j := judged(t, &a.Group.Lists, caps.NetRaw); a.Group.Keep != caps.Of(caps.NetRaw) || !strings.Contains(j.Why[0], "/usr/sbin/nginx has cap_net_raw=ep") {
		t.Errorf("keep %s: %+v", a.Group.Keep.Names(), j)
	}
	dumb := file
	dumb.Effective = false
	foreign := file
	foreign.Revision, foreign.RootID = 3, 100000
	for name, f := range map[string]func(*inspect.Snapshot){"nosuid": with(file, true), "not effective": with(dumb, false), "another root's": with(foreign, false)} {
		if a := adviseWeb(t, watchedFor(50, 4000), f); a.Group.Keep != 0 {
			t.Errorf("%s: keep %s", name, a.Group.Keep.Names())
		}
	}
}

// What could be ambient instead of from the file, and the reverse.
func TestWays(t *testing.T) {
	bind := caps.Of(caps.NetBindService)
	worker := func(sets caps.Sets, f filecap.Caps, exe string, nnp bool) func(*inspect.Snapshot) {
		return func(s *inspect.Snapshot) {
			p := s.Processes[2]
			p.Caps, p.FileCaps, p.Exe, p.NoNewPrivs = inspect.Some(sets), inspect.Some(f), inspect.Some(exe), inspect.Some(nnp)
		}
	}
	u := use(1, caps.NetBindService, "bind").with(func(u *Use) {
		u.PID, u.TID, u.UID, u.Effective = 101, 101, inspect.Some[uint32](33), inspect.Some(bind)
	})
	ambient := caps.Sets{Ambient: bind, Inheritable: bind, Permitted: bind, Effective: bind, Bounding: docker}
	fromFile := caps.Sets{Permitted: bind, Effective: bind, Bounding: docker}
	file := filecap.Caps{Revision: 2, Text: "cap_net_bind_service=ep", Effective: true, Permitted: bind}
	for want, change := range map[string]func(*inspect.Snapshot){
		"setcap cap_net_bind_service=ep on /usr/sbin/nginx":   worker(ambient, filecap.Caps{}, "/usr/sbin/nginx", false),
		"no_new_privs keeps them from counting":               worker(ambient, filecap.Caps{}, "/usr/sbin/nginx", true),
		"/usr/bin/python3.13 runs other programs' text":       worker(ambient, filecap.Caps{}, "/usr/bin/python3.13", false),
		"in the ambient set it would work without marking it": nil,
	} {
		if change == nil {
			want, change = "comes from the file /usr/sbin/nginx; in the ambient set it would work", worker(fromFile, file, "/usr/sbin/nginx", false)
		}
		a := adviseWeb(t, watchedFor(50, 4000, u), change)
		if notes := strings.Join(a.Credentials[1].Notes, "\n"); !strings.Contains(notes, want) {
			t.Errorf("no %q in %q", want, notes)
		}
	}
	a := adviseWeb(t, watchedFor(50, 4000, u), worker(fromFile, file, "/usr/sbin/nginx", false))
	if a.Recommended.FromFile != bind {
		t.Errorf("from file: %s", a.Recommended.FromFile.Names())
	}
}

// What was denied is wanted, unless the kernel asked for something else and got it; whether granting it helps is told.
func TestDenied(t *testing.T) {
	deny := func(c caps.Cap, syscall string, target uint64) Use {
		return use(1, c, syscall).with(func(u *Use) { u.Allowed, u.Target = false, inspect.Some(target) })
	}
	a := adviseWeb(t, watchedFor(50, 4000, deny(caps.SysTime, "clock_settime", hostNS), deny(caps.DACReadSearch, "openat", hostNS), use(1, caps.DACOverride, "openat"),
		deny(caps.Chown, "chown", childNS)))
	g := &a.Group
	if g.Wanted != caps.Of(caps.SysTime, caps.Chown) || !g.Drop.Has(caps.Chown) || g.Keep != caps.Of(caps.DACOverride) {
		t.Errorf("wanted %s, drop %s, keep %s", g.Wanted.Names(), g.Drop.Names(), g.Keep.Names())
	}
	if j := judged(t, &g.Lists, caps.SysTime); j.Verdict != Wanted || j.Denied != 1 || !strings.Contains(j.Denial, "denied once, last in clock_settime; whether the program does without") {
		t.Errorf("sys_time: %+v", j)
	}
	ix := inspect.NewIndex(scene())
	u := deny(caps.SysTime, "clock_settime", hostNS).with(func(u *Use) {
		u.PID, u.TID, u.Container, u.UID, u.Current = 200, 200, "box", inspect.Some[uint32](1001), inspect.Some[uint64](childNS)
	})
	box := Advise(ix, watchedFor(50, 4000, u), target(ix, "podman/box"))
	if j := judged(t, &box.Group.Lists, caps.SysTime); !strings.Contains(j.Denial, "over host") && !strings.Contains(j.Denial, "it cannot be granted there") {
		t.Errorf("sys_time of box: %+v", j)
	}
}

// A greater capability that was exercised only where the kernel had asked for a smaller one first.
func TestSmaller(t *testing.T) {
	all := func(s *inspect.Snapshot) {
		set := docker | caps.Of(caps.SysAdmin)
		s.Processes[1].Caps = inspect.Some(caps.Sets{Permitted: set, Effective: set, Bounding: set})
	}
	by := func(c caps.Cap, allowed bool, syscall string) Use {
		return use(1, c, syscall).with(func(u *Use) { u.Allowed, u.Effective = allowed, inspect.Some(docker|caps.Of(caps.SysAdmin)) })
	}
	bpf := []Use{by(caps.BPF, false, "bpf"), by(caps.SysAdmin, true, "bpf")}
	a := adviseWeb(t, watchedFor(50, 4000, bpf...), all)
	if notes := strings.Join(a.Credentials[0].Notes, "\n"); !strings.Contains(notes, "sys_admin was exercised only where bpf would have done") || a.Group.Wanted != 0 {
		t.Errorf("notes %q, wanted %s", notes, a.Group.Wanted.Names())
	}
	a = adviseWeb(t, watchedFor(50, 4000, append(bpf, by(caps.SysAdmin, true, "mount"))...), all)
	if notes := strings.Join(a.Credentials[0].Notes, "\n"); strings.Contains(notes, "would have done") {
		t.Errorf("notes %q", notes)
	}
}

// A credential that no process has any more counts for what it exercised; nothing of it is called unused. The runtime that
// sets a container up does not count.
func TestGoneAndRuntime(t *testing.T) {
	gone := func(set caps.Set, comm string, c caps.Cap) Use {
		return use(5, c, "x").with(func(u *Use) {
			u.PID, u.TID, u.Comm, u.Allowed, u.Effective, u.UID = 999, 999, comm, true, inspect.Some(set), inspect.Some[uint32](7)
		})
	}
	some := caps.Of(caps.SetUID, caps.Chown)
	a := adviseWeb(t, watchedFor(50, 4000, gone(some, "su", caps.SetUID), gone(caps.Full(caps.Last), "runc", caps.SysAdmin), gone(docker, "runc:[2:INIT]", caps.SetPCap)))
	last := a.Credentials[len(a.Credentials)-1]
	if a.Group.Keep != caps.Of(caps.SetUID) || !last.Gone || last.Keep != caps.Of(caps.SetUID) || last.Drop != 0 {
		t.Errorf("keep %s; the last credential: %+v", a.Group.Keep.Names(), last)
	}
	if !strings.Contains(strings.Join(a.Group.Notes, "\n"), "10 checks were made by its runtime") {
		t.Errorf("notes %q", a.Group.Notes)
	}
}

// A process alone, whose PID another had before it.
func TestOneProcess(t *testing.T) {
	ix := inspect.NewIndex(scene())
	target := Target{Name: "100", Container: ix.Container("docker/web"), Processes: []*inspect.Process{ix.Process(100)}, One: true}
	before := use(1, caps.Mknod, "mknod").with(func(u *Use) { u.First, u.Last = at(60), at(60) })
	other := use(1, caps.Kill, "kill").with(func(u *Use) { u.PID, u.TID = 101, 101 })
	child := use(1, caps.SetFCap, "setxattr").with(func(u *Use) { u.PID, u.TID, u.PPID = 900, 900, 100 })
	stranger := use(1, caps.Mknod, "mknod").with(func(u *Use) { u.PID, u.TID, u.PPID = 901, 901, 1 })
	a := Advise(ix, watchedFor(50, 4000, before, other, child, stranger, use(1, caps.Chown, "chown")), target)
	whole(t, &a)
	if a.Group.Keep != caps.Of(caps.Chown, caps.SetFCap) || a.Group.Label != "c (100)" || len(a.Credentials) != 1 {
		t.Errorf("keep %s of %q", a.Group.Keep.Names(), a.Group.Label)
	}
}

// A thread that differs has a credential of its own.
func TestThreads(t *testing.T) {
	a := adviseWeb(t, watchedFor(50, 4000, use(1, caps.NetRaw, "socket").with(func(u *Use) { u.TID, u.Effective = 110, inspect.Some(caps.Of(caps.NetRaw)) })), func(s *inspect.Snapshot) {
		p := s.Processes[1]
		creds := p.Creds
		creds.Caps = inspect.Some(caps.Sets{Permitted: docker, Effective: caps.Of(caps.NetRaw), Bounding: docker})
		p.Threads = []inspect.Thread{{TID: 109, UID: p.UID, GID: p.GID, Creds: p.Creds}, {TID: 110, UID: p.UID, GID: p.GID, Creds: creds}}
	})
	if c := a.Credentials[1]; !slices.Equal(c.TIDs, []int{110}) || c.Keep != caps.Of(caps.NetRaw) || a.Credentials[0].Keep != 0 {
		t.Errorf("credentials %+v", a.Credentials[:2])
	}
}

// In JSON lists are never null, and capabilities go by name.
func TestJSON(t *testing.T) {
	a := adviseWeb(t, watchedFor(50, 4000, use(1, caps.Chown, "chown")))
	b, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"cap":"cap_chown","verdict":"keep"`, `"keep":"0000000000000001"`, `"nearest_default":{"name":"docker"`, `"start_seen":true`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s in %s", want, b)
		}
	}
	for _, bad := range []string{`"why":null`, `"notes":null`, `"capabilities":null`, `"stack":null`, `"credentials":null`} {
		if strings.Contains(string(b), bad) {
			t.Errorf("%s", bad)
		}
	}
}

// A process that has ended belongs to the container that its parent is of. Of one that fits nowhere it is said.
func TestDescendants(t *testing.T) {
	gone := func(pid, ppid int, c caps.Cap, set caps.Set) Use {
		return use(1, c, "x").with(func(u *Use) {
			u.PID, u.TID, u.PPID, u.Container, u.Effective, u.Allowed = pid, pid, ppid, "", inspect.Some(set), true
		})
	}
	early := gone(900, 100, caps.Chown, docker).with(func(u *Use) { u.Container = "init.scope" }) // told before the container was known
	a := adviseWeb(t, watchedFor(50, 4000, early, gone(901, 900, caps.Mknod, docker),
		gone(950, 7, caps.Kill, docker), gone(951, 7, caps.SetFCap, caps.Full(caps.Last)), gone(952, 951, caps.NetRaw, docker)))
	g := &a.Group
	if g.Keep != caps.Of(caps.Chown, caps.Mknod) || g.Unknown != caps.Of(caps.Kill, caps.NetRaw) || !g.Drop.Has(caps.SetFCap) {
		t.Errorf("keep %s, unknown %s, drop %s", g.Keep.Names(), g.Unknown.Names(), g.Drop.Names())
	}
	// Where the container alone was watched, all is its own.
	o := watchedFor(50, 4000, gone(950, 7, caps.Kill, docker))
	o.Everywhere, o.Targets = false, []string{"web"}
	if a := adviseWeb(t, o); a.Group.Keep != caps.Of(caps.Kill) {
		t.Errorf("keep %s", a.Group.Keep.Names())
	}
	// Parents that are their own parents end nowhere.
	a = adviseWeb(t, watchedFor(50, 4000, gone(900, 901, caps.Chown, docker), gone(901, 900, caps.Mknod, docker), gone(902, 902, caps.Kill, docker)))
	if a.Group.Unknown != caps.Of(caps.Chown, caps.Mknod, caps.Kill) {
		t.Errorf("unknown %s", a.Group.Unknown.Names())
	}
}

// The last check shows the stack of another in the same system call, in whatever order they come.
func TestStack(t *testing.T) {
	with := use(1, caps.Chown, "chown").with(func(u *Use) { u.Stack, u.Last = []string{"cap_capable"}, at(151) })
	later := use(1, caps.Chown, "chown").with(func(u *Use) { u.Last = at(152) })
	other := use(1, caps.Chown, "fchownat").with(func(u *Use) { u.Last = at(149) })
	for _, uses := range [][]Use{{with, later, other}, {later, with, other}, {other, later, with}} {
		a := adviseWeb(t, watchedFor(50, 4000, uses...))
		if e := judged(t, &a.Group.Lists, caps.Chown).Last; !e.At.Equal(at(152)) || e.Syscall != "chown" || len(e.Stack) != 1 {
			t.Errorf("last %+v", e)
		}
	}
}
