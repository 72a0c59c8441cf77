package agree

import (
	"context"
	"errors"
	"flag"
	"os"
	"testing"

	"capview/inspect"
	"capview/inspect/bpf"
	"capview/inspect/proc"
)

var (
	processes = flag.Int("processes", 600, "how many processes stand still")
	rounds    = flag.Int("rounds", 6, "how often all are compared")
)

// kernelEngine is the engine, which root must have on a kernel with type information.
func kernelEngine(t *testing.T) *bpf.Engine {
	t.Helper()
	if os.Geteuid() != 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("needs root")
		}
		t.Skip("needs root: CAP_BPF and CAP_PERFMON to load iterators, and all others to make processes")
	}
	e, err := bpf.New(bpf.Options{Root: "/proc"})
	if err != nil {
		if _, no := os.Stat("/sys/kernel/btf/vmlinux"); no != nil {
			t.Skipf("needs a kernel with type information (CONFIG_DEBUG_INFO_BTF): %v", err)
		}
		t.Fatalf("%v\n%+v", err, errors.Unwrap(err))
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func source(t *testing.T, o proc.Options) *proc.Source {
	t.Helper()
	o.Root = "/proc"
	s, err := proc.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func snapshot(t *testing.T, s *proc.Source) *inspect.Index {
	t.Helper()
	snap, err := s.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return inspect.NewIndex(snap)
}

// Whatever both engines tell, they tell alike: of processes that stand still at once, of restless ones sooner or later.
func TestEnginesAgree(t *testing.T) {
	e := kernelEngine(t)
	p := newPopulation(t)
	for range *processes {
		p.sleeper()
	}
	for range 4 {
		p.crowd(60)
	}
	p.churn()

	for _, all := range []bool{false, true} {
		var sum tally
		kept := source(t, proc.Options{Kernel: e, AllThreads: all})
		snapshot(t, kept) // what follows are refreshes of it
		unsettled := map[disagreement]string{}
		for round := 0; round < *rounds || round < *rounds+20 && len(unsettled) > 0; round++ {
			found := map[disagreement]string{}
			before := snapshot(t, source(t, proc.Options{AllThreads: all}))
			fresh := snapshot(t, source(t, proc.Options{Kernel: e, AllThreads: all}))
			refreshed := snapshot(t, kept)
			after := snapshot(t, source(t, proc.Options{AllThreads: all}))
			for _, ix := range []*inspect.Index{fresh, refreshed} {
				if ix.Host.Engine != "bpf" {
					t.Fatalf("the engine was not used: %v", ix.Gaps)
				}
				sum.compare(before, ix, after, found)
				if pids := missing(before, ix, after); len(pids) > 0 {
					t.Errorf("the engine misses %v", pids)
				}
				p.checkBits(t, ix, all)
			}
			sum.settle(unsettled, found, round < *rounds)
		}
		for _, text := range unsettled {
			t.Error(text)
		}
		t.Logf("all threads %v: %s; %d processes came and went meanwhile", all, &sum, p.began)
	}
	t.Logf("securebits of %d threads are what they say, each time", len(p.bits))
}

// checkBits compares the securebits of threads with those they say they have.
func (p *population) checkBits(t *testing.T, ix *inspect.Index, all bool) {
	checked := 0
	check := func(tid int, o inspect.Opt[uint32]) {
		want, ok := p.bits[tid]
		if !ok {
			return
		}
		checked++
		if got, known := o.Get(); !known || got != want {
			t.Errorf("thread %d says its securebits are %#x, the engine %#x (known: %v)", tid, want, got, known)
		}
	}
	for i := range ix.Processes {
		check(ix.Processes[i].PID, ix.Processes[i].SecureBits)
		for _, th := range ix.Processes[i].Threads {
			check(th.TID, th.SecureBits)
		}
	}
	if all && checked != len(p.bits) {
		t.Errorf("securebits of %d threads compared with their own word, there are %d", checked, len(p.bits))
	}
}
