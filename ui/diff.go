package ui

import (
	"strconv"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"capview/inspect"
	"capview/ui/line"
	"capview/ui/view"
)

type differMsg struct {
	since   time.Time
	changes inspect.Changes
}

// mark makes the snapshot shown now the one that `d` compares with.
func (m *Model) mark() tea.Cmd {
	if m.ix != nil {
		m.marked = m.ix
		m.say("marked " + m.ix.TakenAt.Format(time.TimeOnly) + ": d shows what changes from here on")
	}
	return nil
}

// openDiff compares beside the program.
func (m *Model) openDiff() tea.Cmd {
	if m.ix == nil {
		return nil
	}
	before, after := m.marked, m.ix
	return func() tea.Msg { return differMsg{before.TakenAt, inspect.Diff(before, after)} }
}

func (m *Model) differed(msg differMsg) tea.Cmd {
	look := m.look
	m.page = &page{
		title: "changes since " + msg.since.Format(time.TimeOnly),
		draw: func(b *line.Builder, width int) []string {
			return drawBlocks(b, changeBlocks(msg.changes), width, look)
		},
	}
	return nil
}

func changeBlocks(c inspect.Changes) []view.Block {
	if len(c.Appeared)+len(c.Left)+len(c.Changed) == 0 {
		return []view.Block{{Note: "Nothing changed."}}
	}
	var blocks []view.Block
	for _, part := range []struct {
		title string
		ps    []*inspect.Process
	}{{"Appeared", c.Appeared}, {"Left", c.Left}} {
		if len(part.ps) == 0 {
			continue
		}
		b := view.Block{Title: part.title}
		for _, p := range part.ps {
			b.Rows = append(b.Rows, []view.Cell{{Text: strconv.Itoa(p.PID)}, {Text: view.Clean(p.Comm), Role: view.Accent},
				{Text: view.Clean(p.User.Or("?"))}})
		}
		blocks = append(blocks, b)
	}
	if len(c.Changed) > 0 {
		blocks = append(blocks, changedBlock(c.Changed))
	}
	return blocks
}

func changedBlock(changes []inspect.Change) view.Block {
	b := view.Block{Title: "Changed", Head: []string{"PID", "NAME", "WHAT", "BEFORE", "AFTER"}}
	for _, c := range changes {
		for _, f := range c.Facts {
			before, after := f.Before, f.After
			if f.Gained != "" || f.Lost != "" {
				before, after = "lost "+orNone(f.Lost), "gained "+orNone(f.Gained)
			}
			b.Rows = append(b.Rows, []view.Cell{{Text: strconv.Itoa(c.After.PID)}, {Text: view.Clean(c.After.Comm), Role: view.Accent},
				{Text: f.Fact}, {Text: view.Clean(before)}, {Text: view.Clean(after), Role: view.Changed}})
		}
	}
	return b
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
