package view

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"capview/inspect"
	"capview/inspect/advise"
	"capview/inspect/caps"
)

// advised is what is recommended for a container of the small node, whose first process exercised some capabilities.
func advised(t *testing.T, name string, o *advise.Observation) (*inspect.Index, *advise.Advice) {
	t.Helper()
	ix := node(t)
	for i := range ix.Containers {
		c := &ix.Containers[i]
		if c.Name.Or("") != name {
			continue
		}
		target := advise.Target{Name: name, Container: c}
		for j := range ix.Processes {
			if p := ix.Processes[j]; p.Container == c.Key && p.Role != inspect.RoleHelper {
				target.Processes = append(target.Processes, p)
			}
		}
		p := target.Processes[0]
		sets, _ := p.Caps.Get()
		for k := range o.Uses {
			u := &o.Uses[k]
			u.PID, u.TID, u.StartTime, u.Effective = p.PID, p.PID, p.StartTime, inspect.Some(sets.Effective)
		}
		a := advise.Advise(ix, o, target)
		return ix, &a
	}
	t.Fatalf("no container %s", name)
	return nil, nil
}

func TestAdviceSections(t *testing.T) {
	until := time.Date(2026, 11, 22, 13, 0, 0, 0, time.UTC)
	hostile := "\x1b[2J\u202eevil\nline"
	o := &advise.Observation{Since: until.Add(-time.Hour), Until: until, Everywhere: true, Uses: []advise.Use{
		{Cap: caps.NetBindService, Allowed: true, Audit: inspect.Some(true), Syscall: "bind", Comm: hostile, Count: 2, Last: until, Stack: []string{"cap_capable+0x5", "ns_capable+0x2d", hostile, "inet_bind_sk+0x61", "__sys_bind+0xe2", "__x64_sys_bind+0x18", "do_syscall_64+0x40"}},
		{Cap: caps.SysTime, Audit: inspect.Some(true), Syscall: hostile, Comm: "nginx", Count: 1, Last: until},
	}}
	for _, width := range []int{80, 140} {
		ix, a := advised(t, "web", o)
		var b bytes.Buffer
		if err := WriteSections(&b, AdviceSections(ix, a), width, nil); err != nil {
			t.Fatal(err)
		}
		fits(t, b.Bytes(), width)
		golden(t, fmt.Sprintf("advice-%d.txt", width), b.Bytes())
	}
	ix, a := advised(t, "web", &advise.Observation{})
	var b bytes.Buffer
	if err := WriteSections(&b, AdviceSections(ix, a), 80, nil); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "not known: nothing is called unused") || strings.Contains(b.String(), "weak") {
		t.Errorf("unwatched:\n%s", b.String())
	}
}
