package ui

import (
	tea "github.com/charmbracelet/bubbletea"
)

type builtMsg struct{ list built }

// rebuild makes the list anew beside the program, for the present snapshot and spec. One build runs at a time; what
// changes meanwhile makes another one follow.
func (m *Model) rebuild() tea.Cmd {
	if m.ix == nil {
		return nil
	}
	if m.busy {
		m.stale = true
		return nil
	}
	m.busy, m.stale = true, false
	ix, fresh, s := m.ix, m.refresh.fresh, m.spec
	s.seen, s.litSince = m.tracing.report.Seen, m.tracing.litSince()
	return func() tea.Msg { return builtMsg{build(ix, fresh, s)} }
}

// built swaps the list in.
func (m *Model) built(msg builtMsg) tea.Cmd {
	m.busy = false
	var again tea.Cmd
	if m.stale {
		again = m.rebuild()
	}
	m.list = msg.list
	if len(m.spec.columns) == len(m.list.spec.columns) {
		m.table.Grow(m.list.widths)
	}
	m.table.SetRows(m.rows())
	m.followed()
	return tea.Batch(again, m.listShown())
}

// listShown reads the detail for a list that is newer.
func (m *Model) listShown() tea.Cmd {
	if m.detail.focused {
		return m.refreshDetail()
	}
	return m.showDetail()
}

// rows is the list's rows with the folds and tags of now, which may have changed while it was built.
func (m *Model) rows() []row {
	s := m.list.spec
	s.folds, s.tags, s.expanded = m.spec.folds, m.spec.tags, m.spec.expanded
	return flatten(m.list.roots, s)
}

// reflow shows the list with other folds or tags: there is nothing to sort or filter for that.
func (m *Model) reflow() {
	m.list.reflowed = true
	m.table.SetRows(m.rows())
}
