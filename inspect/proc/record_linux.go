package proc

import (
	"math"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"capview/inspect"
	"capview/inspect/filecap"
	"capview/inspect/task"
)

// readRecord makes a process of the kernel's record of it; false where it has ended. Procfs is asked for what has no fixed
// size, once for what many have in common. Command lines that a process writes over (setproctitle(3)) are seen as late as
// slowScans refreshes on, as without the kernel's record, and those that have stayed the same for long eight times as late.
func (r *reader) readRecord(rec *task.Record, e, old *entry) bool {
	*e.proc = inspect.Process{
		PID: rec.PID, StartTime: rec.StartTime / tick, PPID: rec.PPID, Comm: rec.Comm, State: stateName(rec.State),
		KernelThread: rec.Flags&pfKThread != 0, UID: idsOf(rec.UID), GID: idsOf(rec.GID), Groups: inspect.Some(rec.Groups),
		User: inspect.Some(r.userName(rec.UID.Effective)), Creds: credsOf(rec), Namespaces: inspect.Some(rec.Namespaces),
		ThreadCount: rec.Threads, Threads: []inspect.Thread{}, Gaps: []inspect.Gap{},
	}
	e.exec, e.args, e.users = rec.ExecID, rec.Args, r.src.users.times.Load()
	if e.proc.State == "Z" && rec.Namespaces[0] == 0 {
		e.gap("namespaces", "a zombie has given its namespaces back")
	}
	if g, ok := r.scan.kernel.odd[rec.PID]; ok {
		e.proc.Gaps = append(e.proc.Gaps, g)
	}
	r.setStacks(rec, e)
	if old != nil && !old.runs(rec) {
		old = nil
	}
	l := lazyDir{r: r, pid: rec.PID, start: e.proc.StartTime, fd: -1}
	defer l.close()
	r.recordCgroup(rec, e, &l)
	r.recordImage(rec, e, old, &l)
	e.plain = len(e.proc.Gaps) == 0 && len(e.proc.Threads) == 0
	return !l.gone
}

// userName is a user's name, asked for once where many processes in a row are the same user's.
func (r *reader) userName(uid uint32) string {
	if r.userTurn != r.scan.turn || r.userID != uid {
		r.user, r.userID, r.userTurn = r.src.users.name(uid), uid, r.scan.turn
	}
	return r.user
}

// unchanged tells whether all of a process is as the last scan found it: the kernel's record of it, and what it has in common
// with others. It looks at neither process, only at what lies in a row: there may be very many.
func (r *reader) unchanged(rec *task.Record, old *entry) bool {
	k := r.scan.kernel
	if old == nil || !old.plain || r.scan.turn >= old.cmdlineDue || k.stacks != k.before.stacks || old.users != r.src.users.times.Load() {
		return false
	}
	was, ok := from(k.before.leaders, r.beforeAt, rec.PID, func(r *task.Record) int { return r.PID })
	if !ok || !k.before.leaders[was].Same(rec) || rec.Threads > 1 && len(k.threads[rec.PID])+len(k.before.threads[rec.PID]) > 0 {
		return false
	}
	r.beforeAt = was
	if len(k.odd) > 0 {
		if _, odd := k.odd[rec.PID]; odd {
			return false
		}
	}
	return old.cgroup != nil && old.cgroup == r.cgroupOf(rec) && (old.common == nil || old.common == r.exeOf(rec))
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
	cache, key := r.src.kernel.cgroups, cgroupsOf(rec)
	known := r.cgroupOf(rec)
	if known == nil {
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
	e.proc.Cgroup, e.cgroup = inspect.Some(known.path), known
}

// cgroupOf is what is known of its cgroups' path, or nil.
func (r *reader) cgroupOf(rec *task.Record) *cgroupPath {
	key := cgroupsOf(rec)
	if r.cgroup == nil || r.cgroupKey != key || r.cgroupTurn != r.scan.turn { // most often it is that of the process before
		r.cgroup, r.cgroupKey, r.cgroupTurn = r.src.kernel.cgroups.get(key), key, r.scan.turn
	}
	return r.cgroup
}

// cgroupsOf is the key of its cgroups' paths.
func cgroupsOf(rec *task.Record) uint64 {
	key := rec.Cgroups
	if rec.Flags&pfExiting != 0 && key != 0 {
		key ^= 1 // of one that has ended, procfs shows the root of v1 hierarchies (kernel/cgroup/cgroup.c proc_cgroup_show)
	}
	return key
}

// recordImage tells what an execve replaces.
func (r *reader) recordImage(rec *task.Record, e, old *entry, l *lazyDir) {
	p := e.proc
	if p.KernelThread || p.State == "Z" {
		p.Exe, p.Cmdline, p.FileCaps = inspect.Some(""), inspect.Some([]string{}), inspect.Some(filecap.Caps{})
		e.cmdlineDue = math.MaxUint
		return
	}
	r.recordCmdline(rec, e, old, l)
	r.recordExe(rec, e, l)
}

func (r *reader) recordCmdline(rec *task.Record, e, old *entry, l *lazyDir) {
	p := e.proc
	if old != nil && old.proc.Cmdline.Known() && !old.lacks("cmdline") && r.scan.turn < old.cmdlineDue {
		p.Cmdline, e.cmdlineDue, e.stayed = old.proc.Cmdline, old.cmdlineDue, old.stayed
		return
	}
	defer r.cmdlineRead(e, old)
	told := r.scan.kernel.cmdlines
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

// longest is how often a command line's turn is put off to twice as late.
const longest = 3

// cmdlineRead says when the command line is to be read next.
func (r *reader) cmdlineRead(e, old *entry) {
	pid, turn := uint(e.proc.PID), r.scan.turn
	switch {
	case !r.src.kernel.picks && r.src.kernel.tells:
		e.cmdlineDue = (turn/slowScans + 1) * slowScans // the kernel tells of all of them
	case !r.src.kernel.picks || old == nil:
		e.cmdlineDue = turn + slowScans - (pid+turn)%slowScans
	default:
		was, _ := old.proc.Cmdline.Get()
		if is, known := e.proc.Cmdline.Get(); known && slices.Equal(was, is) {
			e.stayed = min(old.stayed+1, longest)
		}
		e.cmdlineDue = turn + slowScans<<e.stayed
	}
}

// lacks tells whether something of a fact could not be read.
func (e *entry) lacks(what string) bool {
	return slices.ContainsFunc(e.proc.Gaps, func(g inspect.Gap) bool { return g.What == what })
}

// recordExe tells of the executable, which is looked at once a scan for all processes that run it by the same path.
func (r *reader) recordExe(rec *task.Record, e *entry, l *lazyDir) {
	if e.common = r.exeOf(rec); e.common != nil {
		e.common.into(e)
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
		e.common = r.src.kernel.exes.put(rec.Exe, r.scan.turn, x)
	}
}

// exeOf is what this scan has found of the executable; nil where it has not looked yet.
func (r *reader) exeOf(rec *task.Record) *exeFacts {
	if r.exe == nil || r.exeID != rec.Exe || r.exeTurn != r.scan.turn { // most often it is that of the process before
		r.exe, _ = r.src.kernel.exes.get(rec.Exe, r.scan.turn)
		r.exeID, r.exeTurn = rec.Exe, r.scan.turn
	}
	return r.exe
}
