package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"capview/inspect"
)

// The kinds of what the engine cannot read of any process, or of any container at first.
const (
	everyProcess   = "every process"
	everyContainer = "every container"
)

// shortfall is a fact that is missing of several subjects of one kind.
type shortfall struct {
	kind  string // "processes", "namespace net"
	what  string
	inert bool // nothing would show it: it is no fault of the reader's
}

// coverage is how many processes there are, and what could not be read of them and of the node, the causes counted.
func coverage(ix *inspect.Index) []finding {
	causes := map[shortfall]map[string]int{}
	count := func(s shortfall, why string) {
		if causes[s] == nil {
			causes[s] = map[string]int{}
		}
		causes[s][why]++
	}
	partial := 0
	for _, p := range ix.Processes {
		for _, g := range p.Gaps {
			count(shortfall{"processes", g.What, p.State == "Z"}, g.Why)
		}
		if len(p.Gaps) > 0 && p.State != "Z" {
			partial++
		}
	}
	for _, g := range ix.Gaps {
		kind := kindOf(g.Subject)
		// A container without a control group of its own has nothing that counts what it uses.
		inert := kind == everyProcess || kind == everyContainer || g.What == "usage"
		count(shortfall{kind, g.What, inert}, g.Why)
	}
	all := finding{"processes", statusOK, fmt.Sprintf("%d, all read in full", len(ix.Processes)), ""}
	if partial > 0 {
		all.Status, all.Found = statusMissing, fmt.Sprintf("%d, of which %d only in part", len(ix.Processes), partial)
	}
	return append([]finding{all}, shortfalls(causes)...)
}

// kindOf is a gap's subject without what tells it from others of its kind: "namespace net" of "namespace net:[4026531833]".
func kindOf(subject string) string {
	switch {
	case subject == "processes":
		return everyProcess
	case subject == "containers":
		return everyContainer
	case strings.HasPrefix(subject, "container "):
		return "container"
	}
	return strings.TrimRight(subject, "0123456789[]: ")
}

// shortfalls words them, those that could be had first.
func shortfalls(causes map[shortfall]map[string]int) []finding {
	keys := slices.SortedFunc(maps.Keys(causes), func(a, b shortfall) int {
		if a.inert != b.inert {
			return cmp.Compare(inertRank(a), inertRank(b))
		}
		return cmp.Or(strings.Compare(a.kind, b.kind), strings.Compare(a.what, b.what))
	})
	var fs []finding
	for _, s := range keys {
		f := finding{Check: s.what, Status: statusMissing, Found: words(s, causes[s])}
		if s.inert {
			f.Status = statusNote
		}
		fs = append(fs, f)
	}
	return fs
}

func inertRank(s shortfall) int {
	if s.inert {
		return 1
	}
	return 0
}

// words says of how many a fact is unknown and why, the most common cause first.
func words(s shortfall, causes map[string]int) string {
	why := slices.SortedFunc(maps.Keys(causes), func(a, b string) int {
		return cmp.Or(cmp.Compare(causes[b], causes[a]), strings.Compare(a, b))
	})
	var parts []string
	for _, w := range why[:min(len(why), 3)] {
		parts = append(parts, fmt.Sprintf("%d: %s", causes[w], w))
	}
	switch s.kind {
	case everyProcess:
		return "unknown of all: " + why[0]
	case everyContainer:
		return "containers: unknown of all: " + why[0]
	case "processes":
		return "unknown of " + strings.Join(parts, "; ")
	}
	return s.kind + ": unknown of " + strings.Join(parts, "; ")
}
