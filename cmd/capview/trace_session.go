package main

import (
	"context"
	"errors"
	"os"
	"strconv"
	"sync"
	"time"

	"capview/inspect"
	"capview/inspect/bpf/trace"
	"capview/inspect/crash"
	"capview/ui"
)

// The bounds of what the terminal program remembers of a trace: checks that are told apart, single checks, those with stacks, and
// the ring through which these come.
const (
	sessionChecks = 50_000
	sessionEvents = 1000
	sessionFirsts = 2000
	sessionRing   = 2 << 20 // bytes
)

// session is a trace that the terminal program shows while it runs (ui.Trace).
type session struct {
	app     *app
	w       *watched
	source  inspect.Source
	running tracer
	cancel  context.CancelFunc
	done    chan struct{} // closed when nothing runs any more

	mu     sync.Mutex // of what follows
	ix     *inspect.Index
	since  time.Time
	whole  time.Time // since when all that it should watch is watched; zero: not yet
	until  time.Time // zero while it goes on
	ended  string
	failed error
	x      *inspect.Exercise
	counts int // how often x has changed
	events ring
	firsts []inspect.Event // the first of each capability, verdict and container: with their stacks
	seen   sight
	hidden hiddenChecks
}

// traceUI begins a trace for the terminal program. ix is the node as it is shown.
func (a *app) traceUI(ctx context.Context, src inspect.Source, live node, ix *inspect.Index, of ui.Whom) (ui.Trace, error) {
	s := &session{app: a, source: src, ix: ix, x: inspect.NewExercise(sessionChecks), done: make(chan struct{})}
	s.w = &watched{app: a, live: live, source: src, ix: ix, all: of.Node, places: newPlaces(ix)}
	if err := s.w.take(ctx, of); err != nil {
		return nil, err
	}
	s.w.descend()
	s.w.late = s.caughtUp
	running, err := newTracer(trace.Options{Root: procRoot, Targets: s.w.targets(), Events: true, FirstStack: true, RingBytes: sessionRing})
	if err != nil {
		return nil, untraceableHere(err)
	}
	s.running, s.since = running, a.now()
	ctx, s.cancel = context.WithCancel(ctx)
	go s.run(ctx)
	a.begun(s)
	return s, nil
}

// take makes what the terminal program names the target: a container and one process as trace takes them.
func (w *watched) take(ctx context.Context, of ui.Whom) error {
	switch {
	case of.Node:
		return nil
	case of.Container != "":
		w.names = []string{of.Container}
	case len(of.Processes) == 1:
		w.names = []string{strconv.Itoa(of.Processes[0].PID)}
	}
	for _, name := range w.names {
		if err := w.add(ctx, name); err != nil {
			return err
		}
	}
	if len(w.names) > 0 {
		return nil
	}
	for _, id := range of.Processes {
		if p := w.ix.Process(id.PID); p != nil && p.StartTime == id.StartTime && canAct(p) == nil {
			w.process(p)
			w.told = append(w.told, strconv.Itoa(p.PID))
		}
	}
	if len(w.target.Processes) == 0 {
		return trouble("", "no process of it is there that could ask for anything")
	}
	return nil
}

// untraceableHere words in one line why nothing can be traced.
func untraceableHere(err error) error {
	var none *trace.NoRung
	if errors.As(err, &none) {
		return errors.New("cannot trace: " + none.Why())
	}
	return errors.New("cannot trace: " + err.Error())
}

// run watches until it is stopped or nothing is left to be watched.
func (s *session) run(ctx context.Context) {
	defer crash.Recover()
	defer close(s.done)
	cause, err := s.w.run(ctx, followers{s.running, s}, s.count, func(events []inspect.Event) { s.tell(events, false) })
	s.mu.Lock()
	s.until = s.app.now()
	s.mu.Unlock()
	err = errors.Join(err, s.endHidden(), s.running.Close())
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err != nil:
		s.ended, s.failed = err.Error(), err
	case errors.Is(cause, errEnded):
		s.ended = cause.Error()
	case cause != nil && !errors.Is(cause, context.Canceled):
		s.ended, s.failed = cause.Error(), cause
	}
}

// caughtUp is told that all is watched from now on.
func (s *session) caughtUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.whole = s.app.now()
}

// count adds up what was counted.
func (s *session) count(c inspect.Counts) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(c.Checks)+len(c.Unattributed) > 0 {
		s.counts++
	}
	s.x.Add(c)
	if s.x.Len() > sessionChecks/2 {
		s.x.Fold(func(id inspect.ProcessID) bool {
			p := s.ix.Process(id.PID)
			return p == nil || p.StartTime != id.StartTime
		})
	}
}

// tell remembers single checks: those that are hidden come from a tracer of their own.
func (s *session) tell(events []inspect.Event, hidden bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range events {
		if events[i].Hidden() != hidden {
			continue
		}
		s.events.add(events[i])
		if len(events[i].Kernel) > 0 && len(s.firsts) < sessionFirsts {
			s.firsts = append(s.firsts, events[i])
		}
	}
}

// Look hands over a newer snapshot.
func (s *session) Look(ix *inspect.Index) {
	s.mu.Lock()
	s.ix = ix
	s.mu.Unlock()
	s.w.handed.Store(ix)
}

// Stop ends the watching and waits until it has ended.
func (s *session) Stop() error {
	s.cancel()
	<-s.done
	return s.failed
}

// traced is the trace that has begun last.
type traced struct {
	sync.Mutex
	last *session
}

// begun remembers a trace: the one before it has been stopped.
func (a *app) begun(s *session) {
	a.traced.Lock()
	defer a.traced.Unlock()
	a.traced.last = s
}

// endTrace stops what the terminal program has left running.
func (a *app) endTrace() error {
	a.traced.Lock()
	defer a.traced.Unlock()
	if a.traced.last == nil {
		return nil
	}
	return a.traced.last.Stop()
}

// itself is capview's own process, at which no tracer looks.
func itself(ix *inspect.Index) inspect.ProcessID {
	if p := ix.Process(os.Getpid()); p != nil {
		return inspect.ProcessID{PID: p.PID, StartTime: p.StartTime}
	}
	return inspect.ProcessID{}
}

// ring is the last single checks.
type ring struct {
	events []inspect.Event
	next   int // where the oldest is, once it is full
}

func (r *ring) add(e inspect.Event) {
	if len(r.events) < sessionEvents {
		r.events = append(r.events, e)
		return
	}
	r.events[r.next] = e
	r.next = (r.next + 1) % sessionEvents
}

// each calls f with every event, the oldest first.
func (r *ring) each(f func(*inspect.Event)) {
	for i := range r.events {
		f(&r.events[(r.next+i)%len(r.events)])
	}
}
