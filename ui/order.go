package ui

import (
	"cmp"
	"slices"

	"capview/inspect"
	"capview/ui/view"
)

// order sorts the processes of each group, and the groups by their first process where a sort was asked for.
func order(roots []*node, s spec) {
	less := s.compare()
	grouped := len(roots) > 0 && roots[0].group != nil
	if grouped {
		for _, g := range roots {
			slices.SortStableFunc(g.kids, less)
		}
	}
	if !grouped || s.sort != "" {
		slices.SortStableFunc(roots, func(a, b *node) int { return less(first(a), first(b)) })
	}
}

func first(n *node) *node {
	if n.group != nil && len(n.kids) > 0 {
		return n.kids[0]
	}
	return n
}

// compare orders processes: by the column, or by power, most first; equals by PID, so that a refresh moves nothing.
func (s spec) compare() func(a, b *node) int {
	by := func(a, b *node) int { return cmp.Compare(a.power, b.power) }
	if c, ok := sortColumn(s.sort); ok {
		by = func(a, b *node) int { return byLess(c.Less, a.row, b.row) }
	}
	down := s.descending()
	return func(a, b *node) int {
		if s.sort == "" && s.groupBy == inspect.ByContainer && a.helps() != b.helps() { // what a container runs comes before what runs the container
			return byLess(func(_, b *node) bool { return b.helps() }, a, b)
		}
		n := by(a, b)
		if down {
			n = -n
		}
		return cmp.Or(n, cmp.Compare(a.row.P.PID, b.row.P.PID))
	}
}

func byLess[T any](less func(a, b T) bool, a, b T) int {
	switch {
	case less(a, b):
		return -1
	case less(b, a):
		return 1
	}
	return 0
}

// mostFirst are the columns of amounts: who holds most is asked for.
var mostFirst = map[string]bool{
	"": true, sortPower: true, "effective": true, "permitted": true, "inheritable": true, "bounding": true,
	"ambient": true, "threads": true, "gaps": true, "filecaps": true, "drift": true, "cpu": true, "memory": true, "used": true, "denied": true,
}

// descending tells which way the order goes.
func (s spec) descending() bool { return mostFirst[s.sort] != s.invert }

// sortColumn is the column to sort by with that key; false for power and for what there is no order of.
func sortColumn(key string) (view.Column[view.Row], bool) {
	for _, c := range rowColumns() {
		if c.Key == key && c.Less != nil && key != sortPower {
			return c, true
		}
	}
	return view.Column[view.Row]{}, false
}
