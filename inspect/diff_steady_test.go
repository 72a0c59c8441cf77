package inspect

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"capview/inspect/internal/arbitrary"
)

// Whatever fact changes, of the snapshot, a process or a container, two snapshots are not steady any more, but for those that
// the kernel changes all the time.
func TestSteady(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	free := map[string]bool{"Snapshot.TakenAt": true, "Process.State": true, "Container.Usage": true}
	tried := 0
	for range 200 {
		var s Snapshot
		arbitrary.Fill(r, &s)
		s.Processes, s.Containers = []*Process{new(Process)}, make([]Container, 1)
		arbitrary.Fill(r, s.Processes[0])
		arbitrary.Fill(r, &s.Containers[0])
		p := s.Processes[0]
		p.State, p.KernelThread = "S", false
		same, again := s, *p
		same.Processes = []*Process{&again}
		if !Diff(NewIndex(&s), NewIndex(&same)).Steady {
			t.Fatal("a snapshot is not as itself")
		}
		for _, of := range []any{&s, p, &s.Containers[0]} {
			v := reflect.ValueOf(of).Elem()
			for i := range v.NumField() {
				name := v.Type().Name() + "." + v.Type().Field(i).Name
				if name == "Snapshot.Processes" || name == "Snapshot.Containers" || !v.Type().Field(i).IsExported() {
					continue
				}
				later, copied := s, *p
				later.Processes, later.Containers = []*Process{&copied}, []Container{s.Containers[0]}
				var edited any = &later
				switch of.(type) {
				case *Process:
					edited = later.Processes[0]
				case *Container:
					edited = &later.Containers[0]
				}
				field := reflect.ValueOf(edited).Elem().Field(i)
				arbitrary.Fill(r, field.Addr().Interface())
				if name == "Process.State" {
					field.SetString("R")
				}
				was, is := fmt.Sprintf("%+v", v.Field(i)), fmt.Sprintf("%+v", field)
				if got := Diff(NewIndex(&s), NewIndex(&later)).Steady; got && was != is && !free[name] {
					t.Fatalf("%s: %s and %s are steady", name, was, is)
				} else if free[name] && !got {
					t.Fatalf("%s counts", name)
				}
				tried++
			}
		}
	}
	t.Logf("%d changes of one fact", tried)
}

// Two more that count for some and not for others: a name, and the state of what has died.
func TestSteadyNamesAndDeath(t *testing.T) {
	for _, c := range []struct {
		edit func(p *Process)
		want bool
	}{
		{func(p *Process) { p.Comm = "other" }, false},
		{func(p *Process) { p.State = "Z" }, false},
		{func(p *Process) { p.State = "D" }, true},
	} {
		if got := Diff(oneProcess(nil), oneProcess(c.edit)).Steady; got != c.want {
			t.Errorf("steady: %v, want %v", got, c.want)
		}
	}
	kernel := func(name string) *Index {
		return oneProcess(func(p *Process) { p.KernelThread, p.Comm = true, name })
	}
	if !Diff(kernel("kworker/0:1-events"), kernel("kworker/0:1-idle")).Steady {
		t.Error("what a kernel thread works at counts")
	}
}
