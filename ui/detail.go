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
	again    bool                          // want or the snapshot changed while it was being read
	checks   map[string]inspect.CheckCount // what can be picked in the Trace tab
}

type detailMsg struct {
	id       id
	title    string
	sections []view.Section
	checks   map[string]inspect.CheckCount
	note     string
	keep     bool // the process has gone: what was shown last stays
}

// openDetail gives the row under the cursor the keys of its page.
func (m *Model) openDetail() tea.Cmd {
	if m.current() == nil {
		return nil
	}
	m.detail.open, m.detail.focused = true, true
	switch {
	case m.here().tid != 0:
		m.detail.tab = "threads"
	case m.current().lit:
		m.detail.tab = traceTab
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
	opt, ctx, asked, traced := m.opt, m.ctx, m.questions, m.tracing
	ix, title, of, whom := n.sum.Ix, n.titled(), *n.group, whomOf(n)
	return func() tea.Msg {
		msg := detailMsg{id: want, title: title, sections: view.GroupSections(ix, of)}
		if asked.of(want) && opt.Ask != nil {
			msg.sections = append(msg.sections, view.Section{Key: whyTab, Title: "Why", Blocks: asked.why(ctx, opt, ix)})
		}
		more, checks := traced.sections(ctx, ix, whom)
		msg.sections, msg.checks = append(msg.sections, more...), checks
		return msg
	}
}

// readProcess asks for all of a live process; where that fails for another cause than its end, what the snapshot has
// is shown, and why.
func (m *Model) readProcess(want id) tea.Cmd {
	ix, opt, ctx, asked, traced := m.ix, m.opt, m.ctx, m.questions, m.tracing
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
		more, checks := traced.sections(ctx, ix, whomOfProcess(msg.title, want))
		msg.sections, msg.checks = append(msg.sections, more...), checks
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
		d.shown, d.title, d.sections, d.checks = msg.id, msg.title, msg.sections, msg.checks
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
	next := page{off: d.page.off, height: d.page.height, picker: picker{pick: d.page.pick, at: d.page.at, chosen: d.page.chosen, look: m.look}}
	if s.Key != d.tab {
		next.off, next.pick, next.at, next.chosen = 0, "", 0, false
	}
	look := m.look
	d.tab = s.Key
	next.draw = func(b *line.Builder, width int) (lines []string) {
		lines, d.page.picks = drawPicks(b, s.Blocks, width, look)
		return lines
	}
	d.page = next
}
