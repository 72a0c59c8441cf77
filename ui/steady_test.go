package ui

import (
	"testing"

	"capview/inspect"
)

// later is node7 at a later time, with what inspect.Changes.Steady leaves out changed: the state and the name of the kernel's
// thread, and what a container uses.
func later() *inspect.Snapshot {
	s := node7()
	s.Processes[1].Comm, s.Processes[1].State = "kworker/7", "R"
	s.Processes[2].State = "D"
	s.Containers[0].Usage.Memory = inspect.Some(uint64(77 << 20))
	return s
}

// A refresh that finds nothing different makes no list anew, and its screen is the one that a list made anew would have.
func TestASteadyRefresh(t *testing.T) {
	for _, by := range groupings {
		for _, keys := range [][]string{{}, {"*"}, {"H", "*"}, {"down", "right", "enter"}} {
			for _, sort := range []string{"", "pid", "memory", "state", "effective"} {
				options := func(o *Options) { o.GroupBy, o.Sort = by, sort }
				u, fresh := newUser(t, 160, 40, options), newUser(t, 160, 40, options)
				u.keys(keys...)
				fresh.keys(keys...)
				u.refreshed(node7()) // what was unfolded is measured
				fresh.refreshed(node7())
				roots := u.m.list.roots
				fresh.m.list.ix = nil // that it is made anew
				u.refreshed(later())
				fresh.refreshed(later())
				kept := roots[0] == u.m.list.roots[0]
				if want := sort != "memory" && sort != "state"; kept != want {
					t.Errorf("by %s, sorted by %q: the list is kept: %v, want %v", by, sort, kept, want)
				}
				if got, want := u.m.View(), fresh.m.View(); got != want {
					t.Errorf("by %s, sorted by %q, after %q the screen is\n%s\nand not\n%s", by, sort, keys, got, want)
				}
				if by == inspect.ByNone || len(keys) > 0 && keys[0] == "*" {
					u.sees("kworker/7")
				}
				if n := u.m.list.ix; n != u.m.ix {
					t.Error("the list is of another snapshot")
				}
			}
		}
	}
}

// What lights up for one refresh goes out at the next, which finds nothing.
func TestASteadyRefreshAfterAChange(t *testing.T) {
	u := newUser(t, 120, 40)
	u.refreshed(left(node7(), 800))
	u.refreshed(node7())
	u.keys("*")
	if row := u.m.list.roots; len(u.m.refresh.fresh) == 0 || row == nil {
		t.Fatal("a process that appeared is not fresh")
	}
	u.refreshed(later())
	for _, n := range everyNode(nil, u.m.list.roots) {
		if n.fresh != nil {
			t.Errorf("%s is fresh still", n.label())
		}
	}
}

// What a steady refresh allocates is bounded by its groups' lists of processes, a pointer each.
func BenchmarkSteady10000(b *testing.B) {
	u := crowded(b, 10000, 138, 50)
	ix := u.m.ix
	b.ReportAllocs()
	for b.Loop() {
		u.m.list.moveTo(ix)
	}
}
