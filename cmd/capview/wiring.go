package main

import (
	"context"
	"io"
	"runtime/debug"
	"time"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/inspect/rules"
	"capview/inspect/snapshot"
	"capview/nsinfo/runtimes"
)

// node is a live node: a Source that can be asked for one process in full, and for what limits its reading.
type node interface {
	inspect.Source
	Reader() reader
	// Engine tells how it is read, and why not otherwise.
	Engine() engineState
	// Names tells where the last scan looked for containers' names.
	Names() []runtimes.SourceReport
	Close() error
	// Process reads one process with all its threads and the text of its status; start 0 is any start time.
	Process(ctx context.Context, pid int, start uint64) (inspect.Process, error)
	facts
}

// engineState is how a node is read.
type engineState struct {
	Name  string // "bpf", "procfs"
	Why   string // why it is not the bpf engine; "" where that was not asked for
	Parts []enginePart
}

// enginePart is a program of the bpf engine.
type enginePart struct{ Name, Why string } // Why: it could not be loaded; "" where it was

// facts is what the kernel's rules ask of a live node besides a snapshot. PIDs and start times as in node.Process.
type facts interface {
	System() rules.System
	Self(ctx context.Context, pid int, start uint64) (rules.Self, error)
	// Owner is the uid and gid that own the process's files in procfs.
	Owner(ctx context.Context, pid int, start uint64) ([2]uint32, error)
	File(ctx context.Context, pid int, start uint64, path string) (rules.File, error)
	// Entries is the names in a directory of the process's root, not more than most.
	Entries(ctx context.Context, pid int, start uint64, dir string, most int) ([]string, error)
	Path(ctx context.Context, pid int, start uint64, path string) (rules.PathInfo, error)
}

// nodeOptions says how to read this node, and which capabilities to hold on to.
type nodeOptions struct {
	root       string // of procfs
	allThreads bool
	engine     string            // "auto", "bpf", "procfs"
	env        map[string]string // capview's own, which may name an engine's socket
	keep       caps.Set
	stay       bool // the command is one that does not end by itself
}

// source is where the processes come from: the file of --from, or this node; then live is the same source, else nil.
func (a *app) source(allThreads bool) (src inspect.Source, live node, err error) {
	switch a.flags.from {
	case "":
		live, err = liveNode(nodeOptions{root: procRoot, allThreads: allThreads, engine: string(a.flags.engine), keep: reading | a.needs, stay: a.stay, env: a.env})
		if err != nil {
			return nil, nil, err
		}
		a.live = live
		return withNames(live), live, nil
	case "-":
		return withNames(&streamed{r: a.stdin}), nil, nil
	}
	return withNames(snapshot.File{Path: a.flags.from}), nil, nil
}

// scan takes one snapshot and indexes it.
func (a *app) scan(ctx context.Context, src inspect.Source) (*inspect.Index, error) {
	begin := a.now()
	s, err := src.Snapshot(ctx)
	if err != nil {
		return nil, a.scanFailure(err)
	}
	a.log.Info("scan", "took", a.now().Sub(begin).Round(time.Microsecond), "processes", len(s.Processes),
		"containers", len(s.Containers), "gaps", len(s.Gaps), "engine", s.Host.Engine)
	return inspect.NewIndex(s), nil
}

func (a *app) scanFailure(err error) error {
	if a.flags.from != "" {
		return trouble("", "%w", err)
	}
	return trouble("see 'capview doctor'", "cannot read this node: %w", err)
}

// hurry puts off the collection of garbage: at 5,000 processes a command that shows one snapshot ends before there is any
// worth its while. It saves a tenth of an export's processor time. GOGC has the last word. What growInHugePages leaves untouched counts
// as in use until then.
func (a *app) hurry() {
	if a.env["GOGC"] == "" {
		debug.SetGCPercent(1200)
		growInHugePages()
	}
}

// index scans what --from says, or this node; live is nil for a snapshot.
func (a *app) index(ctx context.Context, allThreads bool) (ix *inspect.Index, live node, err error) {
	src, live, err := a.source(allThreads)
	if err != nil {
		return nil, nil, err
	}
	ix, err = a.scan(ctx, src)
	return ix, live, err
}

// streamed is a snapshot that comes from a pipe, so it can be read only once.
type streamed struct {
	r    io.Reader
	read *inspect.Snapshot
}

func (s *streamed) Snapshot(context.Context) (*inspect.Snapshot, error) {
	if s.read != nil {
		return s.read, nil
	}
	read, err := snapshot.Read(s.r, "standard input")
	if err != nil {
		return nil, err
	}
	s.read = read
	return read, nil
}

// origin is what the snapshot is called: its file, or "standard input"; "" for this node.
func (a *app) origin() string {
	if a.flags.from == "-" {
		return "standard input"
	}
	return a.flags.from
}
