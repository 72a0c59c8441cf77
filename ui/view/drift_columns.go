package view

import (
	"strconv"

	"capview/inspect"
	"capview/inspect/fact"
)

// drifted is the differences among findings, in short: for a cell, for JSON and for sorting.
type drifted struct {
	asked   fact.Answer // whether a runtime was asked for anything
	found   []inspect.Finding
	differ  int // how many are differences
	unknown bool
}

func sumDrift(asked fact.Answer, found []inspect.Finding) drifted {
	d := drifted{asked: asked, found: found, unknown: asked == fact.Unknown}
	for i := range found {
		switch f := &found[i]; {
		case f.Sort == inspect.SortDrift:
			d.differ++
		case f.Sort == inspect.SortUnknown && f.Gravity != inspect.GravityInfo:
			d.unknown = true
		}
	}
	return d
}

// cell is the gravest difference and how many more there are. What cannot be told is "?" unless something differs
// anyway.
func (d drifted) cell() Cell {
	switch {
	case d.differ > 0:
		first := &d.found[0]
		c := Cell{bounded(first.Brief), findingRole(first)}
		if d.differ > 1 {
			c.Text += " (" + strconv.Itoa(d.differ) + ")"
		}
		return c
	case d.unknown:
		return gone()
	case d.asked == fact.No:
		return absent()
	}
	return Cell{"none", Muted}
}

// value is the kinds of the differences; nil: it cannot be told.
func (d drifted) value() any {
	if d.differ == 0 && d.unknown {
		return nil
	}
	kinds := []inspect.FindingKind{}
	for i := range d.found[:d.differ] {
		kinds = append(kinds, d.found[i].Kind)
	}
	return kinds
}

// rank orders by gravity, then by number.
func (d drifted) rank() int {
	switch {
	case d.differ > 0:
		return 2 + d.found[0].Gravity.Rank()<<16 + d.differ
	case d.unknown:
		return 1
	}
	return 0
}

func processDrift(r Row) drifted {
	found := r.Ix.Drift(r.P)
	c := r.container()
	asked := asks(c, r.P)
	switch {
	case r.P.Role == inspect.RoleHelper:
		asked = fact.No
	case len(found) == 0 && asked == fact.Yes && !c.Declared.Known():
		asked = fact.Unknown
	}
	return sumDrift(asked, found)
}

func groupDrift(g GroupRow) drifted {
	c := g.G.Container
	if c == nil {
		return drifted{asked: fact.No}
	}
	return sumDrift(asks(c, nil), inspect.ContainerDrift(g.Ix, c, g.G.Processes))
}

const driftDoc = "where it differs from what its runtime was asked for: the gravest, and how many"

func driftColumn() Column[Row] {
	return Column[Row]{Key: "drift", Title: "DRIFT", Doc: driftDoc, Min: 10, Max: 32,
		Cell:  func(r Row) Cell { return processDrift(r).cell() },
		Less:  by(func(r Row) int { return processDrift(r).rank() }),
		Value: func(r Row) any { return processDrift(r).value() }}
}

func groupDriftColumn() Column[GroupRow] {
	return Column[GroupRow]{Key: "drift", Title: "DRIFT", Doc: driftDoc, Min: 10, Max: 32,
		Cell:  func(g GroupRow) Cell { return groupDrift(g).cell() },
		Less:  by(func(g GroupRow) int { return groupDrift(g).rank() }),
		Value: func(g GroupRow) any { return groupDrift(g).value() }}
}
