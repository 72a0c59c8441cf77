package view

import (
	"math/bits"
	"strconv"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/inspect/rules"
)

const worksNote = "WORKS: on what an effective one works: host, the process's own namespaces of a kind (net), its own user namespace (self) " +
	"or nowhere; +n: on so many more kinds of its own namespaces."

// worksCell is where an effective capability works, by the kernel's rules.
func worksCell(reach *rules.Reach, c caps.Cap, effective bool) Cell {
	if !effective {
		return Cell{".", Muted}
	}
	w := reach.Works(c)
	switch {
	case w == rules.Works{}:
		return Cell{w.String(), Notice}
	case w.Yes == 0:
		return gone()
	}
	return Cell{worksText(w), Plain}
}

// worksText is in short where w works: most is self, and the number of the rest.
func worksText(w rules.Works) string {
	const listed = 2
	if n := bits.OnesCount8(uint8(w.Yes)); n > listed && w.Yes&rules.WhereHost == 0 && w.Yes&rules.WhereSelf != 0 {
		text := rules.WhereSelf.String() + " +" + strconv.Itoa(n-1)
		if w.Maybe != 0 {
			text += unknown
		}
		return text
	}
	return w.String()
}

// powerless marks those of an effective set that work nowhere; "" where all work somewhere, or it cannot be told.
func powerless(ix *inspect.Index, p *inspect.Process, set caps.Set) string {
	leader, _ := p.Caps.Get()
	switch none := ix.Reach(p).Powerless(set & leader.Effective); {
	case none == 0:
		return ""
	case none == set:
		return "powerless"
	default:
		return strconv.Itoa(none.Count()) + " powerless"
	}
}
