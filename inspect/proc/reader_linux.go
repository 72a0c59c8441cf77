package proc

import (
	"strconv"

	"golang.org/x/sys/unix"

	"capview/inspect"
	"capview/inspect/filecap"
	"capview/inspect/task"
)

// entry is a process as the last scan saw it, with what tells whether that still holds.
type entry struct {
	pid   int
	proc  *inspect.Process // in the scan's Snapshot; nil: it has ended
	kept  bool             // it is in the Snapshot before as well
	image uint64           // stat.image: changes with every execve; 0 unknown
	mount uint64           // mount id of the executable
	exec  uint64           // of the kernel's record: task.Record.ExecID
	args  uint64           // of the kernel's record: task.Record.Args
	// plain: it is what the kernel's record says and what many have in common, with nothing lacking and no threads of its own.
	plain bool
	// What it has in common with others: the executable, nil where it has none, the cgroup, and whose names of users.
	common *exeFacts
	cgroup *cgroupPath
	users  uint64
	// The command line is read again in the scan with that number; by the kernel's picking (task.Kernel), later and later while it
	// stays the same.
	cmdlineDue uint
	stayed     uint8 // how often it has
}

// slowScans is how many refreshes may pass before what seldom changes without an execve or new credentials (command
// line, cgroup, namespaces other than the user namespace) is read again: a share of the processes each time. The
// cgroup of a process younger than youngTicks is read at each: whoever starts a process may move it.
const (
	slowScans  = 8
	youngTicks = 10 * userHZ
)

// maxCmdline bounds a command line.
const maxCmdline = 64 << 10

// reader reads processes, one at a time; each worker has its own.
type reader struct {
	src        *Source
	scan       *scan // the one under way
	allThreads bool
	keepStatus bool
	quick      bool // leave out what can hang
	scratch    inspect.Process
	room       []inspect.Process // for own
	buf        []byte
	status     status // scratch of readStatus and readThread
	link       [4096]byte
	vanished   bool // something of the process being read was there and is not
	// What many processes share is made once: by the bytes that the kernel wrote.
	names   map[string]string
	groups  map[string][]uint32
	cgroups map[string]string
	// Where the process before was: in the kernel's records, in what the last scan found, in the command lines.
	at, beforeAt, knownAt, cmdlineAt int
	// The user, the executable and the cgroup that were asked for last, and in which scan.
	user       string
	userID     uint32
	userTurn   uint
	exe        *exeFacts
	exeID      task.Exe
	exeTurn    uint
	cgroup     *cgroupPath
	cgroupKey  uint64
	cgroupTurn uint
}

func newReader(s *Source) *reader {
	return &reader{
		src: s, allThreads: s.opt.AllThreads, buf: make([]byte, 8192),
		names: map[string]string{}, groups: map[string][]uint32{}, cgroups: map[string]string{},
	}
}

// own is a copy of scratch that stays. In a first scan many are made, at once.
func (r *reader) own(many bool) *inspect.Process {
	const chunk = 46 // as many as fit into 32 KiB
	if many && len(r.room) == 0 {
		r.room = make([]inspect.Process, chunk)
	} else if !many {
		r.room = make([]inspect.Process, 1)
	}
	p := &r.room[0]
	r.room = r.room[1:]
	*p = r.scratch
	return p
}

// read reads the process into p and says what it takes to know it again; rec is the kernel's record of it, or nil; old is what an
// earlier scan found at this PID, or nil. The entry is zero where the process has ended. One that turns into a zombie, or execs, under the
// reader's eyes is read once more.
func (r *reader) read(pid int, rec *task.Record, p *inspect.Process, old *entry) entry {
	if rec != nil {
		if e := (entry{proc: p}); r.readRecord(rec, &e, old) {
			return e
		}
		return entry{}
	}
	e := r.readProcfs(pid, p, old)
	r.beside(&e)
	return e
}

// readProcfs is read without what the kernel itself tells.
func (r *reader) readProcfs(pid int, p *inspect.Process, old *entry) entry {
	dir, err := retry(func() (int, error) {
		return unix.Openat(int(r.src.root.Fd()), strconv.Itoa(pid), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return entry{}
	}
	defer unix.Close(dir)
	r.vanished = false
	e := entry{proc: p}
	ok := r.readOnce(dir, pid, &e, old)
	if ok && r.vanished {
		ok = r.readOnce(dir, pid, &e, nil)
	}
	if !ok {
		return entry{}
	}
	return e
}

// readOnce is false where the process has ended.
func (r *reader) readOnce(dir, pid int, e, old *entry) bool {
	*e.proc = inspect.Process{PID: pid, Threads: []inspect.Thread{}, Gaps: []inspect.Gap{}}
	if !r.readStat(dir, e) || !r.readStatus(dir, e) {
		return false
	}
	if old != nil && (old.proc == nil || old.proc.StartTime != e.proc.StartTime) {
		old = nil
	}
	same := old != nil && old.image == e.image && old.proc.Creds.Unnamed() == e.proc.Creds && !r.slowTurn(pid)
	r.readCgroup(dir, e, old, same)
	r.readImage(dir, e, old, same)
	r.readNamespaces(dir, e, old, same)
	r.readThreads(dir, e)
	return true
}

// gap notes that what could not be read.
func (e *entry) gap(what, why string) {
	e.proc.Gaps = append(e.proc.Gaps, inspect.Gap{Subject: "pid " + strconv.Itoa(e.proc.PID), What: what, Why: why})
}

// readStat reads identity; false where the process has ended.
func (r *reader) readStat(dir int, e *entry) bool {
	text, err := readAt(dir, "stat", &r.buf, maxText)
	if ended(err) {
		return false
	}
	var st stat
	if err == nil {
		st, err = parseStat(text)
	}
	if err != nil {
		e.gap("start_time", why(err))
		return true
	}
	e.proc.StartTime, e.proc.PPID, e.proc.KernelThread, e.image = st.startTime, st.ppid, st.kernelThread, st.image
	return true
}

// readStatus reads credentials; false where the process has ended.
func (r *reader) readStatus(dir int, e *entry) bool {
	text, err := readAt(dir, "status", &r.buf, maxText)
	if ended(err) {
		return false
	}
	st := &r.status
	*st = status{}
	if err == nil {
		err = parseStatus(text, st)
	}
	if err != nil {
		e.gap("status", why(err))
	}
	p := e.proc
	if r.keepStatus {
		p.Status = string(text)
	}
	p.Comm = intern(r.names, st.name, unescapeName)
	p.State, p.UID, p.GID, p.Creds, p.ThreadCount = stateName(st.state), st.uid, st.gid, st.creds, st.threads
	if ids, ok := st.uid.Get(); ok {
		p.User = inspect.Some(r.src.users.name(ids.Effective))
	}
	r.setGroups(e, st.groups)
	return true
}

// intern makes of line what f makes of it, once for all processes that have the same. A cache that hostile churn has
// filled starts anew.
func intern[V any](m map[string]V, line []byte, f func([]byte) V) V {
	v, ok := m[string(line)]
	if !ok {
		if len(m) > 4096 {
			clear(m)
		}
		v = f(line)
		m[string(line)] = v
	}
	return v
}

func (r *reader) setGroups(e *entry, line []byte) {
	if line == nil {
		return
	}
	groups := intern(r.groups, line, func(line []byte) []uint32 {
		g, _ := parseGroups(line)
		return g
	})
	if groups == nil {
		e.gap("groups", "status: Groups: not a list of numbers")
		return
	}
	e.proc.Groups = inspect.Some(groups)
}

func (r *reader) readCgroup(dir int, e, old *entry, same bool) {
	if same && old.proc.Cgroup.Known() && r.scan.now > e.proc.StartTime+youngTicks {
		e.proc.Cgroup = old.proc.Cgroup
		return
	}
	text, err := readAt(dir, "cgroup", &r.buf, maxText)
	if err != nil {
		r.failed(e, "cgroup", err)
		return
	}
	if path := intern(r.cgroups, text, chooseCgroup); path != "" {
		e.proc.Cgroup = inspect.Some(path)
	} else {
		e.gap("cgroup", "no line of the cgroup file could be read")
	}
}

// failed notes that err kept what from being read. Where it vanished, the process has changed meanwhile.
func (r *reader) failed(e *entry, what string, err error) {
	r.vanished = r.vanished || ended(err)
	e.gap(what, why(err))
}

// readImage reads what an execve replaces: the executable and the command line.
func (r *reader) readImage(dir int, e, old *entry, same bool) {
	p := e.proc
	if p.KernelThread || p.State == "Z" {
		p.Exe, p.Cmdline, p.FileCaps = inspect.Some(""), inspect.Some([]string{}), inspect.Some(filecap.Caps{})
		return
	}
	if r.quick || r.src.stuck.hangs(p.PID) {
		for _, what := range []string{"cmdline", "exe", "exe_file", "file_caps"} {
			e.gap(what, stuckWhy)
		}
		return
	}
	if !same || old.image == 0 || len(old.proc.Gaps) > 0 {
		r.readCmdline(dir, e)
		r.readExe(dir, e)
		return
	}
	p.Cmdline, p.Exe, p.ExeFile, p.FileCaps = old.proc.Cmdline, old.proc.Exe, old.proc.ExeFile, old.proc.FileCaps
	e.mount = old.mount
	if f, ok := p.ExeFile.Get(); ok {
		if _, fresh := r.src.files.get(fileID{f.Device, f.Inode, old.mount}, f.Ctime); fresh {
			return
		}
	}
	r.readExeFile(dir, e)
}

// slowTurn tells whether this refresh is the one to read the process's slow facts again.
func (r *reader) slowTurn(pid int) bool { return (uint(pid)+r.scan.turn)%slowScans == 0 }

func (r *reader) readCmdline(dir int, e *entry) {
	text, err := readAt(dir, "cmdline", &r.buf, maxCmdline)
	if err != nil {
		r.failed(e, "cmdline", err)
		if text == nil {
			return
		}
	}
	e.proc.Cmdline = inspect.Some(splitCmdline(text))
}
