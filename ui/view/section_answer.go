package view

import (
	"strconv"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/inspect/rules"
)

var answerRoles = map[fact.Answer]Role{fact.Yes: Good, fact.No: Notice, fact.Unknown: Gone}

// AnswerBlocks is an answer of the kernel's rules and how it comes about: the steps, what an execve leaves, what would
// allow it, what is not known.
func AnswerBlocks(ix *inspect.Index, question string, r rules.Result) []Block {
	blocks := []Block{{Rows: [][]Cell{
		pair("question", Cell{Clean(question), Accent}),
		pair("answer", verdictCell(r.Answer, r.Errno)),
	}}}
	blocks = append(blocks, came(ix, "Because", r.Steps, r.After)...)
	for i, o := range r.Outcomes {
		title := "Or"
		if i == 0 {
			title = "Either"
		}
		blocks = append(blocks, Block{Title: title, Rows: [][]Cell{pair("if", text(Clean(o.If))), pair("answer", verdictCell(o.Answer, o.Errno))}})
		blocks = append(blocks, came(ix, "Because", o.Steps, o.After)...)
	}
	if len(r.Remedies) > 0 {
		blocks = append(blocks, remedyBlock(r.Remedies))
	}
	blocks = appendWords(blocks, "Not known", r.Gaps, Gone)
	return appendWords(blocks, "Not looked at", r.Unmodelled, Muted)
}

func verdictCell(a fact.Answer, errno rules.Errno) Cell {
	text := a.String()
	switch {
	case a == fact.Unknown:
		text = "cannot tell"
	case a == fact.No && errno != "":
		text += ", " + string(errno)
	}
	return Cell{text, answerRoles[a]}
}

// came is how an answer came about, and the credentials it leaves.
func came(ix *inspect.Index, title string, steps []rules.Step, after *rules.Creds) (blocks []Block) {
	if len(steps) > 0 {
		b := Block{Title: title}
		for i, s := range steps {
			b.Rows = append(b.Rows, []Cell{{strconv.Itoa(i + 1), Muted}, {Clean(s.Because), Plain}}, []Cell{{}, {Clean(s.Source), Muted}})
			b.Rows = append(b.Rows, changeRows(ix, s.Sets)...)
		}
		blocks = append(blocks, b)
	}
	if after != nil {
		blocks = append(blocks, afterBlock(ix, after))
	}
	return blocks
}

// changeRows is the sets that a step changes.
func changeRows(ix *inspect.Index, c *rules.Change) (rows [][]Cell) {
	if c == nil {
		return nil
	}
	for _, w := range theSets {
		if before, after := w.of(&c.Before), w.of(&c.After); before != after {
			rows = append(rows, []Cell{{}, {w.key + ": " + setText(ix, before, "") + " to " + setText(ix, after, ""), Changed}})
		}
	}
	return rows
}

func afterBlock(ix *inspect.Index, c *rules.Creds) Block {
	id := func(ids rules.IDs) Cell { return idsInWords(inspect.Some(inspect.IDs(ids))) }
	b := Block{Title: "After", Rows: [][]Cell{pair("uid", id(c.UID)), pair("gid", id(c.GID))}}
	for _, w := range theSets {
		set := w.of(&c.Caps)
		cell := Cell{setText(ix, set, ""), Plain}
		if set == caps.Set(0) {
			cell.Role = Muted
		}
		b.Rows = append(b.Rows, pair(w.key, cell))
	}
	return b
}

func remedyBlock(remedies []rules.Remedy) Block {
	b := Block{Title: "What would allow it"}
	for _, r := range remedies {
		b.Rows = append(b.Rows, []Cell{{"-", Muted}, {Clean(r.What), Accent}})
		if r.How != "" {
			b.Rows = append(b.Rows, []Cell{{}, {Clean(r.How), Muted}})
		}
	}
	return b
}

func appendWords(blocks []Block, title string, words []string, role Role) []Block {
	if len(words) == 0 {
		return blocks
	}
	b := Block{Title: title}
	for _, w := range words {
		b.Rows = append(b.Rows, []Cell{{Clean(w), role}})
	}
	return append(blocks, b)
}
