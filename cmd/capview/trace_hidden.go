package main

import (
	"context"

	"capview/inspect"
	"capview/inspect/bpf/trace"
	"capview/inspect/crash"
)

// hiddenChecks is a second tracer, for as long as hidden checks are asked for: they are most of all checks, and would push
// the others out of the ring. What it counts is not looked at.
type hiddenChecks struct {
	running tracer
	cancel  context.CancelFunc
	done    chan struct{}
}

// followers is a tracer that hands on what to follow to the one for hidden checks.
type followers struct {
	tracer
	s *session
}

func (f followers) Follow(target int, more trace.Target) error {
	err := f.tracer.Follow(target, more)
	f.s.mu.Lock()
	second := f.s.hidden.running
	f.s.mu.Unlock()
	if err != nil || second == nil {
		return err
	}
	return second.Follow(target, more)
}

// Hidden begins or ends to tell of hidden checks one by one.
func (s *session) Hidden(ctx context.Context, on bool) error {
	if !on {
		return s.endHidden()
	}
	s.mu.Lock()
	is := s.hidden.running != nil || !s.until.IsZero()
	s.mu.Unlock()
	if is {
		return nil
	}
	running, err := newTracer(trace.Options{Root: procRoot, Targets: s.w.targets(), Events: true, Hidden: true, RingBytes: sessionRing})
	if err != nil {
		return untraceableHere(err)
	}
	h := hiddenChecks{running: running, done: make(chan struct{})}
	ctx, h.cancel = context.WithCancel(ctx)
	go func() {
		defer crash.Recover()
		defer close(h.done)
		if err := running.Run(ctx, func(events []inspect.Event) { s.tell(events, true) }); err != nil {
			s.app.log.Warn("hidden checks", "error", err.Error())
		}
	}()
	s.mu.Lock()
	s.hidden = h
	over := !s.until.IsZero()
	s.mu.Unlock()
	if over {
		return s.endHidden()
	}
	return nil
}

func (s *session) endHidden() error {
	s.mu.Lock()
	h := s.hidden
	s.hidden = hiddenChecks{}
	s.mu.Unlock()
	if h.running == nil {
		return nil
	}
	h.cancel()
	<-h.done
	return h.running.Close()
}
