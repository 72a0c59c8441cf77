package inspect

import (
	"testing"

	"capview/inspect/caps"
	"capview/nsinfo"
)

// actor is a process for Power: the host's user namespace, its own others, unless changed.
func actor(uid uint32, effective caps.Set, change ...func(*Process)) *Process {
	p := &Process{PID: 100, ThreadCount: 1, State: "S", UID: Some(IDs{uid, uid, uid, uid}), Namespaces: Some(nsinfo.Set{
		nsinfo.UserNS: hostUser, nsinfo.Mount: 20, nsinfo.Net: 20, nsinfo.PID: 20, nsinfo.IPC: 20})}
	p.Caps = Some(caps.Sets{Effective: effective, Permitted: effective})
	p.Seccomp, p.NoNewPrivs = Some(Seccomp{Mode: SeccompDisabled}), Some(false)
	for _, f := range change {
		f(p)
	}
	return p
}

func child(p *Process) { p.Namespaces = Some(nsinfo.Set{nsinfo.UserNS: 900}) }
func hidden(p *Process) {
	p.Namespaces = Opt[nsinfo.Set]{}
}
func onHost(p *Process) { p.Namespaces = Some(hostSet) }
func filtered(p *Process) {
	p.Seccomp = Some(Seccomp{Mode: SeccompFilter})
}
func noNewPrivs(p *Process) { p.NoNewPrivs = Some(true) }
func permitted(p *Process) {
	s, _ := p.Caps.Get()
	p.Caps = Some(caps.Sets{Permitted: s.Permitted})
}
func unread(p *Process) { p.Creds = Creds{} }

var hostSet = nsinfo.Set{nsinfo.UserNS: hostUser, nsinfo.Mount: 10, nsinfo.Net: 10, nsinfo.PID: 10, nsinfo.IPC: 10}

const dockerSet = caps.Set(0xa80425fb)

// TestPower: each can do more to the host than the next, or as much.
func TestPower(t *testing.T) {
	full := caps.Full(caps.Last)
	ix := NewIndex(&Snapshot{Host: Host{UserNamespace: hostUser, CapLastCap: caps.Last},
		Processes: []*Process{{PID: 1, Namespaces: Some(hostSet)}}})
	for i, order := range [][]struct {
		what string
		p    *Process
		why  string
	}{
		{
			{"root on the host", actor(0, full, onHost), "full"},
			{"privileged container", actor(0, full), "full"},
			{"privileged but for one", actor(0, full&^caps.Of(caps.SysResource)), "full −sys_resource"},
			{"the same, filtered", actor(0, full&^caps.Of(caps.SysResource), filtered), "full −sys_resource"},
			{"docker --cap-add sys_admin", actor(0, dockerSet|caps.Of(caps.SysAdmin)), "high: sys_admin, chown +13"},
			{"sys_module only permitted", actor(1000, caps.Of(caps.SysModule), permitted), "high: sys_module"},
			{"host's files by uid 0 and every danger of the second grade", actor(1000, caps.Of(caps.NetAdmin, caps.SysTime)), "medium: net_admin, sys_time"},
			{"net_admin", actor(1000, caps.Of(caps.NetAdmin)), "medium: net_admin"},
			{"docker's default", actor(0, dockerSet), "low: chown, dac_override +12"},
			{"docker's default, filtered", actor(0, dockerSet, filtered), "low: chown, dac_override +12"},
			{"the same with no_new_privs", actor(0, dockerSet, filtered, noNewPrivs), "low: chown, dac_override +12"},
			{"uid 0 with nothing", actor(0, 0), "root"},
			{"unknown", actor(0, full, unread), "?"},
			{"rootless container", actor(100000, full, child), "own user namespace"},
			{"nobody", actor(65534, 0), "none"},
		},
		{
			{"dac_override over the host's files", actor(1000, caps.Of(caps.DACOverride), onHost), "high: dac_override"},
			{"uid 0 over the host's files", actor(0, 0, onHost), "root"},
			{"dac_override over its own", actor(1000, caps.Of(caps.DACOverride)), "low: dac_override"},
			{"its user namespace unknown", actor(1000, full, hidden), "?"},
			{"nothing that matters", actor(1000, caps.Of(caps.SetPCap)), "little: setpcap"},
			{"the dead", actor(0, full, onHost, func(p *Process) { p.State = "Z" }), "none"},
		},
	} {
		for j, a := range order {
			if why := PowerWhy(ix, a.p); why != a.why {
				t.Errorf("%s: %q, want %q", a.what, why, a.why)
			}
			if j > 0 && Power(ix, a.p) >= Power(ix, order[j-1].p) && Power(ix, a.p) != 0 {
				t.Errorf("order %d: %s (%d) is not below %s (%d)", i, a.what, Power(ix, a.p), order[j-1].what, Power(ix, order[j-1].p))
			}
		}
	}
}

func TestPowerOfOthers(t *testing.T) {
	ix := NewIndex(&Snapshot{Host: Host{UserNamespace: hostUser}})
	full := caps.Full(caps.Last)
	kernel := actor(0, full, func(p *Process) { p.KernelThread = true })
	if Power(ix, kernel) != 0 || PowerWhy(ix, kernel) != "kernel" {
		t.Error("nobody can make a kernel thread do anything")
	}
	if p := actor(1000, 0, hidden); Power(ix, p) != 0 {
		t.Error("nothing held is nothing in every user namespace")
	}
	plain := actor(1000, 0)
	plain.Threads = []Thread{{TID: 101, Creds: actor(0, full).Creds}}
	if Power(ix, plain) != Power(ix, actor(1000, full)) || PowerWhy(ix, plain) != "full" {
		t.Errorf("a thread's capabilities are the process's: %d, %s", Power(ix, plain), PowerWhy(ix, plain))
	}
	plain.State = "Z" // only the leader is dead
	if Power(ix, plain) == 0 {
		t.Error("the other threads live on")
	}
}

// What works over nothing but the process's own namespaces is next to nothing.
func TestPowerElsewhere(t *testing.T) {
	ix := NewIndex(&Snapshot{Host: Host{UserNamespace: hostUser}, Processes: []*Process{{PID: 1, Namespaces: Some(hostSet)}}})
	own := actor(1000, caps.Of(caps.IPCOwner))
	if Power(ix, own) != childPower || PowerWhy(ix, own) != "own namespaces" {
		t.Errorf("over its own IPC namespace: %d, %s", Power(ix, own), PowerWhy(ix, own))
	}
	if p := actor(1000, caps.Of(caps.IPCOwner, caps.SysTime)); PowerWhy(ix, p) != "medium: sys_time" {
		t.Errorf("beside one that works on the host: %s", PowerWhy(ix, p))
	}
}

// TestPowerGrades: no number of lesser capabilities is worth one of the next danger. (IPC_OWNER works in an IPC namespace only.)
func TestPowerGrades(t *testing.T) {
	ix := NewIndex(&Snapshot{Host: Host{UserNamespace: hostUser}})
	for d := 1; d <= 3; d++ {
		var lesser caps.Set
		for c := range caps.Last + 1 {
			if c.Danger() < d {
				lesser |= caps.Of(c)
			}
		}
		for c := range caps.Last + 1 {
			if c.Danger() == d && c != caps.IPCOwner && Power(ix, actor(1000, caps.Of(c))) <= Power(ix, actor(1000, lesser)) {
				t.Errorf("%s is not above all of less danger", c)
			}
		}
	}
}

func BenchmarkPower(b *testing.B) {
	ix := NewIndex(&Snapshot{Host: Host{UserNamespace: hostUser}, Processes: []*Process{{PID: 1, Namespaces: Some(hostSet)}}})
	p := actor(0, caps.Full(caps.Last), onHost)
	b.ReportAllocs()
	for b.Loop() {
		Power(ix, p)
	}
}
