package proc

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"capview/inspect"
	"capview/inspect/crash"
)

// A read of a process can hang in the kernel for as long as someone likes: its executable lies on a dead NFS server,
// its arguments in memory that a FUSE daemon backs. No scan may hang with it. A worker that one process holds for
// longer than patience is left behind, its process is read without what can hang, and another worker goes on.
const (
	patience = 500 * time.Millisecond
	// maxStuck is how many workers may be left behind at once, each with a thread of capview's. Beyond it, what can hang
	// is not read of any process that is new.
	maxStuck = 8
)

const stuckWhy = "reading it does not end: its file system does not answer"

// scan is one pass over the processes.
type scan struct {
	pids   []int
	kernel *kernelScan  // nil: procfs alone
	found  []entry      // zero where the process has ended
	known  []entry      // what the last scan found, by PID
	next   atomic.Int64 // of pids that nobody has taken
	now    uint64       // clock ticks since boot when it began
	turn   uint         // its number
}

// worker reads processes of a scan, one after the other.
type worker struct {
	r    *reader
	done chan *worker
	// part is which of the scan's processes it is to read, before it takes others.
	part span
	// at is which process it reads: its index + 1 in the scan; 0 none; lost when it has been left behind.
	at    atomic.Int64
	since atomic.Int64 // monotonic nanoseconds
}

const lost = -1

// span is indices of processes, from from until before to.
type span struct{ from, to int }

// together is how many processes in a row a worker takes: those that lie side by side are best read by one processor.
const together = 32

// take is the next span that nobody has taken; an empty one where there is none.
func (s *scan) take() span {
	to := int(s.next.Add(together))
	return span{to - together, min(to, len(s.pids))}
}

var epoch = time.Now()

func monotonic() int64 { return int64(time.Since(epoch)) }

// work reads until the scan has no more, or until it is left behind.
func (w *worker) work(ctx context.Context) {
	defer crash.Recover()
	s := w.r.scan
	for ctx.Err() == nil {
		if w.part.from >= w.part.to {
			if w.part = s.take(); w.part.from >= w.part.to {
				break
			}
		}
		i := w.part.from
		w.part.from++
		pid := s.pids[i]
		old := s.lastSeen(&w.r.knownAt, pid)
		rec := s.kernel.usable(&w.r.at, pid)
		if rec != nil && w.r.unchanged(rec, old) { // that nobody can hold
			s.found[i] = *old
			s.found[i].kept = true
			continue
		}
		w.since.Store(monotonic())
		w.at.Store(int64(i) + 1)
		e := w.r.read(pid, rec, &w.r.scratch, old)
		if !w.at.CompareAndSwap(int64(i)+1, 0) {
			w.r.src.stuck.remove(pid)
			return
		}
		s.put(i, e, old, w.r)
	}
	w.done <- w
}

// abandon leaves the worker behind if its process holds it for too long, and says which of the scan's that is and which it has not
// come to.
func (w *worker) abandon() (index int, rest span, gone bool) {
	at := w.at.Load()
	if at <= 0 || monotonic()-w.since.Load() < int64(patience) || !w.at.CompareAndSwap(at, lost) {
		return 0, span{}, false
	}
	return int(at) - 1, w.part, true
}

// lastSeen is what the last scan found at pid, or nil. It is looked for from a place on.
func (s *scan) lastSeen(at *int, pid int) *entry {
	i, ok := from(s.known, *at, pid, func(e *entry) int { return e.pid })
	if !ok {
		return nil
	}
	*at = i
	return &s.known[i]
}

// put keeps what was read of process i: the last scan's process where that says the same.
func (s *scan) put(i int, e entry, old *entry, by *reader) {
	if e.proc == nil {
		return
	}
	e.pid = e.proc.PID
	if old != nil && e.proc.SameFacts(old.proc) {
		e.kept, e.proc = true, old.proc
	} else {
		e.proc = by.own(len(s.known) == 0)
	}
	s.found[i] = e
}

// readAll shares the scan out among workers and sees to it that it ends.
func (s *Source) readAll(ctx context.Context, sc *scan) error {
	done := make(chan *worker)
	busy := map[*worker]bool{}
	start := func(r *reader, part span) {
		r.scan = sc
		w := &worker{r: r, done: done, part: part}
		busy[w] = true
		go w.work(ctx)
	}
	for _, r := range s.readers {
		start(r, span{})
	}
	s.readers = nil
	tick := time.NewTicker(patience / 5)
	defer tick.Stop()
	for len(busy) > 0 {
		select {
		case w := <-done:
			delete(busy, w)
			s.readers = append(s.readers, w.r)
		case <-tick.C:
			for w := range busy {
				if i, rest, gone := w.abandon(); gone {
					delete(busy, w)
					s.stuck.add(sc.pids[i])
					r := newReader(s)
					sc.put(i, r.readQuick(sc, sc.pids[i]), nil, r)
					start(newReader(s), rest)
				}
			}
		}
	}
	return ctx.Err()
}

// readQuick reads a process without what can hang.
func (r *reader) readQuick(sc *scan, pid int) entry {
	r.scan, r.quick = sc, true
	return r.read(pid, sc.kernel.usable(&r.at, pid), &r.scratch, nil)
}

// stuckReads is the processes that hold a worker that was left behind.
type stuckReads struct {
	n    atomic.Int32
	mu   sync.Mutex
	pids map[int]bool
}

func (s *stuckReads) add(pid int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pids[pid] = true
	s.n.Add(1)
}

func (s *stuckReads) remove(pid int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pids, pid)
	s.n.Add(-1)
}

// hangs tells whether what can hang of pid is not to be read.
func (s *stuckReads) hangs(pid int) bool {
	n := s.n.Load()
	if n == 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return n >= maxStuck || s.pids[pid]
}

// Process reads one process with all its threads and the text of its status. A start other than 0 must be its start
// time. The error is os.ErrNotExist where there is no such process (any more). Container and Role are left empty:
// they come of a whole Snapshot.
func (s *Source) Process(ctx context.Context, pid int, start uint64) (inspect.Process, error) {
	sc := &scan{now: ticksSinceBoot()}
	answer := make(chan entry, 1)
	go func() {
		defer crash.Recover()
		r := newReader(s)
		r.scan, r.allThreads, r.keepStatus = sc, true, true
		answer <- r.read(pid, nil, &r.scratch, nil)
	}()
	var e entry
	select {
	case e = <-answer:
	case <-ctx.Done():
		return inspect.Process{}, ctx.Err()
	case <-time.After(patience):
		e = newReader(s).readQuick(sc, pid)
	}
	if e.proc == nil || start != 0 && e.proc.StartTime != start {
		return inspect.Process{}, fmt.Errorf("process %d: %w", pid, os.ErrNotExist)
	}
	s.enrich(ctx, e.proc)
	return *e.proc, nil
}
