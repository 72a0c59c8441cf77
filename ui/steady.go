package ui

import (
	"slices"

	"capview/inspect"
	"capview/ui/view"
)

// unsteady are the columns of what inspect.Changes.Steady leaves out, by which rows may go elsewhere.
var unsteady = []string{nameKey, "state", "cpu", "memory"}

// steady tells whether the list needs no more than to show the facts of a later snapshot: c is what differs in that from the one
// the list is of.
func (m *Model) steady(c inspect.Changes) bool {
	s := &m.list.spec
	switch {
	case !c.Steady || m.busy || m.list.ix != m.ix || m.list.reflowed || len(m.refresh.fresh) > 0 || s.seen != nil:
		return false
	case !s.filter.Empty() || !s.byName.Empty() || slices.Contains(s.columns, "state"):
		return false
	}
	return !slices.Contains(unsteady, s.sort)
}

// moveTo has the list show the facts of a later snapshot. Nothing is grouped, summed up, sorted or measured anew.
func (b *built) moveTo(ix *inspect.Index) {
	b.ix = ix
	for _, n := range b.roots {
		n.moveTo(ix)
	}
}

func (n *node) moveTo(ix *inspect.Index) {
	if n.group != nil {
		n.sum = n.sum.In(ix)
		g := n.sum.G
		if len(g.Processes) < len(n.group.Processes) { // it leaves helpers out
			g = n.group.In(ix)
		}
		n.group = &g
	} else {
		n.row = rowIn(n.row, ix)
	}
	for _, k := range n.kids {
		k.moveTo(ix)
	}
}

func rowIn(r view.Row, ix *inspect.Index) view.Row {
	r.Ix, r.P = ix, ix.Process(r.P.PID)
	if was := r.T; was != nil {
		r.T = &r.P.Threads[slices.IndexFunc(r.P.Threads, func(t inspect.Thread) bool { return t.TID == was.TID })]
	}
	return r
}
