package main

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"capview/inspect"
	"capview/inspect/bpf/trace"
)

// watched is what is traced, and the node that it is on.
type watched struct {
	app    *app
	live   node
	source inspect.Source // of live's snapshots; nil is live itself
	names  []string       // of processes and containers; empty with all for the whole node
	all    bool
	target trace.Target
	told   []string // all of target, as its reader knows them: containers by key, processes by PID
	since  time.Time
	until  time.Time
	// containers is set where one was named.
	containers bool
	// filtered is set where --filter chose among its processes.
	filtered bool
	// late is called when what was started before the tracer began has been caught up with, where the watching does not wait
	// for that; else nil.
	late func()
	// handed is a snapshot that another than scan took.
	handed atomic.Pointer[inspect.Index]

	mu sync.Mutex // of what follows, and of target once it is watched: they are replaced while events are told
	ix *inspect.Index
	// places finds where the subject of an event lives.
	places *places
	// asked is set when something was not found in ix.
	asked bool
}

// watch finds what names, --container and --filter say to trace.
func (a *app) watch(ctx context.Context, names []string) (*watched, error) {
	if _, err := a.keep(); err != nil {
		return nil, err
	}
	a.needs = watching
	ix, live, err := a.index(ctx, false)
	if err != nil {
		return nil, err
	}
	w := &watched{app: a, live: live, names: names, filtered: a.flags.filter != "", ix: ix, places: newPlaces(ix)}
	w.all = len(names) == 0 && a.flags.container == "" && a.flags.filter == ""
	if a.flags.container != "" {
		w.names = append(w.names, a.flags.container)
	}
	for _, name := range w.names {
		if err := w.add(ctx, name); err != nil {
			return nil, err
		}
	}
	if a.flags.filter != "" {
		err = w.matching()
	}
	return w, err
}

// targets is what the tracer is to look at.
func (w *watched) targets() []trace.Target {
	if w.all {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return []trace.Target{{Processes: slices.Clone(w.target.Processes), Cgroups: slices.Clone(w.target.Cgroups), UserNS: slices.Clone(w.target.UserNS)}}
}

// add makes a process or a container a target.
func (w *watched) add(ctx context.Context, name string) error {
	if pid, err := strconv.Atoi(name); err == nil {
		p, err := w.app.actor(ctx, w.ix, w.live, pid)
		if err != nil {
			return err
		}
		w.process(p)
		w.told = append(w.told, name)
		return nil
	}
	found := findContainers(w.ix, name)
	switch {
	case len(found) == 0:
		return noContainer(w.ix, name)
	case len(found) > 1:
		return ambiguous(w.ix, found, name)
	}
	w.container(found[0])
	w.told = append(w.told, found[0].Key)
	return nil
}

func (w *watched) process(p *inspect.Process) {
	id := inspect.ProcessID{PID: p.PID, StartTime: p.StartTime}
	if !slices.Contains(w.target.Processes, id) {
		w.target.Processes = append(w.target.Processes, id)
	}
}

// container makes c's own processes targets, and its control group, by which those are found that others start in it, where
// it has one of its own.
func (w *watched) container(c *inspect.Container) {
	for _, p := range groupOf(w.ix, c).Processes {
		if p.Role != inspect.RoleHelper && p.State != "Z" {
			w.process(p)
		}
	}
	w.containers = true
	if id, ok := w.places.own[c.Key]; ok && !slices.Contains(w.target.Cgroups, id) {
		w.target.Cgroups = append(w.target.Cgroups, id)
	}
	if ns, ok := c.UserNamespace.Get(); ok && c.Kind == inspect.KindUserNS && !slices.Contains(w.target.UserNS, ns) {
		w.target.UserNS = append(w.target.UserNS, ns)
	}
}

// matching keeps, of what is watched, or of all, the processes that the filter matches.
func (w *watched) matching() error {
	kept, err := w.app.selected(w.ix)
	if err != nil {
		return err
	}
	among := w.target.Processes
	w.target, w.told = trace.Target{}, []string{}
	for _, p := range kept {
		if len(w.names) == 0 || slices.Contains(among, inspect.ProcessID{PID: p.PID, StartTime: p.StartTime}) {
			w.process(p)
			w.told = append(w.told, strconv.Itoa(p.PID))
		}
	}
	if len(w.target.Processes) == 0 {
		return trouble("", "no process matches %q", w.app.flags.filter)
	}
	return nil
}

// catchUp follows the processes that those watched have started before the tracer began: scans until none is new.
func (w *watched) catchUp(ctx context.Context, running follower) error {
	if w.all || len(w.target.Processes) == 0 {
		return nil
	}
	for range 5 {
		before := len(w.target.Processes)
		if err := w.scan(ctx); err != nil {
			return err
		}
		w.mu.Lock()
		w.descend()
		more := slices.Clone(w.target.Processes[before:])
		w.mu.Unlock()
		if len(more) == 0 {
			return nil
		}
		if err := running.Follow(0, trace.Target{Processes: more}); err != nil {
			return trouble("", "cannot follow processes: %w", err)
		}
	}
	return nil
}

// descend adds the children of those that are watched, to the last.
func (w *watched) descend() {
	for i := 0; i < len(w.target.Processes); i++ {
		parent := w.target.Processes[i]
		if p := w.ix.Process(parent.PID); p == nil || p.StartTime != parent.StartTime {
			continue
		}
		for j := range w.ix.Processes {
			if p := w.ix.Processes[j]; p.PPID == parent.PID {
				w.process(p)
			}
		}
	}
}

// scan looks at the node anew.
func (w *watched) scan(ctx context.Context) error {
	source := w.source
	if source == nil {
		source = w.live
	}
	ix, err := w.app.scan(ctx, source)
	if err != nil {
		return err
	}
	w.know(ix)
	return nil
}

// know goes on with a newer snapshot.
func (w *watched) know(ix *inspect.Index) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ix, w.asked = ix, false
	w.places.learn(ix)
}

// errEnded is that nothing is left to be watched.
var errEnded = errors.New("every process that was watched has ended")

// The node is scanned again only where it is needed, not oftener than scanEvery, nor so often that it takes more than a
// fiftieth of the time.
const (
	tendEvery  = 500 * time.Millisecond
	scanEvery  = 2 * time.Second
	scanAtMost = 50
)

// again follows what a container that was named has become: one that is started again has another control group.
func (w *watched) again(running follower) error {
	if !w.containers || w.filtered {
		return nil
	}
	return running.Follow(0, w.become())
}

// become adds what named containers are now to the target, and tells what of it is new.
func (w *watched) become() trace.Target {
	w.mu.Lock()
	defer w.mu.Unlock()
	processes, cgroups := len(w.target.Processes), len(w.target.Cgroups)
	for _, name := range w.names {
		if _, err := strconv.Atoi(name); err == nil {
			continue
		}
		if found := findContainers(w.ix, name); len(found) == 1 {
			w.container(found[0])
		}
	}
	more := trace.Target{Processes: w.target.Processes[processes:]}
	if cgroups > 0 { // the tracer looks at them only where there were some
		more.Cgroups = w.target.Cgroups[cgroups:]
	}
	return more
}

// tend scans again where a place was asked for that was not known, or a container was named, and another has not done so
// lately; it ends where nothing is left to be watched.
func (w *watched) tend(ctx context.Context, running follower) error {
	tick := time.NewTicker(tendEvery)
	defer tick.Stop()
	if w.late != nil {
		if err := w.catchUp(ctx, running); err != nil && ctx.Err() == nil {
			return err
		}
		w.late()
	}
	next := time.Now().Add(scanEvery)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if w.ended(running) {
			return errEnded
		}
		if ix := w.handed.Swap(nil); ix != nil {
			w.know(ix)
			if err := w.again(running); err != nil && ctx.Err() == nil {
				w.app.log.Warn("follow", "error", err.Error())
			}
			next = time.Now().Add(2 * scanEvery)
			continue
		}
		w.mu.Lock()
		asked := w.asked || w.containers
		w.mu.Unlock()
		if !asked || time.Now().Before(next) {
			continue
		}
		begin := time.Now()
		err := w.scan(ctx)
		if err == nil {
			err = w.again(running)
		}
		if err != nil && ctx.Err() == nil {
			w.app.log.Warn("scan", "error", err.Error())
		}
		next = time.Now().Add(max(scanEvery, scanAtMost*time.Since(begin)))
	}
}

// ended tells whether processes alone are watched, and none of them, nor of what they started, is left. A container's
// control group may be entered again.
func (w *watched) ended(running follower) bool {
	if w.all || len(w.target.Cgroups) > 0 || len(w.target.UserNS) > 0 {
		return false
	}
	n, err := running.Alive()
	return err == nil && n == 0
}
