package ui

import (
	tea "github.com/charmbracelet/bubbletea"

	"capview/inspect"
	"capview/ui/line"
	"capview/ui/view"
)

// openHelp shows every key, from the tables the keys are dispatched by, and the filter language.
func (m *Model) openHelp() tea.Cmd {
	if m.page != nil && m.page.title == "help" {
		m.page = nil
		return nil
	}
	look := m.look
	m.page = &page{title: "help", draw: func(b *line.Builder, width int) []string {
		return drawBlocks(b, helpBlocks(), width, look)
	}}
	return nil
}

func helpBlocks() []view.Block {
	var blocks []view.Block
	for _, g := range listKeys {
		blocks = append(blocks, keyBlock(g))
	}
	blocks = append(blocks, keyBlock(detailKeys[0]), marksBlock(), filterBlock())
	return blocks
}

func keyBlock(g group) view.Block {
	b := view.Block{Title: g.title}
	for _, c := range g.commands {
		b.Rows = append(b.Rows, []view.Cell{{Text: c.Help().Key, Role: view.Accent}, {Text: c.Help().Desc}})
	}
	return b
}

func marksBlock() view.Block {
	return view.Block{Title: "Marks", Rows: [][]view.Cell{
		{{Text: ">"}, {Text: "the cursor"}},
		{{Text: "#"}, {Text: "tagged"}},
		{{Text: "*"}, {Text: "new or changed since the last refresh"}},
		{{Text: "+"}, {Text: "folded, - unfolded; (n) processes"}},
		{{Text: "?"}, {Text: "could not be read: the detail says why"}},
	}}
}

func filterBlock() view.Block {
	b := view.Block{Title: "Filter", Note: "Words match names, command lines and containers. Terms apart by spaces must all hold; a,b is or; ! negates; " +
		"~ begins a regular expression; quotes keep spaces. Rows of which a filter cannot tell, because a fact could not be read, are left out and counted."}
	for _, k := range inspect.FilterKeys() {
		b.Rows = append(b.Rows, []view.Cell{{Text: k.Key, Role: view.Accent}, {Text: k.Meaning}, {Text: k.Example, Role: view.Muted}})
	}
	return b
}
