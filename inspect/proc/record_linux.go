package proc

import (
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"capview/inspect"
	"capview/inspect/filecap"
	"capview/inspect/task"
)

// readRecord makes a process of the kernel's record of it; false where it has ended. Procfs is asked for what has no fixed
// size, once for what many have in common. Command lines that a process writes over (setproctitle(3)) are seen as late as
// slowScans refreshes on, as without the kernel's record.
func (r *reader) readRecord(rec *task.Record, e, old *entry) bool {
	*e.proc = inspect.Process{
		PID: rec.PID, StartTime: rec.StartTime / tick, PPID: rec.PPID, Comm: rec.Comm, State: stateName(rec.State),
		KernelThread: rec.Flags&pfKThread != 0, UID: idsOf(rec.UID), GID: idsOf(rec.GID), Groups: inspect.Some(rec.Groups),
		User: inspect.Some(r.src.users.name(rec.UID.Effective)), Creds: credsOf(rec), Namespaces: inspect.Some(rec.Namespaces),
		ThreadCount: rec.Threads, Threads: []inspect.Thread{}, Gaps: []inspect.Gap{},
	}
	e.exec, e.args = rec.ExecID, rec.Args
	if e.proc.State == "Z" && rec.Namespaces[0] == 0 {
		e.gap("namespaces", "a zombie has given its namespaces back")
	}
	if g, ok := r.scan.kernel.odd[rec.PID]; ok {
		e.proc.Gaps = append(e.proc.Gaps, g)
	}
	r.setStacks(rec, e)
	if old != nil && (old.proc == nil || old.proc.StartTime != e.proc.StartTime || old.exec != e.exec || old.args != e.args) {
		old = nil
	}
	l := lazyDir{r: r, pid: rec.PID, start: e.proc.StartTime, fd: -1}
	defer l.close()
	r.recordCgroup(rec, e, &l)
	r.recordImage(rec, e, old, &l)
	return !l.gone
}

// lazyDir opens a process's directory when something of it is asked for.
type lazyDir struct {
	r     *reader
	pid   int
	start uint64 // ticks
	fd    int
	gone  bool // the process has ended
}

// open is false where the process has ended, or its number is another's.
func (l *lazyDir) open() (int, bool) {
	if l.fd >= 0 || l.gone {
		return l.fd, !l.gone
	}
	fd, err := retry(func() (int, error) {
		return unix.Openat(int(l.r.src.root.Fd()), strconv.Itoa(l.pid), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		l.gone = true
		return -1, false
	}
	l.fd = fd
	text, err := readAt(fd, "stat", &l.r.buf, maxText)
	var st stat
	if err == nil {
		st, err = parseStat(text)
	}
	l.gone = err != nil || st.startTime != l.start
	return fd, !l.gone
}

func (l *lazyDir) close() {
	if l.fd >= 0 {
		unix.Close(l.fd)
	}
}

// hidden tells whether procfs does not show the process: nothing more is to be asked of it then.
func (r *reader) hidden(e *entry) bool {
	g, odd := r.scan.kernel.odd[e.proc.PID]
	return odd && g.Why == hiddenWhy
}

// recordCgroup tells the cgroup by the key that processes in the same cgroups share.
func (r *reader) recordCgroup(rec *task.Record, e *entry, l *lazyDir) {
	cache, key := r.src.kernel.cgroups, rec.Cgroups
	if rec.Flags&pfExiting != 0 && key != 0 {
		key ^= 1 // of one that has ended, procfs shows the root of v1 hierarchies (kernel/cgroup/cgroup.c proc_cgroup_show)
	}
	path, known := cache.get(key)
	if !known {
		if r.hidden(e) {
			e.gap("cgroup", hiddenWhy)
			return
		}
		dir, ok := l.open()
		if !ok {
			return
		}
		r.readCgroup(dir, e, nil, false)
		if path, ok := e.proc.Cgroup.Get(); ok {
			cache.put(key, rec.PID, r.scan.turn, path)
		}
		return
	}
	e.proc.Cgroup = inspect.Some(path)
}

// recordImage tells what an execve replaces.
func (r *reader) recordImage(rec *task.Record, e, old *entry, l *lazyDir) {
	p := e.proc
	if p.KernelThread || p.State == "Z" {
		p.Exe, p.Cmdline, p.FileCaps = inspect.Some(""), inspect.Some([]string{}), inspect.Some(filecap.Caps{})
		return
	}
	r.recordCmdline(rec, e, old, l)
	r.recordExe(rec, e, l)
}

func (r *reader) recordCmdline(rec *task.Record, e, old *entry, l *lazyDir) {
	p := e.proc
	told := r.scan.kernel.cmdlines
	stale := told != nil
	if !r.src.kernel.tells || r.src.kernel.Picks() {
		stale = r.slowTurn(rec.PID)
	}
	if old != nil && old.proc.Cmdline.Known() && !old.lacks("cmdline") && !stale {
		p.Cmdline = old.proc.Cmdline
		return
	}
	if i, ok := from(told, r.cmdlineAt, rec.PID, func(c *cmdline) int { return c.pid }); ok {
		r.cmdlineAt = i
		if told[i].cmdlineID == cmdlineOf(rec) {
			p.Cmdline = inspect.Some(told[i].text)
			return
		}
	}
	switch {
	case r.hidden(e):
		e.gap("cmdline", hiddenWhy)
	case r.quick || r.src.stuck.hangs(p.PID):
		e.gap("cmdline", stuckWhy)
	default:
		if dir, ok := l.open(); ok {
			r.readCmdline(dir, e)
		}
	}
}

// lacks tells whether something of a fact could not be read.
func (e *entry) lacks(what string) bool {
	return slices.ContainsFunc(e.proc.Gaps, func(g inspect.Gap) bool { return g.What == what })
}

// recordExe tells of the executable, which is looked at once a scan for all processes that run it by the same path.
func (r *reader) recordExe(rec *task.Record, e *entry, l *lazyDir) {
	cache := r.src.kernel.exes
	if r.exe == nil || r.exeID != rec.Exe || r.exeTurn != r.scan.turn { // most often it is that of the process before
		r.exe, _ = cache.get(rec.Exe, r.scan.turn)
		r.exeID, r.exeTurn = rec.Exe, r.scan.turn
	}
	if r.exe != nil {
		r.exe.into(e)
		return
	}
	if r.hidden(e) || r.quick || r.src.stuck.hangs(e.proc.PID) {
		why := stuckWhy
		if r.hidden(e) {
			why = hiddenWhy
		}
		for _, what := range []string{"exe", "exe_file", "file_caps"} {
			e.gap(what, why)
		}
		return
	}
	dir, ok := l.open()
	if !ok {
		return
	}
	gaps := len(e.proc.Gaps)
	r.readExe(dir, e)
	if e.proc.Exe.Known() && e.proc.ExeFile.Known() {
		x := exeFacts{exe: e.proc.Exe, file: e.proc.ExeFile, caps: e.proc.FileCaps, mount: e.mount}
		for _, g := range e.proc.Gaps[gaps:] {
			x.gaps = append(x.gaps, [2]string{g.What, g.Why})
		}
		cache.put(rec.Exe, r.scan.turn, x)
	}
}
