package inspect

import (
	"testing"
	"time"

	"capview/inspect/caps"
)

// What is not watched is unknown, never nothing.
func TestSeen(t *testing.T) {
	own, child, other := &Process{PID: 1, StartTime: 1}, &Process{PID: 2, StartTime: 2}, &Process{PID: 3, StartTime: 3}
	var sight Sight
	for _, denied := range []bool{true, false} {
		c := counted(2, caps.Kill, denied, 1)
		c.Last = time.Unix(7, 0)
		sight.See(&c)
	}
	want := Sight{Use{Used: caps.Of(caps.Kill), Denied: caps.Of(caps.Kill)}, time.Unix(7, 0)}
	if sight != want {
		t.Errorf("saw %+v", sight)
	}
	group := &Group{Processes: []*Process{own, child, other}}
	contained := &Group{Container: &Container{Key: "c"}, Processes: group.Processes}
	some := &Seen{Processes: map[ProcessID]Sight{{1, 1}: {}, {2, 2}: sight}}
	whole := &Seen{Processes: some.Processes, Containers: map[string]Sight{"c": sight}}
	node := &Seen{Everywhere: true, Processes: some.Processes, Except: ProcessID{3, 3}}
	for _, c := range []struct {
		name    string
		seen    *Seen
		process *Process
		known   bool
	}{
		{"nothing is traced", nil, own, false}, {"it is", some, own, true}, {"another is", some, other, false},
		{"another had its PID", some, &Process{PID: 1, StartTime: 9}, false},
		{"all are", node, &Process{PID: 9, StartTime: 9}, true}, {"the tracer", node, other, false},
	} {
		if got := c.seen.Process(c.process); got.Known() != c.known {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	for _, c := range []struct {
		name       string
		seen       *Seen
		group      *Group
		known, all bool
	}{
		{"nothing is traced", nil, group, false, false}, {"some are", some, group, true, false}, {"a container", whole, contained, true, true},
		{"none of them", some, &Group{Processes: []*Process{other}}, false, false}, {"both are", some, &Group{Processes: []*Process{own, child}}, true, true},
	} {
		got, all := c.seen.Group(c.group)
		if got.Known() != c.known || all != c.all {
			t.Errorf("%s: %v, %v", c.name, got, all)
		}
		if got.Known() && got != Some(want) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}
