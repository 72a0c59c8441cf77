package ui

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"capview/inspect"
	"capview/ui/line"
	"capview/ui/view"
)

// detail is the page of a process or a group. It stands in place of the list or beside it.
type detail struct {
	open     bool // shown in place of the list where there is no room beside it
	focused  bool // has the keys
	want     id   // whose detail is to be shown
	shown    id   // whose sections these are
	title    string
	sections []view.Section
	tab      string // a section's key: it stays when the process changes
	page     page
	note     string // why this is not the latest
	reading  bool
	again    bool // want or the snapshot changed while it was being read
}

type detailMsg struct {
	id       id
	title    string
	sections []view.Section
	note     string
	keep     bool // the process has gone: what was shown last stays
}

// openDetail gives the row under the cursor the keys of its page.
func (m *Model) openDetail() tea.Cmd {
	if m.current() == nil {
		return nil
	}
	m.detail.open, m.detail.focused = true, true
	if m.here().tid != 0 {
		m.detail.tab = "threads"
	}
	m.table.SetFocus(false)
	return m.showDetail()
}

func (m *Model) closeDetail() tea.Cmd {
	m.detail.open, m.detail.focused = false, false
	m.table.SetFocus(true)
	return nil
}

// focusDetail goes to the page beside the list.
func (m *Model) focusDetail() tea.Cmd {
	if !m.isBeside() {
		return nil
	}
	return m.openDetail()
}

func (m *Model) toggleBeside() tea.Cmd {
	m.beside = !m.beside
	if m.beside && m.width < besideFrom {
		m.say("there is room for the detail beside the list from 140 columns; enter opens it")
	}
	return m.refreshDetail()
}

// showDetail reads the detail of the row under the cursor.
func (m *Model) showDetail() tea.Cmd {
	if n := m.current(); n != nil {
		m.detail.want = n.id
		m.detail.want.tid = 0
	}
	return m.refreshDetail()
}

// refreshDetail reads what is shown once more: after a refresh, or because it is something else now.
func (m *Model) refreshDetail() tea.Cmd {
	d := &m.detail
	if m.ix == nil || !d.open && !m.isBeside() {
		return nil
	}
	if d.want == (id{}) {
		if n := m.current(); n != nil {
			d.want = n.id
		}
	}
	if d.reading {
		d.again = true
		return nil
	}
	d.reading, d.again = true, false
	if d.want.isGroup() {
		return m.readGroup(d.want)
	}
	return m.readProcess(d.want)
}

func (m *Model) readGroup(want id) tea.Cmd {
	n := findNode(m.list.roots, want)
	if n == nil || n.group == nil {
		return func() tea.Msg {
			return detailMsg{id: want, keep: true, note: "no row of the list now: this is what was read last"}
		}
	}
	return func() tea.Msg {
		return detailMsg{id: want, title: n.titled(), sections: view.GroupSections(n.sum.Ix, *n.group)}
	}
}

// readProcess asks for all of a live process; where that fails for another cause than its end, what the snapshot has
// is shown, and why.
func (m *Model) readProcess(want id) tea.Cmd {
	ix, opt, ctx, asked := m.ix, m.opt, m.ctx, m.questions
	return func() tea.Msg {
		p := ix.Process(want.pid)
		if p == nil || p.StartTime != want.start {
			return detailMsg{id: want, keep: true, note: "this process has ended: this is what was read last"}
		}
		msg := detailMsg{id: want, title: strings.TrimSpace(rowLabel(view.Row{Ix: ix, P: p}))}
		if opt.Detail != nil {
			full, err := readFull(ctx, opt, want)
			switch {
			case errors.Is(err, fs.ErrNotExist):
				msg.note = "this process has just ended: this is what the last scan read"
			case err != nil:
				msg.note = "as of the last scan: " + view.Clean(err.Error())
			default:
				full.Placed(p)
				p = &full
			}
		}
		msg.sections = append(view.ProcessSections(ix, p), asked.sections(ctx, opt, ix, p)...)
		return msg
	}
}

func readFull(ctx context.Context, opt Options, want id) (inspect.Process, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return opt.Detail(ctx, want.pid, want.start)
}

// detailed swaps a detail in. The page stays where it is scrolled to while it is the same process and tab.
func (m *Model) detailed(msg detailMsg) tea.Cmd {
	d := &m.detail
	d.reading = false
	d.note = msg.note
	if !msg.keep {
		if d.shown != msg.id {
			d.page.off = 0
		}
		d.shown, d.title, d.sections = msg.id, msg.title, msg.sections
		m.setTab(d.tabIndex())
	}
	if d.again {
		return m.refreshDetail()
	}
	return nil
}

func (d *detail) tabIndex() int {
	for i, s := range d.sections {
		if s.Key == d.tab {
			return i
		}
	}
	return 0
}

// setTab shows the section with that number, round the ends.
func (m *Model) setTab(i int) {
	d := &m.detail
	if len(d.sections) == 0 {
		d.page = page{draw: func(*line.Builder, int) []string { return nil }}
		return
	}
	s := d.sections[((i%len(d.sections))+len(d.sections))%len(d.sections)]
	off := d.page.off
	if s.Key != d.tab {
		off = 0
	}
	look := m.look
	d.tab = s.Key
	d.page = page{off: off, height: d.page.height, draw: func(b *line.Builder, width int) []string {
		return drawBlocks(b, s.Blocks, width, look)
	}}
}
