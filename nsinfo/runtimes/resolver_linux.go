package runtimes

import (
	"cmp"
	"context"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"capview/inspect"
)

// Options says where to read and for how long to wait.
type Options struct {
	Root    string        // of procfs: "/proc"
	Timeout time.Duration // how long a refresh waits for files of new containers at most; 0: 500 ms
	// StateRoots is directories of runc's or crun's states (their --root) beside the default ones.
	StateRoots []string
	// Sockets is where engines may be asked for the names of containers that no file tells: in this order.
	Sockets []Socket
}

// Resolver joins names to Snapshots. Join may be called again and again, by one caller at a time.
type Resolver struct {
	opt    Options
	prober *prober
	pool   *pool
	seen   map[string]bool // groups without a name at the last Join
	memo   memo
	// engines has goroutines of its own, so that a socket that does not answer keeps no one from files.
	engines *pool
}

// New makes a Resolver; nothing is read yet.
func New(o Options) *Resolver {
	if o.Timeout <= 0 {
		o.Timeout = 500 * time.Millisecond
	}
	r := &Resolver{opt: o, seen: map[string]bool{}}
	r.prober = &prober{files: files{proc: o.Root, hostRoot: hostRoot(o.Root)}, shared: newShared()}
	r.pool = newPool(o.Timeout, r.prober.probe, r.prober.unchanged)
	asked := &engines{r.prober.files, uint32(os.Geteuid())}
	r.engines = newPool(o.Timeout, asked.ask, asked.unchanged)
	return r
}

// hostRoot is the root directory of PID 1, which is the host's also where capview is in a container that sees the
// host's processes; its own where that may not be opened.
func hostRoot(proc string) string {
	root := path.Join(proc, "1/root")
	if f, err := os.Open(root); err == nil {
		f.Close()
		return root
	}
	return "/"
}

// Join names the containers of s, and finds those that their cgroups do not name. It waits for files of new containers
// for Options.Timeout at most; what did not arrive is a Gap, and comes with a later call. The Snapshot is one that no one
// else reads yet.
func (r *Resolver) Join(ctx context.Context, s *inspect.Snapshot) {
	if ctx.Err() != nil {
		return
	}
	if r.memo.applies(s) && r.pool.steady() && r.engines.steady() {
		r.memo.apply(s)
		return
	}
	r.memo.take(s)
	gaps := len(s.Gaps)
	l := newLinks(newScan(s))
	roots := l.rootRequests(r.opt.StateRoots)
	answers := r.pool.get(append(l.requests(), roots...), r.afresh(l, roots))
	for _, q := range roots {
		if a := answers[q]; a != nil {
			l.adopt(a.states)
			s.Gaps = a.gapsInto(s.Gaps, q.runtime)
		} else {
			s.Gaps = append(s.Gaps, inspect.Gap{Subject: q.runtime, What: "containers", Why: q.path + ": has not answered yet"})
		}
	}
	j := &join{links: l, answers: answers}
	j.fill()
	j.place()
	r.hear(j)
	r.memo.keep(j.share(), s.Gaps[gaps:])
}

// afresh is the roots, where there are groups without a name that were not there at the last Join: a state may be new.
func (r *Resolver) afresh(l *links, roots []request) []request {
	now, fresh := map[string]bool{}, false
	for _, key := range l.unnamed() {
		now[key] = true
		fresh = fresh || !r.seen[key]
	}
	r.seen = now
	if fresh {
		return roots
	}
	return nil
}

// Sources tells where the last Join looked for names, and how that went: by runtime and path.
func (r *Resolver) Sources() []SourceReport {
	type id struct{ runtime, path string }
	found := map[id]SourceReport{}
	add := func(s SourceReport) {
		key := id{s.Runtime, s.Path}
		have, ok := found[key]
		if ok {
			s.Count += have.Count
			if have.State == SourceFailed {
				s.State, s.Why = have.State, have.Why
			}
		}
		found[key] = s
	}
	see := func(q request, a *answer) {
		if a == nil {
			add(SourceReport{Runtime: q.runtimeName(), Path: q.describe(), State: SourceWaiting, Why: "has not answered yet"})
			return
		}
		for _, s := range a.sources {
			add(s)
		}
	}
	r.pool.each(see)
	r.engines.each(see)
	all := make([]SourceReport, 0, len(found))
	for _, s := range found {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b SourceReport) int {
		return cmp.Or(strings.Compare(a.Runtime, b.Runtime), strings.Compare(a.Path, b.Path))
	})
	return all
}

// Source is a node's Snapshots with names.
type Source struct {
	inspect.Source
	Resolver *Resolver
}

// Snapshot is the inner source's, with names joined to it.
func (s Source) Snapshot(ctx context.Context) (*inspect.Snapshot, error) {
	snap, err := s.Source.Snapshot(ctx)
	if err == nil {
		s.Resolver.Join(ctx, snap)
	}
	return snap, err
}
