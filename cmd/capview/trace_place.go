package main

import (
	"capview/inspect"
	"capview/ui/view"
)

// place is where a process lives.
type place struct {
	Container string // its label
	Pod       string // namespace/name; "" for none
}

// places finds processes' containers in one snapshot.
type places struct {
	ix       *inspect.Index
	byCgroup map[uint64]*inspect.Container
}

func newPlaces(ix *inspect.Index) *places {
	p := &places{ix, map[uint64]*inspect.Container{}}
	for i := range ix.Containers {
		c := &ix.Containers[i]
		if id, ok := ownCgroup(c); ok {
			p.byCgroup[id] = c
		}
	}
	return p
}

// of finds a process by PID and start time; one that the snapshot does not have by its control group, then by its parent.
func (p *places) of(c *inspect.Check, ppid int) (place, bool) {
	if proc := p.ix.Process(c.PID); proc != nil && proc.StartTime == c.StartTime {
		return p.container(p.ix.Container(proc.Container))
	}
	if group := p.byCgroup[c.Cgroup]; group != nil {
		return p.container(group)
	}
	if parent := p.ix.Process(ppid); parent != nil && parent.StartTime <= c.StartTime && parent.Role != inspect.RoleHelper {
		pl, _ := p.container(p.ix.Container(parent.Container))
		return pl, false // a later scan may know better
	}
	return place{}, false
}

func (p *places) container(c *inspect.Container) (place, bool) {
	if c == nil {
		return place{}, false
	}
	pl := place{Container: p.ix.Label(c)}
	if pod, ok := c.Pod.Get(); ok {
		pl.Pod = pod.Name
		if pod.Namespace != "" {
			pl.Pod = pod.Namespace + "/" + pod.Name
		}
	}
	return pl, true
}

// place is where the subject of a check lives, as well as is known now.
func (w *watched) place(c *inspect.Check, ppid int) place {
	w.mu.Lock()
	defer w.mu.Unlock()
	pl, known := w.places.of(c, ppid)
	w.asked = w.asked || !known
	return pl
}

// userNS is what a user namespace is called.
func (w *watched) userNS(inode uint64) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return view.UserNSName(w.ix, inode)
}
