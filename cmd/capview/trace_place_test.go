package main

import (
	"maps"
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

// A control group in which others live too is no container's own: what is done there is not the container's.
func TestOwnCgroups(t *testing.T) {
	process := func(pid int, container, cgroup string) *inspect.Process {
		return &inspect.Process{PID: pid, Container: container, Cgroup: inspect.Some(cgroup)}
	}
	ix := inspect.NewIndex(&inspect.Snapshot{
		Containers: []inspect.Container{
			{Key: "host", Kind: inspect.KindHost, Cgroup: "/login"}, {Key: "mail", Kind: inspect.KindContainer, Cgroup: "/login"},
			{Key: "web", Kind: inspect.KindContainer, Cgroup: "/docker/web"}, {Key: "all", Kind: inspect.KindContainer, Cgroup: "/"},
			{Key: "gone", Kind: inspect.KindUnit, Cgroup: "/gone"},
		},
		Processes: []*inspect.Process{
			process(1, "host", "/login"), process(2, "mail", "/login"), process(3, "web", "/docker/web"), process(4, "web", "/login"), process(5, "all", "/"),
		},
	})
	ids := map[string]uint64{"/login": 1, "/docker/web": 2, "/": 3}
	own := ownCgroups(ix, func(path string) uint64 { return ids[path] })
	if !maps.Equal(own, map[string]uint64{"web": 2}) {
		t.Errorf("%v", own)
	}
}
