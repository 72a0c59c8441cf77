package inspect

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"capview/inspect/caps"
	"capview/inspect/internal/arbitrary"
	"capview/inspect/seccomp"
	"capview/nsinfo"
)

// What a later Snapshot is made of never changes in an earlier one: neither by grouping nor by naming.
func TestKeptProcessesDoNotChange(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	program, _ := NewFilterProgram(seccomp.Program{{Code: 0x06, K: uint32(seccomp.Allow)}}.Bytes())
	moved, named := 0, 0
	for range 300 {
		var first Snapshot
		first.Host.Machine = "x86_64"
		first.SeccompFilters = []FilterProgram{program}
		for i := range 1 + r.IntN(6) {
			p := new(Process)
			arbitrary.Fill(r, p)
			p.PID, p.KernelThread, p.Role = i+1, r.IntN(4) == 0, ""
			p.Namespaces = Some(nsinfo.Set{nsinfo.UserNS: uint64(1 + r.IntN(3)), nsinfo.PID: uint64(1 + r.IntN(2))})
			p.Seccomp = Some(Seccomp{Mode: SeccompFilter, Stack: Some(StackOf(program.Hash))})
			first.Processes = append(first.Processes, p)
		}
		first.Host.UserNamespace = 1
		Contain(&first)
		var before []Process
		for _, p := range first.Processes {
			own := *p
			own.Threads = append([]Thread(nil), p.Threads...)
			before = append(before, own)
		}

		later := first
		later.Processes = append([]*Process(nil), first.Processes...)
		for i, p := range first.Processes {
			later.Keep(i, p)
		}
		later.Host.UserNamespace = uint64(1 + r.IntN(3)) // who belongs where is another matter now
		Contain(&later)
		var namer FilterNamer
		for _, j := range namer.Apply(&later) {
			namer.Work(j)
		}
		GapsOf(&later, namer.Apply(&later))
		for i, p := range first.Processes {
			p, was := *p, before[i]
			p.Threads = append([]Thread(nil), p.Threads...)
			if !reflect.DeepEqual(p, was) {
				t.Fatalf("the first snapshot's process is\n%+v, it was\n%+v", p, was)
			}
			if later.Processes[i].Placement() != was.Placement() {
				moved++
			}
			if s, _ := later.Processes[i].Seccomp.Get(); s.Profile.Known() {
				named++
			}
		}
	}
	if moved == 0 || named == 0 {
		t.Errorf("%d moved, %d got names", moved, named)
	}
}

// In another container a process's filters are named anew.
func TestPlaceForgetsNames(t *testing.T) {
	named := Creds{Seccomp: Some(Seccomp{Mode: SeccompFilter, Profile: Some("docker")})}
	p := &Process{PID: 1, Container: "a", Creds: named, Threads: []Thread{{TID: 2, Creds: named}}}
	s := &Snapshot{Processes: []*Process{p}}
	s.Keep(0, p)
	s.Place(0, Placement{Container: "a", Role: RoleHelper})
	if got := s.Processes[0]; got == p || got.Role != RoleHelper || got.Creds != named || p.Role != "" {
		t.Errorf("%+v, kept %+v", got, p)
	}
	s.Place(0, Placement{Container: "b"})
	got := s.Processes[0]
	if got.Creds != named.Unnamed() || got.Threads[0].Creds != named.Unnamed() {
		t.Errorf("%+v", got)
	}
	if p.Threads[0].Creds != named || !p.SameFacts(got) {
		t.Errorf("the kept one is %+v", p)
	}
	got.Caps = Some(caps.Sets{})
	if p.SameFacts(got) {
		t.Error("other capabilities are the same facts")
	}
}
