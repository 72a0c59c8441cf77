package inspect

import (
	"fmt"
	"slices"
	"strings"

	"capview/inspect/caps"
)

// noneUnlike stands for a thread that is not listed: it is as its leader, or there is none.
const noneUnlike = "none unlike its leader"

// threads adds what differs in the threads that both list, and the threads that began or ceased to be unlike their leader.
func (l *factList) threads(a, b *Process) {
	olds := make(map[int]*Thread, len(a.Threads))
	for i := range a.Threads {
		olds[a.Threads[i].TID] = &a.Threads[i]
	}
	for i := range b.Threads {
		t := &b.Threads[i]
		fact := threadFact(t)
		if old := olds[t.TID]; old != nil {
			l.thread(fact+".", old, t)
			delete(olds, t.TID)
		} else {
			l.add(fact, noneUnlike, unlikeLeader(b, t))
		}
	}
	for i := range a.Threads {
		if t := &a.Threads[i]; olds[t.TID] != nil {
			l.add(threadFact(t), unlikeLeader(a, t), noneUnlike)
		}
	}
}

func threadFact(t *Thread) string { return fmt.Sprintf("threads[%d]", t.TID) }

// thread adds what differs between two threads; each fact's key is after prefix.
func (l *factList) thread(prefix string, a, b *Thread) {
	l.add(prefix+"comm", a.Comm, b.Comm)
	addOpt(l, prefix+"uid", a.UID, b.UID, IDs.words)
	addOpt(l, prefix+"gid", a.GID, b.GID, IDs.words)
	l.creds(prefix, a.Creds, b.Creds)
}

// unlikeLeader says in what t is unlike p's leader.
func unlikeLeader(p *Process, t *Thread) string {
	l := factList{full: [2]caps.Set{caps.Full(caps.Last), caps.Full(caps.Last)}}
	l.thread("", &Thread{Comm: t.Comm, UID: p.UID, GID: p.GID, Creds: p.Creds}, t)
	if len(l.facts) == 0 {
		return noneUnlike
	}
	words := make([]string, len(l.facts))
	for i, f := range l.facts {
		words[i] = f.Fact + " " + f.After
	}
	return strings.Join(words, ", ")
}

// allUnlike says in what p's threads are unlike their leader, TIDs left out: across boots they mean nothing.
func allUnlike(p *Process) string {
	var all []string
	for i := range p.Threads {
		if w := unlikeLeader(p, &p.Threads[i]); w != noneUnlike {
			all = append(all, w)
		}
	}
	if all == nil {
		return noneUnlike
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), "; ")
}
