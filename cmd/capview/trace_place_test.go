package main

import (
	"testing"

	"capview/inspect"
)

// What is not known yet is where its parent is only if it is in the same control group: systemd's children become services.
func TestPlacesByParent(t *testing.T) {
	const ns, system, service = 4026531837, 10, 11
	p := newPlaces(inspect.NewIndex(&inspect.Snapshot{Host: inspect.Host{UserNamespace: ns}}))
	p.remember(inspect.ProcessID{PID: 1, StartTime: 1}, lived{place{Container: "init.scope"}, ns, system, true})
	for _, c := range []struct {
		pid, parent int
		cgroup      uint64
		want        string
	}{
		{5, 1, system, "init.scope"}, // before it is moved
		{5, 1, service, ""},
		{6, 5, service, ""}, // its child
		{7, 1, 0, "init.scope"},
	} {
		s := checkSubject{&inspect.Check{PID: c.pid, StartTime: 100, Cgroup: c.cgroup}, c.parent, ns}
		if got, sure := p.of(s); got.Container != c.want || sure {
			t.Errorf("process %d of control group %d: %q, sure %v: want %q", c.pid, c.cgroup, got.Container, sure, c.want)
		}
	}
}
