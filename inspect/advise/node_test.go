package advise_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"capview/inspect"
	"capview/inspect/advise"
	"capview/inspect/caps"
	"capview/inspect/snapshot"
)

func recorded(t testing.TB) *inspect.Index {
	t.Helper()
	s, err := snapshot.File{Path: "../../demo/node.json.gz"}.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return inspect.NewIndex(s)
}

// targets is every group of the node with processes that can act.
func targets(ix *inspect.Index) (all []advise.Target) {
	for i := range ix.Containers {
		t := advise.Target{Name: ix.Containers[i].Key, Container: &ix.Containers[i]}
		for j := range ix.Processes {
			p := ix.Processes[j]
			if p.Container == t.Name && p.Role != inspect.RoleHelper && !p.KernelThread && p.State != "Z" {
				t.Processes = append(t.Processes, p)
			}
		}
		if len(t.Processes) > 0 {
			all = append(all, t)
		}
	}
	return all
}

// Of the recorded node, unwatched: only what can do nothing is dropped, and that is what the rules call powerless.
func TestRecordedNodeUnwatched(t *testing.T) {
	ix := recorded(t)
	judged, dropped := 0, 0
	for _, target := range targets(ix) {
		a := advise.Advise(ix, &advise.Observation{}, target)
		if a.Group.Drop != a.Group.NoEffect {
			t.Errorf("%s: %s is called unused", target.Name, (a.Group.Drop &^ a.Group.NoEffect).Names())
		}
		for _, c := range a.Credentials {
			p := ix.Process(c.PIDs[0])
			sets, known := c.Caps.Get()
			if !known || len(c.TIDs) > 0 {
				continue
			}
			judged += len(c.Capabilities)
			dropped += c.NoEffect.Count()
			held := sets.Effective
			if got, want := c.NoEffect&held, ix.Reach(p).Powerless(held)&^c.Keep; got != want {
				t.Errorf("%s, pid %d: no effect %s, powerless %s", target.Name, p.PID, got.Names(), want.Names())
			}
		}
	}
	if judged < 100 || dropped < 10 {
		t.Errorf("%d capabilities judged, %d of no effect: want more", judged, dropped)
	}
	t.Logf("judged %d capabilities of the recorded node's credentials, %d of no effect", judged, dropped)
}

// Random observations of the recorded node, with a fixed seed: what was exercised and mattered is kept, what was not is never.
func TestRecordedNodeWatched(t *testing.T) {
	ix := recorded(t)
	r := rand.New(rand.NewPCG(7, 11))
	all := targets(ix)
	exercised, unused := 0, 0
	for range 300 {
		target := all[r.IntN(len(all))]
		o := &advise.Observation{Since: time.Unix(1, 0), Until: ix.TakenAt.Add(time.Duration(r.IntN(200)) * time.Hour), Everywhere: true}
		var want caps.Set
		p := target.Processes[r.IntN(len(target.Processes))]
		sets, known := p.Caps.Get()
		if !known || p.Entered != "" || p.Outside {
			continue
		}
		sets.Effective.Each(func(c caps.Cap) {
			if r.IntN(3) > 0 {
				return
			}
			want |= caps.Of(c)
			o.Uses = append(o.Uses, advise.Use{PID: p.PID, StartTime: p.StartTime, TID: p.PID, Comm: p.Comm, Cap: c, Allowed: true, Audit: inspect.Some(true),
				Effective: inspect.Some(sets.Effective), Syscall: "ioctl", Count: 1 + uint64(r.IntN(9)), First: ix.TakenAt, Last: ix.TakenAt})
		})
		want &^= caps.Of(caps.SysModule, caps.FSetID) // asked for by ioctl is noise; and of FSetID it cannot be told
		a := advise.Advise(ix, o, target)
		for i := range a.Credentials {
			c := &a.Credentials[i]
			if len(c.PIDs) == 0 || c.PIDs[0] != p.PID && c.Keep != 0 && !contains(c.PIDs, p.PID) {
				if c.Keep&^fromFiles(ix, c) != 0 {
					t.Errorf("%s: %v keeps %s, which pid %d exercised", target.Name, c.PIDs, c.Keep.Names(), p.PID)
				}
				continue
			}
			if contains(c.PIDs, p.PID) && len(c.TIDs) == 0 {
				if c.Keep&^fromFiles(ix, c) != want&^fromFiles(ix, c) {
					t.Errorf("%s: pid %d exercised %s, kept is %s", target.Name, p.PID, want.Names(), c.Keep.Names())
				}
				exercised, unused = exercised+c.Keep.Count(), unused+c.Drop.Count()
			}
		}
	}
	if exercised < 100 || unused < 100 {
		t.Errorf("%d kept, %d dropped: want more of each", exercised, unused)
	}
	t.Logf("%d capabilities kept, %d dropped, as exercised", exercised, unused)
}

func contains(pids []int, pid int) bool {
	for _, p := range pids {
		if p == pid {
			return true
		}
	}
	return false
}

// fromFiles is what the executables of a credential must not be without.
func fromFiles(ix *inspect.Index, c *advise.Credential) (s caps.Set) {
	for _, pid := range c.PIDs {
		if p := ix.Process(pid); p != nil {
			f, _ := p.FileCaps.Get()
			s |= f.Permitted
		}
	}
	return s
}
