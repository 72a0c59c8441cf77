package main

import (
	"context"
	"errors"
	"time"

	"capview/inspect"
	"capview/inspect/crash"
)

// drainEvery is how often the kernel's counts are fetched: before its map of them is full, seldom enough to cost nothing.
const drainEvery = time.Second

// run watches until ctx ends, or what is watched does, and tells which: a cause. It calls count with what was counted, the
// last time when nothing is counted any more, and emit with single checks; what is watched is looked after meanwhile.
func (w *watched) run(ctx context.Context, running tracer, count func(inspect.Counts), emit func([]inspect.Event)) (cause, err error) {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	w.since = w.app.now()
	tended, counted := make(chan struct{}), make(chan error, 1)
	go func() {
		defer crash.Recover()
		defer close(tended)
		end(w.tend(ctx, running))
	}()
	go func() {
		defer crash.Recover()
		err := drain(ctx, running, count)
		counted <- err
		end(err)
	}()
	err = running.Run(ctx, emit)
	end(nil)
	cause = context.Cause(ctx)
	<-tended
	if err = errors.Join(err, <-counted); err != nil {
		return nil, trouble("", "cannot go on tracing: %w", err)
	}
	w.until = w.app.now()
	last, err := running.Drain()
	if err != nil {
		return nil, trouble("", "cannot read the totals: %w", err)
	}
	count(last)
	return cause, nil
}

// drain fetches counts until ctx ends.
func drain(ctx context.Context, running tracer, count func(inspect.Counts)) error {
	tick := time.NewTicker(drainEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		counts, err := running.Drain()
		if err != nil {
			return err
		}
		count(counts)
	}
}
