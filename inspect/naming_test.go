package inspect

import (
	"fmt"
	"testing"

	"capview/inspect/caps"
	"capview/inspect/seccomp"
)

// Names are set once they are worked out, threads' too; until then what is missing has a gap, and never looks like none.
func TestFilterNamer(t *testing.T) {
	program, _ := NewFilterProgram(seccomp.Program{{Code: 0x06, K: uint32(seccomp.Errno | 1)}}.Bytes())
	filtered := Creds{Caps: Some(caps.Sets{Bounding: 1}), Seccomp: Some(Seccomp{Mode: SeccompFilter, Stack: Some(StackOf(program.Hash))})}
	s := &Snapshot{
		Host: Host{Machine: "x86_64", Kernel: "6.1.0-13-amd64"}, SeccompFilters: []FilterProgram{program},
		Processes: []*Process{
			{PID: 1, Creds: filtered},
			{PID: 2, Creds: Creds{Seccomp: Some(Seccomp{Mode: SeccompDisabled})}, Threads: []Thread{{TID: 3, Creds: filtered}}},
			{PID: 4, Creds: Creds{Seccomp: Some(Seccomp{Mode: SeccompFilter, Stack: Some(StackOf("ff"))})}},
		},
	}
	n := new(FilterNamer)
	jobs := n.Apply(s)
	if len(jobs) != 1 {
		t.Fatalf("%d jobs, want 1: two threads have the same filters, the others' are not there", len(jobs))
	}
	GapsOf(s, jobs)
	for i, p := range s.Processes { // what follows is a later snapshot, of the same processes
		s.Keep(i, p)
	}
	unnamed := s.Processes[0]
	if GapsOf(s, jobs); s.Processes[0] != unnamed {
		t.Errorf("gaps %v, said twice", s.Processes[0].Gaps)
	}
	if g := s.Processes[0].Gaps; len(g) != 1 || g[0].What != "seccomp.profile" || len(s.Processes[1].Gaps)+len(s.Processes[2].Gaps) != 0 {
		t.Errorf("gaps %v", g)
	}
	n.Work(jobs[0])
	if left := n.Apply(s); len(left) != 0 {
		t.Errorf("%d jobs left", len(left))
	}
	if was, is := unnamed.Gaps, s.Processes[0].Gaps; len(was) != 1 || len(is) != 0 {
		t.Errorf("gaps were %v, and are %v where the filters have a name", was, is)
	}
	for _, c := range []Creds{s.Processes[0].Creds, s.Processes[1].Threads[0].Creds} {
		if state, _ := c.Seccomp.Get(); state.Profile.Or("") != "custom" {
			t.Errorf("%+v", state)
		}
		if c.Unnamed() != filtered {
			t.Errorf("unnamed: %+v", c.Unnamed())
		}
	}
	again := *s.Processes[0]
	again.Creds, again.Container = filtered, ""
	s.Processes[0].Container = "web"
	again.Placed(s.Processes[0])
	if state, _ := again.Seccomp.Get(); state.Profile.Or("") != "custom" || again.Container != "web" {
		t.Errorf("read alone: %+v", again)
	}
	if state, _ := s.Processes[2].Seccomp.Get(); state.Profile.Known() {
		t.Errorf("filters that are not there are called %q", state.Profile.Or(""))
	}
}

// The shortest filters are named first.
func TestNamingOrder(t *testing.T) {
	s := &Snapshot{Host: Host{Machine: "x86_64"}}
	for i := range 20 {
		length := 1 + (i*7)%20
		var p seccomp.Program
		for range length {
			p = append(p, seccomp.Instruction{Code: 0x06, K: uint32(seccomp.Allow)})
		}
		program, _ := NewFilterProgram(p.Bytes())
		s.SeccompFilters = append(s.SeccompFilters, program)
		s.Processes = append(s.Processes, &Process{PID: i + 1, Creds: Creds{Seccomp: Some(Seccomp{Mode: SeccompFilter, Stack: Some(StackOf(program.Hash))})}})
	}
	var lengths []int
	for _, j := range new(FilterNamer).Apply(s) {
		lengths = append(lengths, len(j.stack[0]))
	}
	want := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20}
	if fmt.Sprint(lengths) != fmt.Sprint(want) {
		t.Errorf("%v", lengths)
	}
}
