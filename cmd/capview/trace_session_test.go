package main

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"testing"
	"time"

	"capview/inspect"
	"capview/inspect/bpf/trace"
	"capview/inspect/caps"
	"capview/nsinfo"
	"capview/ui"
)

const sessionNS = 4026531837

// stillTracer watches nothing; who is followed the test says.
type stillTracer struct{ alive []inspect.ProcessID }

func (s *stillTracer) Run(ctx context.Context, _ func([]inspect.Event)) error {
	<-ctx.Done()
	return nil
}
func (s *stillTracer) Drain() (inspect.Counts, error)          { return inspect.Counts{}, nil }
func (s *stillTracer) Close() error                            { return nil }
func (s *stillTracer) Follow(int, trace.Target) error          { return nil }
func (s *stillTracer) Alive() (int, error)                     { return len(s.alive), nil }
func (s *stillTracer) Following() ([]inspect.ProcessID, error) { return s.alive, nil }
func (s *stillTracer) Rung() trace.Rung                        { return trace.Tracepoint }
func (s *stillTracer) Refused() []trace.Refused                { return nil }

func sessionID(pid int) inspect.ProcessID { return inspect.ProcessID{PID: pid, StartTime: uint64(pid)} }

func sessionProcess(pid, ppid int, container string) *inspect.Process {
	var ns nsinfo.Set
	ns[nsinfo.UserNS] = sessionNS
	return &inspect.Process{PID: pid, PPID: ppid, StartTime: uint64(pid), Comm: "p", State: "S", Container: container, Role: inspect.RolePayload, Namespaces: inspect.Some(ns)}
}

// aSession is one on a node with a container, its shim, and processes of the host; capview itself is among them.
func aSession(all bool, told ...string) *session {
	shim := sessionProcess(20, 1, "docker/web")
	shim.Role = inspect.RoleHelper
	itself := sessionProcess(os.Getpid(), 10, "host")
	ix := inspect.NewIndex(&inspect.Snapshot{
		Host: inspect.Host{UserNamespace: sessionNS, CapLastCap: 40},
		Processes: []*inspect.Process{
			sessionProcess(1, 0, "host"), sessionProcess(10, 1, "host"), sessionProcess(11, 10, "host"), shim,
			sessionProcess(21, 20, "docker/web"), sessionProcess(22, 21, "docker/web"), itself,
		},
		Containers: []inspect.Container{{Key: "docker/web", Kind: inspect.KindContainer, Runtime: "docker"}, {Key: "host", Kind: inspect.KindHost}},
	})
	a := &app{now: func() time.Time { return time.Unix(100, 0) }, log: slog.New(slog.DiscardHandler)}
	s := &session{app: a, ix: ix, x: inspect.NewExercise(sessionChecks), running: &stillTracer{}, since: time.Unix(40, 0), whole: time.Unix(40, 0)}
	s.w = &watched{app: a, ix: ix, all: all, told: told, places: newPlaces(ix)}
	return s
}

// checkBy is one check of a process, by its PID, which is its start time.
func checkBy(pid, ppid int, c caps.Cap, denied bool) inspect.CheckCount {
	id := sessionID(pid)
	return inspect.CheckCount{Check: inspect.Check{PID: id.PID, StartTime: id.StartTime, Cap: c, Denied: denied, Creds: inspect.CredsOwn, TargetUserNS: sessionNS},
		Count: 1, First: time.Unix(int64(50+pid), 0), Comm: "p", PPID: ppid, CurrentUserNS: sessionNS}
}

func TestWhoseRowACheckIsIn(t *testing.T) {
	s := aSession(true)
	hidden := checkBy(21, 20, caps.SysAdmin, true)
	hidden.Probe = true
	s.count(inspect.Counts{Checks: []inspect.CheckCount{
		checkBy(21, 20, caps.Chown, false),
		checkBy(30, 22, caps.Kill, true), checkBy(31, 30, caps.SysNice, true), // ended, below 22
		checkBy(40, 10, caps.NetRaw, true), // ended, of the host
		checkBy(41, 1, caps.Mknod, true),   // an orphan that has ended
		checkBy(20, 1, caps.SysAdmin, false),
		hidden,
	}})
	r := s.Report()
	if r.Checks != 6 || r.Denied != 4 || r.Rung != "tracepoint" || !r.Until.IsZero() {
		t.Errorf("%+v", r)
	}
	for pid, want := range map[int]inspect.Use{
		21: {Used: caps.Of(caps.Chown)}, 22: {Denied: caps.Of(caps.Kill, caps.SysNice)}, 10: {Denied: caps.Of(caps.NetRaw)},
		1: {}, 11: {}, 20: {Used: caps.Of(caps.SysAdmin)},
	} {
		got, known := r.Seen.Process(s.ix.Process(pid)).Get()
		if !known || got.Use != want {
			t.Errorf("%d: %v %v, want %v", pid, got.Use, known, want)
		}
	}
	if at := r.Seen.Processes[sessionID(22)].DeniedAt; !at.Equal(time.Unix(81, 0)) {
		t.Errorf("22 was denied something at %v", at)
	}
	if r.Seen.Process(s.ix.Process(os.Getpid())).Known() {
		t.Error("of itself it claims to know")
	}
	if got, want := r.Seen.Containers["docker/web"].Use, (inspect.Use{Used: caps.Of(caps.Chown), Denied: caps.Of(caps.Kill, caps.SysNice)}); got != want {
		t.Errorf("the container: %v, want %v", got, want)
	}
	if got := r.Seen.Containers["host"].Denied; got != caps.Of(caps.NetRaw, caps.Mknod) {
		t.Errorf("the host: %v", got)
	}
	if s.Report().Seen != r.Seen {
		t.Error("nothing has changed, and something else is told")
	}
	s.count(inspect.Counts{Checks: []inspect.CheckCount{checkBy(21, 20, caps.Chown, false)}})
	if s.Report().Seen != r.Seen {
		t.Error("nothing of what is seen has changed, and something else is told")
	}
}

// Of what is not watched nothing is claimed.
func TestWhoIsWatched(t *testing.T) {
	s := aSession(false, "11")
	s.running = &stillTracer{alive: []inspect.ProcessID{sessionID(11)}}
	r := s.Report()
	for pid, want := range map[int]bool{11: true, 10: false, 21: false} {
		if got := r.Seen.Process(s.ix.Process(pid)).Known(); got != want {
			t.Errorf("%d: known %v", pid, got)
		}
	}
	for what, c := range map[string]struct {
		of   ui.Whom
		here bool
	}{
		"traced": {ui.Whom{Processes: []inspect.ProcessID{sessionID(11)}}, true}, "another": {ui.Whom{Processes: []inspect.ProcessID{sessionID(21)}}, false},
		"some": {ui.Whom{Processes: []inspect.ProcessID{sessionID(10), sessionID(11)}}, false}, "a container": {ui.Whom{Container: "docker/web"}, false},
		"ended": {ui.Whom{Processes: []inspect.ProcessID{sessionID(99)}}, false},
	} {
		if got := s.Checks(c.of, false).Elsewhere; (got == "") != c.here {
			t.Errorf("%s: %q", what, got)
		}
	}
}

// A page has the checks of its own, of what descends from it, and hidden ones where they are asked for.
func TestChecksOfSome(t *testing.T) {
	s := aSession(true)
	hidden := checkBy(21, 20, caps.SysAdmin, true)
	hidden.Probe = true
	all := []inspect.CheckCount{checkBy(21, 20, caps.Chown, false), checkBy(30, 22, caps.Kill, true), checkBy(31, 30, caps.SysNice, true), checkBy(40, 10, caps.NetRaw, true), hidden}
	s.count(inspect.Counts{Checks: all, Unattributed: []inspect.Unattributed{{Cap: caps.Kill, Count: 3}}})
	var events []inspect.Event
	for i := range 2 * sessionEvents {
		c := all[i%len(all)]
		events = append(events, inspect.Event{Check: c.Check, PPID: c.PPID, CurrentUserNS: sessionNS, Time: time.Unix(int64(1000-i%3), 0)})
	}
	s.tell(events, false)
	if n := len(s.events.events); n != sessionEvents {
		t.Errorf("it remembers %d single checks", n)
	}
	for what, c := range map[string]struct {
		of     ui.Whom
		all    bool
		counts int
		left   uint64
	}{
		"the node": {ui.Whom{Node: true}, false, 4, 1}, "all of it": {ui.Whom{Node: true}, true, 5, 0},
		"the container": {ui.Whom{Container: "docker/web"}, false, 3, 1}, "22": {ui.Whom{Processes: []inspect.ProcessID{sessionID(22)}}, false, 2, 0},
		"21 and what it started": {ui.Whom{Processes: []inspect.ProcessID{sessionID(21)}}, false, 3, 1}, "11": {ui.Whom{Processes: []inspect.ProcessID{sessionID(11)}}, false, 0, 0},
	} {
		got := s.Checks(c.of, c.all)
		if len(got.Counts) != c.counts || got.Left != c.left || got.Loose != 3 {
			t.Errorf("%s: %d kinds, %d left out, %d loose", what, len(got.Counts), got.Left, got.Loose)
		}
		if (len(got.Events) == 0) != (c.counts == 0) || len(got.Events) > shownEvents {
			t.Errorf("%s: %d single checks", what, len(got.Events))
		}
		for i := range got.Events {
			if i > 0 && got.Events[i].Time.Before(got.Events[i-1].Time) {
				t.Fatalf("%s: single checks are not in order", what)
			}
			if got.Events[i].Hidden() {
				t.Fatalf("%s: a hidden one came by the wrong way", what)
			}
		}
	}
}

// However many short-lived processes there are, what is remembered is bounded, and what the living did is told apart.
func TestASessionIsBounded(t *testing.T) {
	s := aSession(true)
	s.count(inspect.Counts{Checks: []inspect.CheckCount{checkBy(21, 20, caps.Chown, false)}})
	const short = sessionChecks * 3
	for pid := 1000; pid < 1000+short; pid += 1000 {
		var c inspect.Counts
		for i := range 1000 {
			c.Checks = append(c.Checks, checkBy(pid+i, 22, caps.SysNice, true))
		}
		s.count(c)
	}
	if s.x.Len() > sessionChecks || len(s.x.Unattributed()) > 0 {
		t.Errorf("%d kinds, %v unattributed", s.x.Len(), s.x.Unattributed())
	}
	r := s.Report()
	if r.Checks != short+1 || r.Denied != short {
		t.Errorf("%d checks, %d denied", r.Checks, r.Denied)
	}
	if got := r.Seen.Processes[sessionID(22)].Denied; got != caps.Of(caps.SysNice) {
		t.Errorf("their parent: %v", got)
	}
}

// Advice rests on what was seen until now.
func TestSessionAdvises(t *testing.T) {
	s := aSession(true)
	for i := range s.ix.Processes {
		s.ix.Processes[i].Caps = inspect.Some(caps.Sets{Effective: caps.Of(caps.Chown), Permitted: caps.Of(caps.Chown), Bounding: caps.Of(caps.Chown, caps.Kill)})
	}
	used := checkBy(21, 20, caps.Chown, false)
	used.Effective = caps.Of(caps.Chown)
	s.count(inspect.Counts{Checks: []inspect.CheckCount{used}})
	s.tell([]inspect.Event{{Time: time.Unix(80, 0), Check: used.Check, Kernel: []inspect.Frame{{Symbol: "cap_capable"}, {Symbol: "chown_ok", Offset: 16}}}}, false)
	_, advice, err := s.Advise(t.Context(), ui.Whom{Name: "web", Container: "docker/web"})
	if err != nil {
		t.Fatal(err)
	}
	if advice.Group.Keep != caps.Of(caps.Chown) || advice.Observed.Seconds != 60 || advice.Observed.Watched != "yes" {
		t.Errorf("%+v, %+v", advice.Group.Lists, advice.Observed)
	}
	for _, j := range advice.Group.Capabilities {
		if j.Cap == caps.Chown && !slices.Equal(j.Last.Asked(), []string{"chown_ok"}) {
			t.Errorf("asked for in %q", j.Last.Stack)
		}
	}
	if _, _, err := s.Advise(t.Context(), ui.Whom{Node: true}); err == nil {
		t.Error("the node was advised")
	}
}
