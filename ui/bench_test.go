package ui

import (
	"strconv"
	"testing"

	"capview/inspect"
	"capview/inspect/caps"
)

// crowd is a node of n processes.
func crowd(n int) *inspect.Snapshot {
	s := node7()
	for i := range n - len(s.Processes) {
		p := proc(10000+i, "worker-"+strconv.Itoa(i%7), "root", 0, docker|caps.Set(i), "docker/web")
		s.Processes = append(s.Processes, confined(p))
	}
	return s
}

func crowded(t testing.TB, n, width, height int) *user {
	u := newUser(t, width, height)
	u.node.snap = crowd(n)
	u.due(tickMsg(0))
	u.keys("*", "end")
	return u
}

// The allocations of a frame are bounded by the screen, not by the rows.
func TestAllocationsOfAFrame(t *testing.T) {
	count := func(n int) float64 {
		u := crowded(t, n, 138, 50)
		return testing.AllocsPerRun(10, func() { u.m.View() })
	}
	few, many := count(100), count(10000)
	if many > few*1.2+50 {
		t.Errorf("%v allocations with 100 processes, %v with 10,000", few, many)
	}
}

func BenchmarkFrame10000(b *testing.B) {
	u := crowded(b, 10000, 138, 50)
	b.ReportAllocs()
	for b.Loop() {
		u.m.View()
	}
}

func BenchmarkCursorStep10000(b *testing.B) {
	u := crowded(b, 10000, 138, 50)
	b.ReportAllocs()
	for b.Loop() {
		u.keys("up")
		u.m.View()
	}
}

func BenchmarkFold10000(b *testing.B) {
	u := crowded(b, 10000, 138, 50)
	b.ReportAllocs()
	for b.Loop() {
		u.keys("*")
		u.m.View()
	}
}

// BenchmarkBuild10000 runs beside the program, once a refresh.
func BenchmarkBuild10000(b *testing.B) {
	u := crowded(b, 10000, 138, 50)
	b.ReportAllocs()
	for b.Loop() {
		build(u.m.ix, nil, u.m.spec)
	}
}
