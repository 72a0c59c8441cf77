package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"capview/inspect"
	"capview/inspect/advise"
	"capview/inspect/bpf/trace"
)

// exercised watches the target for so long, or until a signal comes, and looks at the node again: who came meanwhile
// counts too.
func (a *app) exercised(ctx context.Context, t advise.Target, d time.Duration) (*inspect.Index, advise.Target, *advise.Observation, error) {
	name := t.Name
	if !t.One {
		name = t.Container.Key
	}
	w, err := a.watch(ctx, []string{name})
	if err != nil {
		return nil, t, nil, err
	}
	a.complain("watching " + t.Name + " for " + d.String() + "; ctrl-c ends it sooner")
	seen, err := a.observe(ctx, w, d)
	if err != nil {
		return nil, t, nil, err
	}
	if err := w.scan(ctx); err != nil {
		return nil, t, nil, err
	}
	now, err := a.adviseTarget(ctx, w.ix, w.live, name)
	if err != nil {
		return nil, t, nil, trouble("", "%s ended while it was watched", t.Name)
	}
	now.Name = t.Name
	return w.ix, now, seen, nil
}

// observe counts the checks of what is watched; of the first of each capability, verdict and container it takes the stack.
func (a *app) observe(ctx context.Context, w *watched, d time.Duration) (*advise.Observation, error) {
	running, err := newTracer(trace.Options{Root: procRoot, Targets: w.targets(), Events: true, Unique: true, Stack: true})
	if err != nil {
		return nil, untraceable(err)
	}
	var x inspect.Exercise
	var firsts []inspect.Event
	err = a.countChecks(ctx, w, running, d, &x, func(events []inspect.Event) { firsts = append(firsts, events...) })
	if err = errors.Join(err, running.Close()); err != nil {
		return nil, err
	}
	seen := &advise.Observation{Since: w.since, Until: w.until, Targets: w.told, Lost: x.Lost().Missed + x.Lost().Children}
	where := func(c *inspect.CheckCount) string {
		return w.place(checkSubject{&c.Check, c.PPID, c.CurrentUserNS}).Container
	}
	seen.Uses = advise.UsesOf(x.Checks(), x.Unattributed(), firsts, where)
	return seen, nil
}

// countChecks adds up until the time is over or a signal comes.
func (a *app) countChecks(ctx context.Context, w *watched, running tracer, d time.Duration, x *inspect.Exercise, first func([]inspect.Event)) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := w.catchUp(ctx, running); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	cause, err := w.run(ctx, running, x.Add, first)
	if errors.Is(cause, errEnded) {
		a.complain(cause.Error())
	}
	return err
}
