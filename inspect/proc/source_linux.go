package proc

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/prometheus/procfs"

	"capview/inspect"
	"capview/inspect/crash"
	"capview/inspect/task"
)

// Options says how to read.
type Options struct {
	Root       string // of procfs: "/proc", or where another one is mounted
	AllThreads bool   // keep every thread, not only those whose credentials differ from their leader's
	Workers    int    // how many read at once; 0: one for each processor
	Version    string // of capview, for the Snapshot
	// Kernel tells of threads what the kernel itself knows: the records that are joined with what procfs shows. Nil:
	// procfs alone.
	Kernel task.Kernel
}

// Source reads procfs. Its Snapshot may be called again and again, by one caller at a time: what cannot have
// changed since is not read again.
type Source struct {
	opt     Options
	fs      procfs.FS
	root    *os.File // O_PATH descriptor of Options.Root
	host    hostFacts
	known   []entry           // by PID: what the last scan found
	last    *inspect.Snapshot // of the last scan
	before  []entry           // room for what the next one does
	entries []byte            // of the directory, for list
	files   *fileCache
	users   *userNames
	spaces  *spaces
	readers []*reader
	kernel  *kernelSide // nil: procfs alone
	turn    uint        // the number of the last scan
	stuck   stuckReads
}

// New opens procfs at o.Root. It fails where that is no procfs.
func New(o Options) (*Source, error) {
	fs, err := procfs.NewFS(o.Root)
	if err != nil {
		return nil, fmt.Errorf("procfs: %w", err)
	}
	root, err := openProcRoot(o.Root)
	if err != nil {
		return nil, err
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	s := &Source{
		opt: o, fs: fs, root: root,
		stuck: stuckReads{pids: map[int]bool{}}, files: newFileCache(), users: newUserNames(), spaces: newSpaces(),
		entries: make([]byte, 32<<10),
	}
	for range o.Workers {
		s.readers = append(s.readers, newReader(s))
	}
	s.host = s.readHostFacts()
	if o.Kernel != nil {
		s.kernel = newKernelSide(o.Kernel)
	}
	return s, nil
}

// Close gives back what New opened.
func (s *Source) Close() error { return s.root.Close() }

// Snapshot reads the node as it is now. Processes that end meanwhile are left out; what may not be read is a Gap.
func (s *Source) Snapshot(ctx context.Context) (*inspect.Snapshot, error) {
	s.turn++
	s.files.nextScan()
	s.users.refresh()
	pids, kernel, refused, err := s.look(ctx)
	if err != nil {
		return nil, err
	}

	snap := &inspect.Snapshot{
		Schema: inspect.Schema, Version: s.opt.Version, TakenAt: time.Now().UTC(),
		Gaps: []inspect.Gap{}, SeccompFilters: []inspect.FilterProgram{},
	}
	for i := range s.known { // what became of them in the Snapshot
		s.known[i].proc = s.last.Processes[i]
	}
	sc := &scan{pids: pids, kernel: kernel, found: s.room(len(pids)), known: s.known, now: ticksSinceBoot(), turn: s.turn}
	if err := s.readAll(ctx, sc); err != nil {
		return nil, err
	}
	s.keep(snap, sc)
	s.complete(snap, kernel, refused)
	return snap, nil
}

// look finds which processes there are, and has the kernel tell of them. Refused is why the kernel did not.
func (s *Source) look(ctx context.Context) (pids []int, k *kernelScan, refused, err error) {
	var asked chan error
	if s.kernel != nil {
		if s.stuck.n.Load() > 0 { // who was left behind may look at it still
			s.kernel.room = nil
		}
		asked = make(chan error, 1)
		go func() {
			defer crash.Recover()
			var err error
			k, err = s.kernel.ask(ctx, s.turn, s.known, s.opt.AllThreads)
			asked <- err
		}()
	}
	pids, err = s.list()
	if asked != nil {
		refused = <-asked
	}
	switch {
	case err != nil:
		return nil, nil, nil, fmt.Errorf("list processes in %s: %w", s.opt.Root, err)
	case ctx.Err() != nil:
		return nil, nil, nil, ctx.Err()
	case k == nil || refused != nil:
		return pids, nil, refused, nil
	}
	pids, refused = s.judge(ctx, pids, k)
	if refused != nil {
		pids, err = s.list()
		return pids, nil, refused, err
	}
	k.stacks = s.kernel.stacks.update(ctx, s.kernel, k)
	s.kernel.since(k)
	return pids, k, nil, nil
}

// keep puts into snap the processes that were found, and remembers them for the next scan.
func (s *Source) keep(snap *inspect.Snapshot, sc *scan) {
	n, found := 0, sc.found
	for _, e := range found {
		if e.proc != nil {
			found[n] = e
			n++
		}
	}
	snap.Processes = make([]*inspect.Process, n)
	for i, e := range found[:n] {
		if snap.Processes[i] = e.proc; e.kept {
			snap.Keep(i, e.proc)
		}
	}
	free := s.stuck.n.Load() == 0 // else who was left behind may look at it still
	if s.before = nil; free {
		s.before = s.known
	}
	if sc.kernel != nil {
		s.kernel.keep(sc.kernel, free)
	}
	s.known, s.last = found[:n], snap
}

// room is n entries that are zero.
func (s *Source) room(n int) []entry {
	if cap(s.before) < n {
		return make([]entry, n, n+n/8)
	}
	clear(s.before[:cap(s.before)])
	return s.before[:n]
}

// complete adds what takes all processes together: the host, namespaces, containers. Refused is why the kernel told
// nothing in this scan although it was asked.
func (s *Source) complete(snap *inspect.Snapshot, k *kernelScan, refused error) {
	s.host.into(snap)
	s.spaces.into(snap, s.root, s.turn)
	s.hiddenInto(snap)
	if k != nil {
		snap.Host.Engine = "bpf"
		k.into(snap)
		k.stacks.into(snap)
	} else {
		snap.Gaps = append(snap.Gaps,
			inspect.Gap{Subject: "processes", What: "securebits", Why: "procfs does not show them"},
			inspect.Gap{Subject: "processes", What: "seccomp.stack", Why: "procfs does not show what a filter does"})
	}
	if refused != nil {
		snap.Gaps = append(snap.Gaps, inspect.Gap{Subject: "host", What: "engine", Why: "the bpf engine failed: " + why(refused)})
	}
	inspect.Contain(snap)
}
