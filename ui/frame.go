package ui

import tea "github.com/charmbracelet/bubbletea"

// besideFrom is the width from which the detail has room beside the list.
const besideFrom = 140

// frame is what goes where on the screen: line numbers and counts of lines, columns of cells.
type frame struct {
	header      int  // 0, 1 or 2 lines
	notice      bool // the line that says what is missing
	traced      bool // the line that says what is traced
	title       bool // the columns' titles
	footer      bool
	status      bool
	top         int // the first line of rows
	rows        int // how many
	listWidth   int // 0: the list is not shown
	detailAt    int
	detailWidth int // 0: no detail is shown
}

// frame divides the screen. The rows come first: what else there is is shown as far as there is height.
func (m *Model) frame() frame {
	f := frame{listWidth: m.width}
	left := m.height - 1
	take := func(want bool) bool {
		if want && left > 0 {
			left--
			return true
		}
		return false
	}
	f.status = take(true)
	f.title = take(true)
	if take(true) {
		f.header++
	}
	if take(m.height >= 6) {
		f.header++
	}
	f.footer = take(m.height >= 5 || m.prompt != nil)
	f.traced = take(m.height >= 8 && m.tracing.words())
	f.notice = take(m.height >= 16 && m.opt.Notice != "")
	f.rows = max(left+1, 0)
	f.top = f.header
	if f.traced {
		f.top++
	}
	if f.notice {
		f.top++
	}
	if f.title {
		f.top++
	}
	m.divide(&f)
	return f
}

// divide gives the detail its place: beside the list where it fits, else instead of it.
func (m *Model) divide(f *frame) {
	switch {
	case m.isBeside():
		f.listWidth = max(80, m.width*53/100)
		f.detailAt = f.listWidth + 2
		f.detailWidth = m.width - f.detailAt
	case m.detail.open:
		f.listWidth, f.detailAt, f.detailWidth = 0, 0, m.width
	}
}

// isBeside tells whether the detail stands beside the list.
func (m *Model) isBeside() bool { return m.beside && m.width >= besideFrom }

// tableWidth is what the table has of the list's width: one cell stays free before the bar.
func (f frame) tableWidth() int {
	if f.detailWidth > 0 {
		return f.listWidth - 1
	}
	return f.listWidth
}

func (m *Model) layout() {
	f := m.frame()
	if f.listWidth > 0 {
		m.table.SetSize(f.tableWidth(), f.rows)
	} else {
		m.table.SetSize(m.width, f.rows)
	}
}

func (m *Model) resized() tea.Cmd {
	if !m.isBeside() && !m.detail.focused {
		m.detail.open = false
	}
	return m.refreshDetail()
}
