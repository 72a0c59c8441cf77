package proc

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/prometheus/procfs"

	"capview/inspect"
)

// Options says how to read.
type Options struct {
	Root       string // of procfs: "/proc", or where another one is mounted
	AllThreads bool   // keep every thread, not only those whose credentials differ from their leader's
	Workers    int    // how many read at once; 0: one for each processor
	Version    string // of capview, for the Snapshot
}

// Source reads procfs. Its Snapshot may be called again and again, by one caller at a time: what cannot have
// changed since is not read again.
type Source struct {
	opt     Options
	fs      procfs.FS
	root    *os.File // O_PATH descriptor of Options.Root
	host    hostFacts
	known   []entry // by PID: what the last scan found
	files   *fileCache
	users   *userNames
	spaces  *spaces
	readers []*reader
	turn    uint // the number of the last scan
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
	}
	for range o.Workers {
		s.readers = append(s.readers, newReader(s))
	}
	s.host = s.readHostFacts()
	return s, nil
}

// Close gives back what New opened.
func (s *Source) Close() error { return s.root.Close() }

// Snapshot reads the node as it is now. Processes that end meanwhile are left out; what may not be read is a Gap.
func (s *Source) Snapshot(ctx context.Context) (*inspect.Snapshot, error) {
	procs, err := s.fs.AllProcs()
	if err != nil {
		return nil, fmt.Errorf("list processes in %s: %w", s.opt.Root, err)
	}
	slices.SortFunc(procs, func(a, b procfs.Proc) int { return a.PID - b.PID })
	s.turn++
	s.files.nextScan()
	s.users.refresh()

	snap := &inspect.Snapshot{
		Schema: inspect.Schema, Version: s.opt.Version, TakenAt: time.Now().UTC(),
		Processes: make([]inspect.Process, len(procs)),
		Gaps:      []inspect.Gap{},
	}
	sc := &scan{procs: procs, into: snap.Processes, found: make([]entry, len(procs)), known: s.known, now: ticksSinceBoot(), turn: s.turn}
	if err := s.readAll(ctx, sc); err != nil {
		return nil, err
	}
	s.keep(snap, sc.found)
	s.complete(snap)
	return snap, nil
}

// keep closes the gaps that ended processes left in snap, and remembers the others for the next scan.
func (s *Source) keep(snap *inspect.Snapshot, found []entry) {
	n := 0
	for i, e := range found {
		if e.proc == nil {
			continue
		}
		if n != i {
			snap.Processes[n], found[n] = snap.Processes[i], e
		}
		found[n].proc = &snap.Processes[n]
		n++
	}
	clear(snap.Processes[n:])
	snap.Processes, s.known = snap.Processes[:n], found[:n]
}

// complete adds what takes all processes together: the host, namespaces, containers.
func (s *Source) complete(snap *inspect.Snapshot) {
	s.host.into(snap)
	s.spaces.into(snap, s.root, s.turn)
	s.hiddenInto(snap)
	snap.Gaps = append(snap.Gaps,
		inspect.Gap{Subject: "processes", What: "securebits", Why: "procfs does not show them"},
		inspect.Gap{Subject: "processes", What: "seccomp.profile", Why: "procfs does not show what a filter does"})
	inspect.Contain(snap)
}
