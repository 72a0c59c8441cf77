package inspect

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"capview/inspect/caps"
	"capview/inspect/seccomp"
)

func counted(pid int, c caps.Cap, denied bool, n uint64) CheckCount {
	return CheckCount{Check: Check{PID: pid, StartTime: 1, Cap: c, Denied: denied, Creds: CredsOwn}, Count: n}
}

func TestExercise(t *testing.T) {
	var x Exercise
	x.Add(Counts{Checks: []CheckCount{counted(1, caps.Chown, false, 3), counted(2, caps.Kill, true, 1)}})
	x.Add(Counts{
		Checks:       []CheckCount{counted(1, caps.Chown, false, 4), counted(1, caps.Chown, true, 1)},
		Unattributed: []Unattributed{{caps.Chown, false, 5}, {caps.Chown, false, 6}},
		Lost:         Losses{Events: 7},
	})
	var got []uint64
	for _, c := range x.Checks() {
		got = append(got, c.Count)
	}
	if !slices.Equal(got, []uint64{7, 1, 1}) {
		t.Errorf("counts %v", got)
	}
	if u := x.Unattributed(); !reflect.DeepEqual(u, []Unattributed{{caps.Chown, false, 11}}) {
		t.Errorf("unattributed %v", u)
	}
	if !x.Lost().Any() || x.Lost().Events != 7 {
		t.Errorf("lost %+v", x.Lost())
	}
	want := map[ProcessID]Use{
		{1, 1}: {Used: caps.Of(caps.Chown), Denied: caps.Of(caps.Chown)},
		{2, 1}: {Denied: caps.Of(caps.Kill)},
	}
	if got := x.Uses(); !reflect.DeepEqual(got, want) {
		t.Errorf("uses %v, want %v", got, want)
	}
}

// What says nothing of a process's own needs is not among its uses.
func TestUsesOfItsOwn(t *testing.T) {
	var x Exercise
	for creds, probe := range map[CheckCreds]bool{CredsOverridden: false, CredsOther: false, CredsOwn: true} {
		c := counted(1, caps.SysAdmin, false, 1)
		c.Creds, c.Probe = creds, probe
		if c.Hidden() != (creds == CredsOverridden || probe) {
			t.Errorf("%s, probe %v: hidden %v", creds, probe, c.Hidden())
		}
		x.Add(Counts{Checks: []CheckCount{c}})
	}
	if uses := x.Uses(); len(uses) != 0 {
		t.Errorf("uses %v", uses)
	}
}

// Beyond its bound an Exercise loses whose checks were, and no check.
func TestExerciseIsBounded(t *testing.T) {
	x := Exercise{most: 10}
	for pid := range 100 {
		x.Add(Counts{Checks: []CheckCount{counted(pid, caps.Chown, pid%2 == 0, 1), counted(1, caps.Kill, false, 1)}})
	}
	var n uint64
	for _, c := range x.Checks() {
		n += c.Count
	}
	for _, u := range x.Unattributed() {
		n += u.Count
	}
	if len(x.Checks()) != 10 || n != 200 {
		t.Errorf("%d kinds, %d checks in all", len(x.Checks()), n)
	}
}

func TestSyscallName(t *testing.T) {
	for s, want := range map[Syscall]string{
		{seccomp.X86_64, 165}: "mount", {seccomp.I386, 21}: "mount", {seccomp.X32, 0x40000000 | 165}: "mount",
		{seccomp.X86_64, NoSyscall}: "", {seccomp.X86_64, 9999}: "9999",
	} {
		if got := s.Name(); got != want {
			t.Errorf("%+v is %q, want %q", s, got, want)
		}
	}
}

// Ended processes that were alike count as one; those that live, and those that differ, stay apart, and nothing is lost.
func TestFold(t *testing.T) {
	x := NewExercise(8)
	add := func(pid, ppid int, c caps.Cap, at int64) {
		one := counted(pid, c, false, 2)
		one.PPID, one.Comm, one.First = ppid, "nice", time.Unix(at, 0)
		x.Add(Counts{Checks: []CheckCount{one}})
	}
	add(1, 0, caps.Kill, 1)
	for pid := range 3 {
		add(10+pid, 1, caps.SysNice, int64(10-pid))
	}
	add(20, 2, caps.SysNice, 20)
	add(21, 2, caps.Kill, 21)
	x.Fold(func(id ProcessID) bool { return id.PID != 1 })
	if x.Len() != 4 {
		t.Fatalf("%d are told apart, want 4", x.Len())
	}
	if c := x.Checks()[1]; c.PID != 10 || c.Count != 6 || !c.Last.Equal(time.Unix(10, 0)) {
		t.Errorf("folded into %+v", c)
	}
	add(1, 0, caps.Kill, 30)
	if c := x.Checks()[0]; c.Count != 4 || !c.First.Equal(time.Unix(1, 0)) || !c.Last.Equal(time.Unix(30, 0)) {
		t.Errorf("the one that lives: %+v", c)
	}
	for pid := range 9 {
		add(100+pid, 3, caps.Chown, 1)
	}
	if u := x.Unattributed(); x.Len() != 8 || len(u) != 1 || u[0].Count != 10 {
		t.Errorf("%d told apart, %v not", x.Len(), u)
	}
}
