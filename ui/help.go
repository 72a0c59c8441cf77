package ui

import (
	"strings"

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
		return drawHelp(b, width, look)
	}}
	return nil
}

// besideHelp is the width from which the keys stand in two columns.
const besideHelp = 100

// drawHelp draws the keys in two columns where they fit, and the filter language below them.
func drawHelp(b *line.Builder, width int, look looks) []string {
	keys := helpBlocks()
	last := []view.Block{marksBlock(), filterBlock()}
	if width < besideHelp {
		return drawBlocks(b, append(keys, last...), width, look)
	}
	half := width / 2
	b.Fill = true
	lines := drawBlocks(b, keys[:2], half, look)
	b.Fill = false
	for i, l := range drawBlocks(b, keys[2:], width-half, look) {
		if i == len(lines) {
			lines = append(lines, strings.Repeat(" ", half))
		}
		lines[i] += l
	}
	return append(append(lines, ""), drawBlocks(b, last, width, look)...)
}

func helpBlocks() []view.Block {
	var blocks []view.Block
	for _, g := range listKeys {
		blocks = append(blocks, keyBlock(g))
	}
	detail := detailKeys[0]
	detail.commands = detailCommands() // those of tracing stand by themselves
	return append(blocks, keyBlock(detail))
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
		{{Text: "!"}, {Text: "traced: refused a capability in the last " + age(litFor)}},
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
