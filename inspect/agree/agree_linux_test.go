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
	crowds    = flag.Int("crowds", 4, "how many processes have sixty threads, each with credentials of its own")
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
	for range *crowds {
		p.crowd(60)
	}
	p.churn()

	for _, all := range []bool{false, true} {
		sum := tally{all: all}
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
				p.checkWords(t, ix, all)
			}
			sum.settle(unsettled, found, round < *rounds)
		}
		for _, text := range unsettled {
			t.Error(text)
		}
		t.Logf("all threads %v: %s; %d processes came and went meanwhile", all, &sum, p.gone())
	}
	filters, deepest := 0, 0
	for _, w := range p.words {
		n := len(w.stack.Hashes())
		filters, deepest = filters+n, max(deepest, n)
	}
	t.Logf("securebits of %d threads and their %d filters, up to %d on one, are what they say, each time", len(p.words), filters, deepest)
}

// checkWords compares the securebits and filters of threads with what they say of themselves.
func (p *population) checkWords(t *testing.T, ix *inspect.Index, all bool) {
	checked := 0
	programs := map[string]bool{}
	for _, f := range ix.SeccompFilters {
		programs[f.Hash] = true
		if again, ok := inspect.NewFilterProgram(f.Code); !ok || again.Hash != f.Hash || again.Length != f.Length {
			t.Errorf("filter %s of %d instructions is not what its hash says", f.Hash, f.Length)
		}
	}
	check := func(tid int, c *inspect.Creds) {
		want, ok := p.words[tid]
		if !ok {
			return
		}
		checked++
		if got, known := c.SecureBits.Get(); !known || got != want.bits {
			t.Errorf("thread %d says its securebits are %#x, the engine %#x (known: %v)", tid, want.bits, got, known)
		}
		s, _ := c.Seccomp.Get()
		if got, known := s.Stack.Get(); !known || got != want.stack {
			t.Errorf("thread %d says its %d filters are %.40q, the engine %.40q (known: %v)", tid, len(want.stack.Hashes()), want.stack, got, known)
		}
		for _, hash := range want.stack.Hashes() {
			if !programs[hash] {
				t.Errorf("the program of filter %s of thread %d is missing", hash, tid)
			}
		}
	}
	for i := range ix.Processes {
		check(ix.Processes[i].PID, &ix.Processes[i].Creds)
		for j := range ix.Processes[i].Threads {
			check(ix.Processes[i].Threads[j].TID, &ix.Processes[i].Threads[j].Creds)
		}
	}
	if all && checked != len(p.words) {
		t.Errorf("%d threads compared with their own word, there are %d", checked, len(p.words))
	}
}
