package proc

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"capview/inspect"
	"capview/inspect/task"
	"capview/nsinfo"
)

// into adds to snap what the kernel's pass tells of all processes together.
func (k *kernelScan) into(snap *inspect.Snapshot) {
	k.userNamespaces(snap)
	odd := map[string][]string{}
	for i := range snap.Processes {
		for _, g := range snap.Processes[i].Gaps {
			if g.What == "iterator" || g.What == "procfs" {
				odd[g.Why] = append(odd[g.Why], strings.TrimPrefix(g.Subject, "pid "))
			}
		}
	}
	for _, why := range []string{onlyProcfsWhy, unlistedWhy, hiddenWhy} {
		if pids := odd[why]; len(pids) > 0 {
			snap.Gaps = append(snap.Gaps, inspect.Gap{Subject: "host", What: "processes", Why: some("pid", pids) + ": " + why})
		}
	}
}

// some names a few of many.
func some(what string, names []string) string {
	const most = 8
	text := what + " " + strings.Join(names[:min(len(names), most)], ", ")
	if len(names) > most {
		text += fmt.Sprintf(" and %d more", len(names)-most)
	}
	return text
}

// userNamespaces fills in what the reader may not ask of user namespaces themselves.
func (k *kernelScan) userNamespaces(snap *inspect.Snapshot) {
	var lacking []*nsinfo.User
	for i := range snap.UserNamespaces {
		if u := &snap.UserNamespaces[i]; !u.Level.Known() || !u.Parent.Known() || !u.OwnerUID.Known() {
			lacking = append(lacking, u)
		}
	}
	for _, u := range lacking {
		i := slices.IndexFunc(k.leaders, func(r task.Record) bool { return r.Namespaces[nsinfo.UserNS] == u.Inode && !r.Changed })
		if i < 0 {
			continue
		}
		of := k.leaders[i].User
		u.Level, u.Parent, u.OwnerUID = inspect.Some(of.Level), inspect.Some(of.Parent), inspect.Some(of.Owner)
		subject := fmt.Sprintf("user namespace %d", u.Inode)
		snap.Gaps = slices.DeleteFunc(snap.Gaps, func(g inspect.Gap) bool {
			return g.Subject == subject && (g.What == "level" || g.What == "parent" || g.What == "owner_uid")
		})
	}
}

// enrich adds to a process that was read from procfs what only the kernel tells: as the last scan has it where the rest
// of the credentials is still so, else by another pass.
func (s *Source) enrich(ctx context.Context, p *inspect.Process) {
	if s.kernel == nil {
		return
	}
	stacks, done := s.kernel.enrich(p)
	if !done {
		fresh := newKernelScan()
		if s.kernel.Threads(ctx, func(r *task.Record) {
			if r.TGID == p.PID {
				fresh.add(r, true)
			}
		}) != nil || len(fresh.leaders) == 0 {
			return
		}
		fresh.stacks = stacks
		fresh.enrich(p)
	}
}

// enrich is by the last scan, and gives back what that knows of filters.
func (s *kernelSide) enrich(p *inspect.Process) (*stackSet, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.last == nil {
		return &stackSet{why: "it is new since the last scan"}, false
	}
	return s.last.stacks, s.last.enrich(p)
}

// enrich is false where the pass does not tell of p as it is.
func (k *kernelScan) enrich(p *inspect.Process) bool {
	rec := k.leader(p.PID)
	if rec == nil || k.changed[p.PID] || rec.StartTime/tick != p.StartTime {
		return false
	}
	leader := credsOf(rec)
	k.stacks.join(&leader, rec.PID, rec.StartTime, rec.Filters)
	whole := merge(&p.Creds, leader)
	others := map[int]inspect.Creds{}
	for _, t := range k.threads[p.PID] {
		k.stacks.join(&t.Creds, t.TID, t.start, t.filters)
		others[t.TID] = t.Creds
	}
	for i := range p.Threads {
		t := &p.Threads[i]
		creds, ok := others[t.TID]
		if !ok {
			creds = leader // it was alike
		}
		whole = merge(&t.Creds, creds) && whole
	}
	return whole
}

// merge takes what only the kernel tells of credentials that are the same in all else.
func merge(into *inspect.Creds, from inspect.Creds) bool {
	plain := from
	plain.SecureBits = inspect.Opt[uint32]{}
	if s, ok := plain.Seccomp.Get(); ok {
		s.Stack = inspect.Opt[inspect.FilterStack]{}
		plain.Seccomp = inspect.Some(s)
	}
	if plain != *into {
		return false
	}
	*into = from
	return true
}
