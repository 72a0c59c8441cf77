package trace

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"capview/inspect"
	"capview/inspect/bpf/load"
	"capview/inspect/caps"
)

// rungsHere is the ways that this kernel has; that it has one is not in question.
func rungsHere(t testing.TB) []Rung {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root (CAP_BPF, CAP_PERFMON)")
	}
	var have []Rung
	for _, r := range Rungs {
		tr, err := New(Options{Root: "/proc", Rung: r, Targets: []Target{{Processes: []inspect.ProcessID{{PID: 1 << 30}}}}})
		if err != nil {
			t.Logf("%s: %v", r, err)
			continue
		}
		tr.Close()
		have = append(have, r)
	}
	if len(have) == 0 {
		t.Fatal("this kernel has no way to see capability checks")
	}
	return have
}

// eachRung runs a test by every way that this kernel has.
func eachRung(t *testing.T, test func(t *testing.T, r Rung)) {
	for _, r := range rungsHere(t) {
		t.Run(string(r), func(t *testing.T) { test(t, r) })
	}
}

// running is a tracer with everything it told.
type running struct {
	*Tracer
	t      *testing.T
	cancel func()
	ended  chan error
	mu     sync.Mutex
	events []inspect.Event
	counts inspect.Exercise
}

func run(t *testing.T, o Options) *running {
	t.Helper()
	o.Root = "/proc"
	tr, err := New(o)
	if err != nil {
		var why *load.Refusal
		if errors.As(err, &why) {
			t.Fatalf("%v: %+v", err, why.Err)
		}
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tr.Close(); err != nil {
			t.Error(err)
		}
	})
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{Tracer: tr, t: t, cancel: cancel, ended: make(chan error, 1)}
	go func() {
		r.ended <- tr.Run(ctx, func(es []inspect.Event) {
			r.mu.Lock()
			r.events = append(r.events, es...)
			r.mu.Unlock()
		})
	}()
	t.Cleanup(cancel)
	return r
}

// stop ends it and takes the last counts.
func (r *running) stop() {
	r.t.Helper()
	r.cancel()
	if err := <-r.ended; err != nil {
		r.t.Fatal(err)
	}
	r.drain()
}

func (r *running) drain() {
	r.t.Helper()
	c, err := r.Drain()
	if err != nil {
		r.t.Fatal(err)
	}
	r.counts.Add(c)
}

// total is how many checks of a process were counted, by capability; hidden ones aside.
func (r *running) total(pid int) map[caps.Cap]uint64 {
	n := map[caps.Cap]uint64{}
	for _, c := range r.counts.Checks() {
		if c.PID == pid && !c.Hidden() {
			n[c.Cap] += c.Count
		}
	}
	return n
}

func only(w ...*worker) []Target {
	var t Target
	for _, w := range w {
		t.Processes = append(t.Processes, w.id())
	}
	return []Target{t}
}

// spinners is how many processes make checks at full speed at once.
const spinners = 8

func spinLength() time.Duration {
	if text := os.Getenv("CAPVIEW_TRACE_SPIN"); text != "" {
		if d, err := time.ParseDuration(text); err == nil {
			return d
		}
	}
	return 3 * time.Second
}

// At full speed the totals are what the processes counted themselves, exactly, while they are fetched.
func TestTotalsAreExact(t *testing.T) {
	eachRung(t, func(t *testing.T, rung Rung) {
		var ws []*worker
		for range spinners {
			ws = append(ws, launch(t, job{Do: "spin", Length: spinLength(), Only: []string{"all"}}, nil))
		}
		r := run(t, Options{Rung: rung, Targets: only(ws...)})
		for _, w := range ws {
			w.begin()
		}
		results := make(chan done, len(ws))
		counted := make([]done, len(ws))
		for i, w := range ws {
			go func() { counted[i] = w.result(); results <- counted[i] }()
		}
		for left := len(ws); left > 0; {
			select {
			case <-results:
				left--
			case <-time.After(50 * time.Millisecond):
				r.drain()
			}
		}
		r.stop()
		var all uint64
		for i, w := range ws {
			total := r.total(w.cmd.Process.Pid)
			for name, n := range counted[i].Calls {
				c, err := caps.Parse(name)
				if err != nil {
					t.Fatal(err)
				}
				if total[c] != n {
					t.Errorf("process %d made %d checks of %s, %d were counted", w.cmd.Process.Pid, n, name, total[c])
				}
				all += n
			}
		}
		lost := r.counts.Lost()
		if lost.Any() || len(r.counts.Unattributed()) > 0 {
			t.Errorf("lost %+v, unattributed %v", lost, r.counts.Unattributed())
		}
		t.Logf("%s: %d checks by %d processes in %v, all counted", rung, all, len(ws), spinLength())
	})
}

// What the ring has no room for is counted, and is in the totals.
func TestFullRing(t *testing.T) {
	w := launch(t, job{Do: "spin", Length: 200 * time.Millisecond}, nil)
	tr, err := New(Options{Root: "/proc", Targets: only(w), Events: true, RingBytes: os.Getpagesize()})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	w.begin()
	made := w.result().Calls["setpcap"]
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var seen uint64
	if err := tr.Run(ctx, func(es []inspect.Event) { seen += uint64(len(es)) }); err != nil {
		t.Fatal(err)
	}
	c, err := tr.Drain()
	if err != nil {
		t.Fatal(err)
	}
	var visible uint64
	for _, n := range c.Checks {
		if !n.Hidden() {
			visible += n.Count
		}
	}
	if c.Lost.Events == 0 || seen+c.Lost.Events != visible || visible < made {
		t.Errorf("%d events told, %d lost, %d checks counted, %d made", seen, c.Lost.Events, visible, made)
	}
	t.Logf("%d events told, %d lost, %d checks counted", seen, c.Lost.Events, visible)
}

// Where there are more kinds of checks than the maps tell apart, none is lost, only whose it was.
func TestFullTotals(t *testing.T) {
	// Every process is a kind of its own: more than the CPUs' tables have slots.
	sh := exec.Command("sh", "-c", "read x; for i in $(seq 150); do chroot / true; done; read x")
	in, err := sh.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := sh.Start(); err != nil {
		t.Fatal(err)
	}
	pid := sh.Process.Pid
	target := Target{Processes: []inspect.ProcessID{{PID: pid, StartTime: startTime(t, pid)}}}
	r := run(t, Options{Targets: []Target{target}, Keys: 4, Events: true, Hidden: true})
	io.WriteString(in, "x\n")
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		r.mu.Lock()
		asked := 0
		for _, e := range r.events {
			if e.Cap == caps.SysChroot {
				asked++
			}
		}
		r.mu.Unlock()
		if asked == 150 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("only %d of 150 processes asked", asked)
		}
	}
	in.Close()
	sh.Wait()
	r.stop()
	var attributed, rest uint64
	for _, c := range r.counts.Checks() {
		attributed += c.Count
	}
	for _, u := range r.counts.Unattributed() {
		rest += u.Count
	}
	if attributed == 0 || rest == 0 || attributed+rest != uint64(len(r.events)) || r.counts.Lost().Any() {
		t.Errorf("%d checks by kind, %d without, %d events; lost %+v", attributed, rest, len(r.events), r.counts.Lost())
	}
	t.Logf("%d checks by kind, %d by capability alone, %d events", attributed, rest, len(r.events))
}

// --unique shows the first of each capability and verdict: a denial after an allowed check is not hidden.
func TestUnique(t *testing.T) {
	eachRung(t, func(t *testing.T, rung Rung) {
		first := launch(t, job{Do: "spin", Length: 10 * time.Millisecond}, nil)
		second := launch(t, job{Do: "spin", Length: 10 * time.Millisecond, Drop: caps.Of(caps.SetPCap)}, nil)
		r := run(t, Options{Rung: rung, Targets: only(first, second), Events: true, Unique: true})
		for _, w := range []*worker{first, second} {
			w.begin()
			if n := w.result().Calls["setpcap"]; n < 100 {
				t.Fatalf("only %d checks were made", n)
			}
		}
		r.stop()
		var verdicts []bool
		for _, e := range r.events {
			if e.Cap == caps.SetPCap {
				verdicts = append(verdicts, e.Denied)
			}
		}
		if !slices.Equal(verdicts, []bool{false, true}) {
			t.Errorf("denied: %v, want an allowed check and then a denied one", verdicts)
		}
	})
}

// A target's children are followed: those that it forks while it is traced.
func TestChildren(t *testing.T) {
	eachRung(t, func(t *testing.T, rung Rung) {
		parent := inspect.ProcessID{PID: os.Getpid(), StartTime: startTime(t, os.Getpid())}
		// The tracer does not look at its own process; so one in between forks.
		middle := launch(t, job{Do: "spin", Length: time.Millisecond}, nil)
		other := launch(t, job{Do: "spin", Length: 10 * time.Millisecond}, nil)
		r := run(t, Options{Rung: rung, Targets: []Target{{Processes: []inspect.ProcessID{parent}}}})
		child := launch(t, job{Do: "spin", Length: 10 * time.Millisecond, Fork: 2}, nil)
		if n, err := r.Alive(); err != nil || n < 4 {
			t.Errorf("%d are followed, %v: want this process, its child and that one's", n, err)
		}
		for _, w := range []*worker{middle, other, child} {
			w.begin()
		}
		made := child.result().Calls["setpcap"]
		other.result()
		child.end()
		r.stop()
		var followed uint64
		for _, c := range r.counts.Checks() {
			if c.Cap != caps.SetPCap {
				continue
			}
			if c.PID == other.cmd.Process.Pid || c.PID == middle.cmd.Process.Pid {
				t.Errorf("process %d was there before, and counted", c.PID)
			}
			followed += c.Count
		}
		if followed != made {
			t.Errorf("the grandchild made %d checks, %d were counted", made, followed)
		}
	})
}

// A process that has ended before it was followed is not waited for.
func TestFollowTheDead(t *testing.T) {
	w := launch(t, job{Do: "spin"}, nil)
	r := run(t, Options{Targets: only(w)})
	dead := exec.Command("true")
	if err := dead.Run(); err != nil {
		t.Fatal(err)
	}
	if err := r.Follow(0, Target{Processes: []inspect.ProcessID{{PID: dead.Process.Pid, StartTime: w.start}, {PID: os.Getpid(), StartTime: 1}}}); err != nil {
		t.Fatal(err)
	}
	if n, err := r.Alive(); n != 1 || err != nil {
		t.Errorf("%d are alive, %v", n, err)
	}
	w.end()
	for range 100 { // the kernel frees a process some time after
		if n, _ := r.Alive(); n == 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("the process has ended, and is still followed")
}

// Two tracers see the same.
func TestTwoTracers(t *testing.T) {
	w := launch(t, job{Do: "spin", Length: 50 * time.Millisecond}, nil)
	a, b := run(t, Options{Targets: only(w)}), run(t, Options{Targets: only(w)})
	w.begin()
	made := w.result().Calls["setpcap"]
	a.stop()
	b.stop()
	pid := w.cmd.Process.Pid
	if na, nb := a.total(pid)[caps.SetPCap], b.total(pid)[caps.SetPCap]; na != made || nb != made {
		t.Errorf("%d checks made, one counted %d, the other %d", made, na, nb)
	}
}

// Without privilege there is one clear reason.
func TestWithoutPrivilege(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to give it up")
	}
	w := launch(t, job{Do: "trace"}, asUser(65534))
	line, err := w.out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if want := "capability checks cannot be traced here: not permitted: needs CAP_BPF and CAP_PERFMON\n"; line != want {
		t.Errorf("said %q, want %q", line, want)
	}
}
