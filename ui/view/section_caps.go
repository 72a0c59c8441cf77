package view

import (
	"strconv"
	"strings"

	"capview/inspect"
	"capview/inspect/caps"
)

// maxCap is the highest number a capability set has room for.
const maxCap = 63

func capabilityBlocks(r Row) []Block {
	s, ok := r.creds().Caps.Get()
	if !ok {
		return []Block{{Title: "Sets", Note: "The capability sets could not be read: see the gaps."}}
	}
	return []Block{setsBlock(r, s), matrixBlock(r, s)}
}

// setsBlock is the five sets, as masks and in words.
func setsBlock(r Row, s caps.Sets) Block {
	b := Block{Title: "Sets", Head: []string{"SET", "MASK", "HOLDS", ""}}
	for _, w := range theSets {
		set := w.of(&s)
		b.Rows = append(b.Rows, []Cell{{w.key, Heading}, {set.Hex(), Muted}, setCell(r, inspect.Some(set), w), {w.doc, Muted}})
	}
	b.Note = whereTheyCount(r, s)
	return b
}

// whereTheyCount says against which user namespace the process's capabilities are checked.
func whereTheyCount(r Row, s caps.Sets) string {
	at := placeOf(r.Ix, r.P)
	switch {
	case s.Effective == 0:
		return ""
	case !at.known:
		return "The user namespace could not be read, so where these capabilities count cannot be told."
	case at.host:
		return ""
	}
	return "They count in user namespace " + namespaceName(r.Ix, at.inode) + " and those below it; what the kernel checks against the host's they do not grant."
}

// namespaceName is a user namespace by name and inode.
func namespaceName(ix *inspect.Index, inode uint64) string {
	name, number := UserNSName(ix, inode), strconv.FormatUint(inode, 10)
	if name == number {
		return number
	}
	return name + " (" + number + ")"
}

// matrixBlock is every capability the kernel knows, and every bit set beyond those, against the five sets.
func matrixBlock(r Row, s caps.Sets) Block {
	runtime := runtimeOf(r.Ix, r.P)
	def, known := caps.DefaultFor(runtime)
	b := Block{Title: "Capabilities", Head: []string{"CAPABILITY", "P", "E", "I", "B", "A"}}
	if known {
		b.Head = append(b.Head, "DEF")
		b.Note = "DEF: what " + Clean(runtime) + " grants when nothing else is asked for; + and - mark where the permitted set differs."
	}
	b.Head = append(b.Head, "WORKS", "ALLOWS")
	b.Note = strings.TrimSpace(b.Note + " " + worksNote)
	reach := r.Ix.Reach(r.P)
	full, union := fullSet(r.Ix), s.Union()
	for c := caps.Cap(0); c <= maxCap; c++ {
		if !full.Has(c) && !union.Has(c) {
			continue
		}
		row := []Cell{capName(r, c, s)}
		for _, w := range theSets {
			row = append(row, mark(w.of(&s).Has(c)))
		}
		if known {
			row = append(row, againstDefault(s.Permitted.Has(c), def.Has(c)))
		}
		row = append(row, worksCell(reach, c, s.Effective.Has(c)))
		b.Rows = append(b.Rows, append(row, allowsCell(c, full, union)))
	}
	return b
}

// capName is a capability's name in the role of holding just it.
func capName(r Row, c caps.Cap, s caps.Sets) Cell {
	cell := Cell{c.Short(), Muted}
	if s.Effective.Has(c) || s.Permitted.Has(c) {
		cell.Role = setRole(caps.Of(c), fullSet(r.Ix), placeOf(r.Ix, r.P))
	} else if s.Union().Has(c) {
		cell.Role = Plain
	}
	return cell
}

func mark(has bool) Cell {
	if has {
		return Cell{"x", Plain}
	}
	return Cell{".", Muted}
}

func againstDefault(has, def bool) Cell {
	switch {
	case has && !def:
		return Cell{"+", Notice}
	case def && !has:
		return Cell{"-", Good}
	case def:
		return Cell{"x", Plain}
	}
	return Cell{".", Muted}
}

func allowsCell(c caps.Cap, full, union caps.Set) Cell {
	switch {
	case !full.Has(c):
		return Cell{"not known to the kernel this was read from", Notice}
	case c > caps.Last:
		return Cell{"newer than this capview", Notice}
	case union.Has(c):
		return Cell{c.Allows(), Plain}
	}
	return Cell{c.Allows(), Muted}
}
