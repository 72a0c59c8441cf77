package proc

import (
	"cmp"
	"context"
	"slices"
	"sort"
	"sync"

	"golang.org/x/sys/unix"

	"capview/inspect"
	"capview/inspect/task"
)

// kernelSide is what a Source keeps of what the kernel itself tells of threads.
type kernelSide struct {
	task.Kernel
	picks   bool // of Kernel
	hangs   bool // a pass over the command lines did not end: there is no other
	tells   bool // of command lines: those that are asked for, or each slowScans scans of all of them
	cgroups *cgroupCache
	exes    *exeCache
	stacks  *stackCache
	mu      sync.RWMutex
	last    *kernelScan   // under mu: the one before may be written over
	room    []task.Record // for the leaders of the next
}

func newKernelSide(k task.Kernel) *kernelSide {
	return &kernelSide{Kernel: k, picks: k.Picks(), cgroups: newCgroupCache(), exes: newExeCache(), stacks: newStackCache()}
}

// kernelScan is one pass of the kernel's over all threads, beside a scan of procfs. It is not written once the scan reads
// processes.
type kernelScan struct {
	began    uint64        // nanoseconds since boot
	leaders  []task.Record // by PID
	threads  map[int][]kernelThread
	changed  map[int]bool // thread groups of which a thread changed while it was read
	cmdlines []cmdline    // by PID; nil: the kernel did not tell
	stacks   *stackSet
	before   beforeScan
	odd      map[int]inspect.Gap // of processes that procfs or the kernel does not show
}

// beforeScan is what was told in the scan before.
type beforeScan struct {
	leaders []task.Record
	threads map[int][]kernelThread
	stacks  *stackSet
}

func newKernelScan() *kernelScan {
	return &kernelScan{began: sinceBoot(), threads: map[int][]kernelThread{}, changed: map[int]bool{}, odd: map[int]inspect.Gap{}}
}

// kernelThread is a thread that is no leader.
type kernelThread struct {
	inspect.Thread
	start   uint64 // nanoseconds since boot
	filters int
}

// ask has the kernel tell of all threads, and of the command lines that are wanted in this turn.
func (s *kernelSide) ask(ctx context.Context, turn uint, known []entry, allThreads bool) (*kernelScan, error) {
	k := newKernelScan()
	if k.leaders = s.room[:0]; s.last == nil {
		k.leaders = make([]task.Record, 0, threadCount())
	}
	a := s.askFirst(ctx, turn)
	all := a != nil && s.picks
	err := s.Threads(ctx, func(r *task.Record) {
		k.add(r, allThreads)
		if all && r.PID == r.TGID && r.Args != 0 {
			a.of(r.PID)
		}
	})
	inOrder(k.leaders, func(r *task.Record) int { return r.PID })
	switch {
	case a != nil:
		a.end()
	case err == nil && s.picks && !s.hangs:
		if a = s.askWanted(ctx, k.wanted(known, turn)); a == nil {
			k.cmdlines = []cmdline{}
		}
	}
	if err != nil {
		return nil, err
	}
	if a != nil {
		var ended bool
		k.cmdlines, ended = a.wait(patience)
		s.hangs, s.tells = !ended, k.cmdlines != nil
	}
	return k, nil
}

// since says what the last scan was told, of which what is known of processes was made.
func (s *kernelSide) since(k *kernelScan) {
	if s.last != nil {
		k.before = beforeScan{s.last.leaders, s.last.threads, s.last.stacks}
	}
}

// keep makes k the last scan, once it is through. The room of the one before is for the next, if nobody who was left behind looks at it still.
func (s *kernelSide) keep(k *kernelScan, free bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.room = nil
	if s.last != nil && free {
		s.room = s.last.leaders
	}
	s.last = k
}

// add takes up a record. A thread is kept where it may be unlike its leader: filters are compared later.
func (k *kernelScan) add(r *task.Record, all bool) {
	if r.Changed {
		k.changed[r.TGID] = true
	}
	if r.PID == r.TGID {
		k.leaders = append(k.leaders, *r)
		return
	}
	var leader *task.Record
	if n := len(k.leaders); n > 0 && k.leaders[n-1].PID == r.TGID {
		leader = &k.leaders[n-1]
	} else {
		leader = k.leader(r.TGID)
	}
	if all || leader == nil || r.SeccompMode == seccompModeFilter || !alike(leader, r) {
		t := inspect.Thread{TID: r.PID, Comm: r.Comm, UID: idsOf(r.UID), GID: idsOf(r.GID), Creds: credsOf(r)}
		k.threads[r.TGID] = append(k.threads[r.TGID], kernelThread{t, r.StartTime, r.Filters})
	}
}

// leader is the record of a thread group's leader, or nil.
func (k *kernelScan) leader(pid int) *task.Record { return k.leaderFrom(new(int), pid) }

// leaderFrom is leader, beginning where the one before was found.
func (k *kernelScan) leaderFrom(at *int, pid int) *task.Record {
	i, ok := from(k.leaders, *at, pid, func(r *task.Record) int { return r.PID })
	if !ok {
		return nil
	}
	*at = i
	return &k.leaders[i]
}

// from finds what has a PID in a list that is in their order: who goes through all of them finds the next a few places on,
// where a binary search would look all over the list.
func from[E any](list []E, at, pid int, of func(*E) int) (int, bool) {
	for i := at; i < min(at+4, len(list)); i++ {
		if of(&list[i]) == pid {
			return i, true
		}
	}
	return sort.Find(len(list), func(i int) int { return cmp.Compare(pid, of(&list[i])) })
}

// inOrder puts what the kernel told in the order of PIDs. The kernel tells of processes in that order, or in that in which they
// began: that is another where PIDs have come round.
func inOrder[E any](list []E, of func(*E) int) {
	if sort.SliceIsSorted(list, func(i, j int) bool { return of(&list[i]) < of(&list[j]) }) {
		return
	}
	places := make([]uint64, len(list)) // PIDs, and below them whose they are
	for i := range list {
		places[i] = uint64(of(&list[i]))<<32 | uint64(i)
	}
	slices.Sort(places)
	for i := range places {
		// What belongs in i is where the places say, and what belongs there, and so on, until what was in i itself is wanted.
		if int(uint32(places[i])) == i {
			continue
		}
		first, to := list[i], i
		for {
			from := int(uint32(places[to]))
			places[to] = uint64(to)
			if from == i {
				list[to] = first
				break
			}
			list[to] = list[from]
			to = from
		}
	}
}

// usable is the record of a process that all facts can be taken from, or nil. It is looked for from a place on.
func (k *kernelScan) usable(at *int, pid int) *task.Record {
	if k == nil || k.changed[pid] {
		return nil
	}
	r := k.leaderFrom(at, pid)
	switch {
	case r == nil || r.GroupCount > len(r.Groups) || int(r.SeccompMode) >= len(seccompModes):
		return nil
	case !r.Exe.Known && r.Flags&pfKThread == 0 && r.State != 'Z':
		return nil // it is about to end
	}
	return r
}

func alike(a, b *task.Record) bool {
	return a.Caps == b.Caps && a.SecureBits == b.SecureBits && a.NoNewPrivs == b.NoNewPrivs && a.SeccompMode == b.SeccompMode &&
		a.Filters == b.Filters && a.UID == b.UID && a.GID == b.GID
}

func idsOf(i task.IDs) inspect.Opt[inspect.IDs] { return inspect.Some(inspect.IDs(i)) }

// seccompModeFilter is SECCOMP_MODE_FILTER of <linux/seccomp.h>.
const seccompModeFilter = 2

// credsOf is a record's credentials, but for its filters' programs.
func credsOf(r *task.Record) inspect.Creds {
	c := inspect.Creds{Caps: inspect.Some(r.Caps), NoNewPrivs: inspect.Some(r.NoNewPrivs), SecureBits: inspect.Some(r.SecureBits)}
	if int(r.SeccompMode) < len(seccompModes) {
		sec := inspect.Seccomp{Mode: seccompModes[r.SeccompMode]}
		if r.Filters >= 0 {
			sec.Filters = inspect.Some(r.Filters)
		}
		if r.SeccompMode < seccompModeFilter {
			sec.Stack = inspect.Some(inspect.FilterStack(""))
		}
		c.Seccomp = inspect.Some(sec)
	}
	return c
}

// threadCount is about how many threads there are (sysinfo(2), which counts them in 16 bits).
func threadCount() int {
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) != nil {
		return 0
	}
	return int(info.Procs)
}

// sinceBoot is now, as the kernel's records count it (CLOCK_BOOTTIME).
func sinceBoot() uint64 {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts) != nil {
		return 0
	}
	return uint64(ts.Nano())
}

// tick is a clock tick in nanoseconds.
const tick = 1e9 / userHZ
