package ui

import (
	"slices"
	"time"

	"capview/inspect"
	"capview/inspect/fact"
	"capview/ui/table"
	"capview/ui/view"
)

// sortPower is the order by what a process could do to the host.
const sortPower = "power"

// spec says which rows the list has and in what order. A build gets a copy: its maps are replaced, never written.
type spec struct {
	filter     inspect.Filter
	expr       string // of filter, as typed
	container  string // a Container's key; "" is all
	byName     inspect.Filter
	name       string // what container and byName are called; "" when neither is in force
	groupBy    inspect.GroupBy
	sort       string // a column's key, sortPower, or "" for the groups' order and power within
	invert     bool
	hideKernel bool
	threads    bool
	taggedOnly bool
	tags       map[id]bool
	columns    []string
	folds      map[foldKey]bool // what the user opened (true) and closed (false)
	expanded   bool             // groups are open unless folds say otherwise
	seen       *inspect.Seen    // nil where nothing is traced
	litSince   time.Time        // denials from then on light their rows
}

// foldKey: a narrowed list has its own folds, all open at first, for what was asked for is to be seen.
type foldKey struct {
	id       id
	narrowed bool
}

func (s spec) narrowed() bool { return !s.filter.Empty() || s.name != "" || s.taggedOnly }

func (s spec) open(n *node) bool {
	if open, ok := s.folds[foldKey{n.id, s.narrowed()}]; ok {
		return open
	}
	return s.narrowed() || s.expanded || n.group == nil
}

// built is the list for one snapshot and one spec.
type built struct {
	ix     *inspect.Index
	spec   spec
	roots  []*node
	widths []int
	shown  int // processes
	hidden int // by filter, container or tag
	unsure int // of hidden: the filter could not tell
	kernel int // kernel threads left out

	reflowed bool // rows came into sight that were not measured
}

// build makes the list. It only reads ix and fresh and runs beside the program.
func build(ix *inspect.Index, fresh map[id]*change, s spec) built {
	b := built{ix: ix, spec: s}
	kept := b.keep(ix)
	b.roots = grow(ix, fresh, kept, s)
	order(b.roots, s)
	b.widths = table.Measure(nodeColumns(s.columns), flatten(b.roots, s), 500)
	b.makeRoom()
	return b
}

// makeRoom gives the columns of what is traced room for a name: few rows have one, and not all rows are measured.
func (b *built) makeRoom() {
	const name = 11
	for i, k := range b.spec.columns {
		if b.spec.seen != nil && slices.Contains(view.SeenKeys, k) {
			b.widths[i+1] = max(b.widths[i+1], name)
		}
	}
}

// keep counts and returns the processes that s keeps.
func (b *built) keep(ix *inspect.Index) []*inspect.Process {
	kept := make([]*inspect.Process, 0, len(ix.Processes))
	for _, p := range ix.Processes {
		switch answer := b.spec.match(ix, p); {
		case b.spec.hideKernel && p.KernelThread:
			b.kernel++
		case answer == fact.Yes:
			kept = append(kept, p)
		case answer == fact.Unknown:
			b.unsure++
			b.hidden++
		default:
			b.hidden++
		}
	}
	b.shown = len(kept)
	return kept
}

func (s spec) match(ix *inspect.Index, p *inspect.Process) fact.Answer {
	answer := fact.Yes
	if s.container != "" {
		answer = fact.Is(p.Container == s.container)
	}
	if s.taggedOnly {
		answer = answer.And(fact.Is(s.tags[processID(p)]))
	}
	if answer == fact.No {
		return answer
	}
	return answer.And(s.byName.Match(ix, p)).And(s.filter.Match(ix, p))
}
