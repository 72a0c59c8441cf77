package ui

import (
	"maps"
	"slices"

	"capview/inspect"
	"capview/ui/table"
	"capview/ui/view"
)

// grow makes the tree. Without groups the processes are its roots.
func grow(ix *inspect.Index, fresh map[id]*change, ps []*inspect.Process, s spec) []*node {
	if len(ps) == 0 {
		return nil
	}
	if s.groupBy == inspect.ByNone {
		return processes(ix, fresh, ps, nil, s)
	}
	var roots []*node
	for _, g := range inspect.GroupProcesses(ix, ps, s.groupBy) {
		n := &node{id: groupID(s.groupBy, g.Key), group: &g, sum: view.NewGroupRow(ix, payload(g)), cells: map[string]view.Cell{}}
		n.sum.Seen = s.seen
		n.served = n.sum.G.Container != nil && n.sum.G.Processes[0].Role == inspect.RoleHelper
		if s.seen != nil {
			sight, _ := s.seen.Group(&n.sum.G)
			n.lit = s.lights(sight)
		}
		n.kids = processes(ix, fresh, g.Processes, n, s)
		roots = append(roots, n)
	}
	fillCommon(roots, s.columns)
	return roots
}

// payload is a container without the processes that serve it from outside, if there are others: a shim holds all
// capabilities and says nothing of what its container may do. Other groups are as they are.
func payload(g inspect.Group) inspect.Group {
	if g.Container == nil {
		return g
	}
	inside := make([]*inspect.Process, 0, len(g.Processes))
	for _, p := range g.Processes {
		if p.Role != inspect.RoleHelper {
			inside = append(inside, p)
		}
	}
	if len(inside) > 0 {
		g.Processes = inside
	}
	return g
}

func processes(ix *inspect.Index, fresh map[id]*change, ps []*inspect.Process, parent *node, s spec) []*node {
	nodes := make([]node, len(ps))
	kids := make([]*node, len(ps))
	for i, p := range ps {
		n := &nodes[i]
		*n = node{id: processID(p), row: view.Row{Ix: ix, P: p, Seen: s.seen}, parent: parent, power: inspect.Power(ix, p)}
		if n.fresh = fresh[n.id]; n.fresh != nil && parent != nil {
			parent.fresh = n.fresh
		}
		if s.seen != nil {
			n.lit = s.lights(s.seen.Process(p))
		}
		if s.threads {
			n.kids = threads(n)
		}
		kids[i] = n
	}
	return kids
}

func threads(p *node) []*node {
	kids := make([]*node, len(p.row.P.Threads))
	for i := range kids {
		t := &p.row.P.Threads[i]
		n := &node{id: p.id, row: view.Row{Ix: p.row.Ix, P: p.row.P, T: t}, parent: p, power: p.power}
		n.id.tid = t.TID
		kids[i] = n
	}
	return kids
}

// lights tells whether what was seen of a row lights it.
func (s spec) lights(o inspect.Opt[inspect.Sight]) bool {
	sight, ok := o.Get()
	return ok && !sight.DeniedAt.IsZero() && !sight.DeniedAt.Before(s.litSince)
}

// row is a line of the list.
type row = table.Row[id, *node]

// tagged tells of a process that is tagged, and of a group that has one.
func (s spec) tagged(n *node) bool {
	if n.group == nil || len(s.tags) == 0 {
		return s.tags[n.id]
	}
	return slices.ContainsFunc(n.kids, func(k *node) bool { return s.tags[k.id] })
}

// flatten is the rows that are to be seen: what hangs below a closed node is not.
func flatten(roots []*node, s spec) []row {
	var rows []row
	var walk func(ns []*node, depth uint8)
	walk = func(ns []*node, depth uint8) {
		for _, n := range ns {
			r := row{ID: n.id, Item: n, Tail: n.count(), Depth: depth, Tag: s.tagged(n), Fresh: n.fresh != nil, Lit: n.lit}
			if len(n.kids) > 0 {
				r.Fold = table.Closed
				if s.open(n) {
					r.Fold = table.Open
				}
			}
			rows = append(rows, r)
			if r.Fold == table.Open {
				walk(n.kids, depth+1)
			}
		}
	}
	walk(roots, 0)
	return rows
}

// with returns s with one entry of a map set, the map copied.
func with[K comparable](m map[K]bool, k K, v bool) map[K]bool {
	m = maps.Clone(m)
	if m == nil {
		m = map[K]bool{}
	}
	m[k] = v
	return m
}
