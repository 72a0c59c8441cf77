package ui

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"capview/inspect"
	"capview/inspect/advise"
	"capview/inspect/caps"
	"capview/inspect/seccomp"
	"capview/ui/view"
)

// fakeTrace tells what the test puts into it.
type fakeTrace struct {
	report  Report
	checks  view.Checks
	asked   []Whom
	looked  int
	hidden  bool
	stopped int
}

func (f *fakeTrace) Look(*inspect.Index) { f.looked++ }
func (f *fakeTrace) Report() Report      { return f.report }
func (f *fakeTrace) Checks(of Whom, all bool) *view.Checks {
	f.asked = append(f.asked, of)
	c := f.checks
	if all {
		c.Left = 0
	}
	return &c
}

func (f *fakeTrace) Advise(_ context.Context, of Whom) (*inspect.Index, *advise.Advice, error) {
	ix := inspect.NewIndex(node7())
	p := ix.Process(4211)
	seen := advise.Observation{Since: noon, Until: noon.Add(time.Minute), Everywhere: true}
	for i := range f.checks.Counts {
		seen.Uses = append(seen.Uses, advise.UsesOf([]*inspect.CheckCount{&f.checks.Counts[i]}, nil, nil, func(*inspect.CheckCount) string { return "docker/web" })...)
	}
	a := advise.Advise(ix, &seen, advise.Target{Name: of.Name, Container: ix.Container("docker/web"), Processes: []*inspect.Process{p}})
	return ix, &a, nil
}

func (f *fakeTrace) Hidden(_ context.Context, on bool) error {
	f.hidden = on
	return nil
}

func (f *fakeTrace) Stop() error {
	f.stopped++
	f.report.Until = noon.Add(65 * time.Second)
	return nil
}

// syscallOf is a system call by its name on x86_64.
func syscallOf(name string) inspect.Syscall {
	for n := range 1000 {
		if s := (inspect.Syscall{Arch: seccomp.X86_64, Number: n}); s.Name() == name {
			return s
		}
	}
	panic(name)
}

// aCheck is one by a child of 4211, nginx, that has ended.
func aCheck(c caps.Cap, denied bool, call string, n uint64) inspect.CheckCount {
	return inspect.CheckCount{
		Check: inspect.Check{PID: 9000, StartTime: 9000, Cap: c, Denied: denied, TargetUserNS: hostNS, Creds: inspect.CredsOwn, Syscall: syscallOf(call)},
		Count: n, First: noon, Last: noon.Add(time.Second), Comm: "nice\x1b[31m", PPID: 4211, UID: 33, CurrentUserNS: hostNS, Effective: caps.Of(caps.Chown),
	}
}

func anEvent(c inspect.CheckCount, at time.Duration) inspect.Event {
	return inspect.Event{Check: c.Check, Time: noon.Add(at), TID: c.PID, PPID: c.PPID, Comm: c.Comm, UID: c.UID, CurrentUserNS: c.CurrentUserNS, Effective: c.Effective}
}

// traceable lets a program trace; whom it was asked to is put into of.
func traceable(f *fakeTrace, of *Whom) func(*Options) {
	if f.report.Rung == "" {
		f.report = Report{Rung: "tracepoint", Since: noon}
	}
	return func(o *Options) {
		asking(o)
		o.Trace = func(_ context.Context, _ *inspect.Index, whom Whom) (Trace, error) {
			*of = whom
			return f, nil
		}
	}
}

// deny is a trace in which nginx's child was refused a capability a moment ago.
func deny(f *fakeTrace) {
	nice, chown := aCheck(caps.SysNice, true, "setpriority", 3), aCheck(caps.Chown, false, "fchownat", 12)
	f.checks = view.Checks{Counts: []inspect.CheckCount{chown, nice}, Events: []inspect.Event{anEvent(chown, time.Second), anEvent(nice, 2*time.Second)}, Left: 40}
	sight := inspect.Sight{Use: inspect.Use{Used: caps.Of(caps.Chown), Denied: caps.Of(caps.SysNice)}, DeniedAt: noon}
	f.report.Checks, f.report.Denied, f.report.Lost.Events = 123_456, 3, 7
	f.report.Seen = &inspect.Seen{
		Processes:  map[inspect.ProcessID]inspect.Sight{{PID: 4211, StartTime: 4211}: sight, {PID: 4212, StartTime: 4212}: {}},
		Containers: map[string]inspect.Sight{"docker/web": sight},
	}
}

func TestTraceFrames(t *testing.T) {
	for _, size := range []struct {
		name          string
		width, height int
	}{{"80x24", 80, 24}, {"140x40", 140, 40}, {"200x60", 200, 60}} {
		for name, keys := range map[string][]string{
			"trace-list": {"left", "right"}, "trace-tab": {"down", "v"}, "trace-why": {"down", "v", "enter"}, "trace-advice": {"down", "v", "tab"},
			"trace-group": {"v"},
		} {
			t.Run(name+"-"+size.name, func(t *testing.T) {
				f, of := &fakeTrace{}, Whom{}
				u := newUser(t, size.width, size.height, traceable(f, &of))
				u.keys("down", "right", "t")
				deny(f)
				u.due(traceTickMsg(0))
				for _, key := range keys {
					u.keys(key)
					u.m.View() // rows can be picked once they are drawn
				}
				u.due(settleMsg(0))
				golden(t, name+"-"+size.name, u.m.View())
				for i, l := range u.lines() {
					if view.Width(l) > size.width {
						t.Errorf("line %d is %d wide", i, view.Width(l))
					}
				}
			})
		}
	}
}

// What is traced is what the cursor is on; t ends it, and what was seen stays.
func TestTraceBeginsAndEnds(t *testing.T) {
	f, of := &fakeTrace{}, Whom{}
	u := newUser(t, 80, 24, traceable(f, &of))
	u.seesNot("tracing")
	u.seesNot("DENIED")
	u.keys("down", "t")
	if of.Container != "docker/web" || of.Node || of.Processes != nil {
		t.Errorf("traced %+v", of)
	}
	u.sees("tracing web (docker)  tracepoint")
	u.sees("DENIED")
	u.on("?")
	if f.looked != 1 {
		t.Errorf("it was handed %d snapshots", f.looked)
	}
	deny(f)
	u.due(traceTickMsg(0))
	u.sees("123k checks  3 denied  7 lost")
	u.on(">!")
	u.on("sys_nice")
	u.due(tickMsg(0))
	if f.looked != 2 {
		t.Errorf("it was handed %d snapshots", f.looked)
	}
	u.keys("T")
	if f.stopped != 1 {
		t.Errorf("it was ended %d times", f.stopped)
	}
	u.sees("traced web (docker)  tracepoint  1m5s")
	u.sees("stopped")
	u.on("sys_nice")
	u.due(tickMsg(0))
	if f.looked != 2 {
		t.Error("it was handed a snapshot after its end")
	}
	u.keys("T")
	if !of.Node {
		t.Errorf("traced %+v", of)
	}
	u.keys("t")
	u.keys("right", "down", "t")
	if len(of.Processes) != 1 || of.Processes[0].PID != 4211 || of.Name != "4211 nginx" {
		t.Errorf("traced %+v", of)
	}
}

// Another grouping's rows are their processes.
func TestTraceAGroupThatIsNoContainer(t *testing.T) {
	f, of := &fakeTrace{}, Whom{}
	u := newUser(t, 80, 24, func(o *Options) { o.GroupBy = inspect.ByUser }, traceable(f, &of))
	u.keys("t")
	if of.Container != "" || len(of.Processes) == 0 {
		t.Errorf("traced %+v", of)
	}
}

// A row is dark again some time after the last denial, paused or not, and the column goes on to tell of it.
func TestADenialLightsItsRowForAWhile(t *testing.T) {
	f, of := &fakeTrace{}, Whom{}
	now := noon
	u := newUser(t, 80, 24, traceable(f, &of), func(o *Options) { o.Now = func() time.Time { return now } })
	u.keys("down", "right", "down", "t", "p")
	deny(f)
	for _, c := range []struct {
		after time.Duration
		lit   bool
	}{{time.Second, true}, {9 * time.Second, true}, {11 * time.Second, false}} {
		now = noon.Add(c.after)
		u.due(traceTickMsg(0))
		if got := strings.HasPrefix(u.cursorLine(), ">!"); got != c.lit {
			t.Errorf("after %s: lit %v in %q", c.after, got, u.cursorLine())
		}
		u.on("sys_nice")
	}
}

// A lit row opens on its checks; a denial leads to the rule that made it.
func TestFromADenialToWhy(t *testing.T) {
	f, of := &fakeTrace{}, Whom{}
	u := newUser(t, 100, 40, traceable(f, &of))
	u.keys("down", "right", "down", "t")
	deny(f)
	u.due(traceTickMsg(0))
	u.keys("enter")
	u.sees("[Trace]")
	u.sees(">deny    sys_nice")
	u.seesNot("\x1b[31m")
	if last := f.asked[len(f.asked)-1]; len(last.Processes) != 1 || last.Processes[0].PID != 4211 {
		t.Errorf("it shows the checks of %+v", last)
	}
	u.keys("enter")
	u.sees("[Why]")
	u.sees("cap:sys_nice@host")
	u.sees("no, EPERM")
	u.sees("it has ended, or has others now; confined as its")
	u.keys("A")
	u.typed("cap:chown")
	u.keys("enter")
	u.seesNot("The check")
	u.sees("yes")
}

// Of a group a check can be asked about as well.
func TestWhyOfAGroupsCheck(t *testing.T) {
	f, of := &fakeTrace{}, Whom{}
	u := newUser(t, 100, 40, traceable(f, &of))
	u.keys("down", "t")
	deny(f)
	u.due(traceTickMsg(0))
	u.keys("v")
	u.sees(">deny    sys_nice")
	u.keys("enter")
	u.sees("[8 Why]")
	u.sees("no, EPERM")
	u.keys("esc", "down", "enter")
	u.seesNot("Why")
}

// The pick stays on its row when others come above it, and j and k walk from row to row.
func TestPickInTheTail(t *testing.T) {
	f, of := &fakeTrace{}, Whom{}
	u := newUser(t, 80, 24, traceable(f, &of))
	u.keys("down", "right", "down", "t")
	deny(f)
	u.due(traceTickMsg(0))
	u.keys("v")
	u.m.View()
	u.keys("j", "j", "j")
	picked := func() string {
		for _, l := range u.lines() {
			if strings.HasPrefix(l, ">1") {
				return l
			}
		}
		return ""
	}
	if !strings.Contains(picked(), "12:00:01.000") {
		t.Errorf("picked %q:\n%s", picked(), u.m.View())
	}
	for i := range 30 {
		f.checks.Events = append(f.checks.Events, anEvent(aCheck(caps.Kill, true, "kill", 1), time.Duration(i+3)*time.Second))
		u.due(traceTickMsg(0))
		u.m.View()
		if i < 8 && !strings.Contains(picked(), "12:00:01.000") {
			t.Fatalf("after %d more, picked %q:\n%s", i+1, picked(), u.m.View())
		}
	}
	u.keys("k")
	if !strings.Contains(picked(), "12:00:02.000") {
		t.Errorf("above it, picked %q:\n%s", picked(), u.m.View())
	}
	u.keys("home")
	u.sees("ANSWER")
}

// Where nothing can be traced one line says why, and nothing else changes.
func TestWhereNothingCanBeTraced(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Options)
		want   string
	}{
		"a snapshot": {func(o *Options) { o.Live = false }, "cannot trace: this is a snapshot, not the node"},
		"no privilege": {func(o *Options) {
			o.Trace = func(context.Context, *inspect.Index, Whom) (Trace, error) {
				return nil, errors.New("cannot trace: not permitted: needs CAP_BPF and CAP_PERFMON")
			}
		}, "cannot trace: not permitted: needs CAP_BPF and CAP_PERFMON"},
	} {
		for _, key := range []string{"t", "T"} {
			u := newUser(t, 80, 24, c.change)
			before := u.lines()
			u.keys(key)
			after := u.lines()
			for i := range before {
				if changed := before[i] != after[i]; changed != (i == len(before)-2) {
					t.Errorf("%s, %s: line %d is %q, was %q", name, key, i, after[i], before[i])
				}
			}
			u.sees(c.want)
		}
	}
}

// A trace that ends by itself says why; hidden checks are shown when asked for.
func TestTraceEndsByItself(t *testing.T) {
	f, of := &fakeTrace{}, Whom{}
	u := newUser(t, 100, 40, traceable(f, &of))
	u.keys("down", "right", "down", "t")
	deny(f)
	u.due(traceTickMsg(0))
	u.keys("v")
	u.sees("40 left out")
	u.keys("*")
	u.seesNot("left out")
	if !f.hidden {
		t.Error("hidden checks were not asked for")
	}
	f.report.Ended, f.report.Until = "every process that was watched has ended", noon.Add(4*time.Second)
	u.due(traceTickMsg(0))
	u.sees("the trace has ended: every process that was watched has ended")
	u.sees("traced 4211 nginx")
	u.keys("t")
	u.sees("tracing 4211 nginx")
}

// Nothing is asked, and no message waits, where nothing was traced.
func TestNoTraceCostsNothing(t *testing.T) {
	u := newUser(t, 80, 24)
	for _, msg := range u.later {
		if _, is := msg.(traceTickMsg); is {
			t.Error("a tick of a trace waits")
		}
	}
	u.keys("v")
	u.sees("nothing was traced")
	u.m.setColumns([]string{"denied"})
	u.run(u.m.rebuild())
	u.sees("DENIED")
	u.on("?")
}
