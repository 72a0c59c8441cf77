package view

import (
	"strconv"

	"capview/inspect"
)

// threadBlocks is the leader and the threads the snapshot has; "!" is behind every fact in which one differs from the
// leader.
func threadBlocks(r Row) []Block {
	p := r.P
	cols := threadColumns(p)
	b := Block{Title: "Threads", Note: threadsNote(p)}
	for _, c := range cols {
		b.Head = append(b.Head, c.Title)
	}
	b.Head[0] = "TID"
	leader := cellsOf(cols, r)
	b.Rows = append(b.Rows, leader)
	for i := range p.Threads {
		row := cellsOf(cols, Row{Ix: r.Ix, P: p, T: &p.Threads[i]})
		for j := alwaysDiffer; j < len(row); j++ {
			if row[j].Text != leader[j].Text {
				row[j].Text += " !"
				row[j].Role = max(row[j].Role, Notice)
			}
		}
		b.Rows = append(b.Rows, row)
	}
	return []Block{b}
}

// alwaysDiffer is how many of a thread's columns (its id and name) are its own by right.
const alwaysDiffer = 2

// threadColumns is the facts that matter most, and of the others those in which a thread differs.
func threadColumns(p *inspect.Process) []Column[Row] {
	keys := []string{"pid", "name", "user", "effective", "permitted", "seccomp", "nnp"}
	differs := map[string]bool{}
	for i := range p.Threads {
		t := &p.Threads[i]
		a, okA := t.Caps.Get()
		b, okB := p.Caps.Get()
		for _, w := range theSets {
			differs[w.key] = differs[w.key] || okA && okB && w.of(&a) != w.of(&b)
		}
		differs["uid"] = differs["uid"] || unlike(t.UID, p.UID)
		differs["gid"] = differs["gid"] || unlike(t.GID, p.GID)
	}
	for _, k := range []string{"inheritable", "bounding", "ambient", "uid", "gid"} {
		if differs[k] {
			keys = append(keys, k)
		}
	}
	return mustSelect(keys...)
}

// mustSelect is process columns by keys that this package knows it has.
func mustSelect(keys ...string) []Column[Row] {
	cols, err := Select(processColumns, keys)
	if err != nil {
		panic(err) // a section asks for a column that was renamed: its test finds it
	}
	return cols
}

func cellsOf(cols []Column[Row], r Row) []Cell {
	cells := make([]Cell, len(cols))
	for i, c := range cols {
		cells[i] = c.Cell(r)
	}
	return cells
}

// processColumns is the columns that sections take cells from.
var processColumns = Processes()

func threadsNote(p *inspect.Process) string {
	n := Differing(p)
	shown := 1 + len(p.Threads)
	if p.ThreadCount > 1 && !p.Caps.Known() {
		return "Whether its " + strconv.Itoa(p.ThreadCount) + " threads differ cannot be told."
	}
	if p.ThreadCount <= shown {
		if p.ThreadCount == 1 {
			return "It has no other thread."
		}
		if n == 0 {
			return "No thread differs from the first in ids, capabilities, no_new_privs or seccomp."
		}
		return strconv.Itoa(n) + " of " + strconv.Itoa(p.ThreadCount) + " threads differ from the first (!)."
	}
	return "The other " + strconv.Itoa(p.ThreadCount-shown) + " of " + strconv.Itoa(p.ThreadCount) + " threads are as the first."
}
