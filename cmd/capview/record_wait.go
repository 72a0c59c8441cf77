package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"capview/inspect/bpf/trace"
)

// groupRecorder records every control group of the node.
type groupRecorder interface {
	ReadGroups(ids []uint64) (trace.Recorded, error)
	Lost() (calls, children, refusals uint64, err error)
	Stop() error
	Close() error
}

// awaited is a recorder of the container that is waited for: of all that is recorded it picks that.
type awaited struct {
	groupRecorder
	w *watched
}

func (awaited) Follow(int, trace.Target) error { return nil }

func (awaited) Alive() (int, error) { return 1, nil }

func (r awaited) Read() ([]trace.Recorded, error) {
	one, err := r.ReadGroups(r.w.target.Cgroups)
	return []trace.Recorded{one}, err
}

// awaiting begins to record for a container that is yet to be started.
func (a *app) awaiting(w *watched, name string) (recorder, error) {
	if found := findContainers(w.ix, name); len(found) > 0 {
		return nil, trouble("record it without --wait", "--wait %s: %s is there already", name, called(w.ix, found[0]))
	}
	r, err := newGroupRecorder()
	if err != nil {
		return nil, err
	}
	return awaited{r, w}, nil
}

// The node is looked at so often for the container, and not so often that it takes more than a fifth of the time.
const (
	awaitEvery  = 100 * time.Millisecond
	awaitAtMost = 4
)

// await scans until the container is there, and makes it what is watched.
func (w *watched) await(ctx context.Context, name string) error {
	old := map[string]bool{} // a process that is yet to be moved into its group is still in one of these
	for i := range w.ix.Processes {
		if path, ok := w.ix.Processes[i].Cgroup.Get(); ok {
			old[path] = true
		}
	}
	w.app.complain(fmt.Sprintf("recording; start %s now", name))
	for {
		begin := time.Now()
		if err := w.scan(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		switch found := findContainers(w.ix, name); {
		case len(found) > 1:
			return ambiguous(w.ix, found, name)
		case len(found) == 1 && !old[found[0].Cgroup]:
			w.all, w.names = false, []string{name}
			w.container(found[0])
			if w.told = []string{found[0].Key}; len(w.target.Cgroups) == 0 {
				return trouble("", "%s has no control group of its own, by which alone what is yet to be started can be told", called(w.ix, found[0]))
			}
			return nil
		}
		select {
		case <-ctx.Done():
			return trouble("", "%s was not started", name)
		case <-time.After(max(awaitEvery, awaitAtMost*time.Since(begin))):
		}
	}
}

// nested adds the control groups that the containers have made within their own.
func (w *watched) nested() {
	for _, name := range w.names {
		for _, c := range findContainers(w.ix, name) {
			for _, id := range cgroupsBelow(c.Cgroup) {
				if !slices.Contains(w.target.Cgroups, id) {
					w.target.Cgroups = append(w.target.Cgroups, id)
				}
			}
		}
	}
}
