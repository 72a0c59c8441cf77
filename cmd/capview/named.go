package main

import (
	"context"
	"time"

	"capview/inspect"
	"capview/inspect/crash"
)

// named is a source whose processes' filters are called by the profile that they are. What takes longer than patience to
// work out has no name yet: a later Snapshot has it.
type named struct {
	inspect.Source
	namer    *inspect.FilterNamer
	patience time.Duration
	working  chan struct{} // closed when nothing is being worked out; nil before the first
}

// The patience of those who show one snapshot, and of those who show another soon.
const (
	oncePatience    = 2 * time.Second
	refreshPatience = 100 * time.Millisecond
)

func withNames(src inspect.Source) *named {
	return &named{Source: src, namer: new(inspect.FilterNamer), patience: oncePatience}
}

func (n *named) Snapshot(ctx context.Context) (*inspect.Snapshot, error) {
	s, err := n.Source.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	if jobs := n.namer.Apply(s); len(jobs) > 0 {
		n.work(jobs)
		select {
		case <-n.working:
		case <-time.After(n.patience):
		case <-ctx.Done():
		}
		inspect.GapsOf(s, n.namer.Apply(s))
	}
	return s, nil
}

// work begins with the jobs unless others are under way: what they leave comes again.
func (n *named) work(jobs []inspect.NameJob) {
	if n.working != nil {
		select {
		case <-n.working:
		default:
			return
		}
	}
	done := make(chan struct{})
	n.working = done
	go func() {
		defer crash.Recover()
		defer close(done)
		for _, j := range jobs {
			n.namer.Work(j)
		}
	}()
}
