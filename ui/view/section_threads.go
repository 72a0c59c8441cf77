package view

import (
	"strconv"

	"capview/inspect"
)

// threadBlocks is the leader and the threads the snapshot has; "!" is behind every fact in which one differs from the
// leader.
func threadBlocks(r Row) []Block {
	p := r.P
	b := Block{Title: "Threads", Head: []string{"TID", "NAME", "USER", "EFFECTIVE", "PERMITTED", "SECCOMP", "NNP"}}
	leader := threadRow(r)
	b.Rows = append(b.Rows, leader)
	for i := range p.Threads {
		row := threadRow(Row{r.Ix, p, &p.Threads[i]})
		for j := 2; j < len(row); j++ {
			if row[j].Text != leader[j].Text {
				row[j].Text += " !"
				row[j].Role = max(row[j].Role, Notice)
			}
		}
		b.Rows = append(b.Rows, row)
	}
	b.Note = threadsNote(p)
	return []Block{b}
}

func threadRow(r Row) []Cell {
	get := func(key string) Cell {
		c, _ := Find(processColumns, key)
		return c.Cell(r)
	}
	return []Cell{number(r.id()), plain(r.comm()), get("user"), get("effective"), get("permitted"), get("seccomp"), get("nnp")}
}

// processColumns is the columns that sections take cells from.
var processColumns = Processes()

func threadsNote(p *inspect.Process) string {
	n := Differing(p)
	shown := 1 + len(p.Threads)
	if p.ThreadCount <= shown {
		if n == 0 {
			return "No thread differs from the first in ids, capabilities, no_new_privs or seccomp."
		}
		return strconv.Itoa(n) + " of " + strconv.Itoa(p.ThreadCount) + " threads differ from the first (!)."
	}
	return "The other " + strconv.Itoa(p.ThreadCount-shown) + " of " + strconv.Itoa(p.ThreadCount) + " threads are as the first."
}
