package ui

import (
	"strconv"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// minInterval keeps the scans from taking a core.
const minInterval = 100 * time.Millisecond

// askInterval asks for the time between scans, in seconds or as 500ms.
func (m *Model) askInterval() tea.Cmd {
	if !m.opt.Live {
		return m.onlyLive()
	}
	p := &prompt{label: "interval", caret: -1, hint: "seconds between scans, or 500ms, 1m"}
	p.edit.set(m.opt.Interval.String())
	p.done = func(m *Model, text string) tea.Cmd {
		d, ok := parseInterval(text)
		if !ok {
			p.refuse("an interval is a number of seconds, or a duration as 500ms, from 0.1 on")
			return nil
		}
		m.opt.Interval = d
		return m.arm()
	}
	m.prompt = p
	return nil
}

func parseInterval(text string) (time.Duration, bool) {
	text = strings.TrimSpace(text)
	if s, err := strconv.ParseFloat(text, 64); err == nil {
		text = strconv.FormatFloat(s, 'f', -1, 64) + "s"
	}
	d, err := time.ParseDuration(text)
	return d, err == nil && d >= minInterval && d <= 24*time.Hour
}

// suspend gives the terminal back to the shell, where there is one to wake the program again.
func (m *Model) suspend() tea.Cmd {
	if m.opt.CanSuspend == nil || !m.opt.CanSuspend() {
		m.say("cannot suspend here: no shell would wake the program again")
		return nil
	}
	return tea.Suspend
}

// toggleMouse takes the mouse or gives it back to the terminal, whose selection needs it.
func (m *Model) toggleMouse() tea.Cmd {
	if m.mouse = !m.mouse; m.mouse {
		m.say("mouse on: click and wheel; shift selects text in most terminals")
		return tea.EnableMouseCellMotion
	}
	m.say("mouse off: the terminal selects text again")
	return tea.DisableMouse
}

// clicked moves by the wheel, and selects and opens by clicks.
func (m *Model) clicked(e tea.MouseMsg) tea.Cmd {
	if !m.mouse || m.prompt != nil || m.chooser != nil {
		return nil
	}
	switch {
	case e.Button == tea.MouseButtonWheelDown:
		return m.wheel(3)
	case e.Button == tea.MouseButtonWheelUp:
		return m.wheel(-3)
	case e.Button == tea.MouseButtonLeft && e.Action == tea.MouseActionPress && m.page == nil:
		return m.click(e.X, e.Y)
	}
	return nil
}

func (m *Model) wheel(n int) tea.Cmd {
	if p := m.scrolling(); p != nil {
		p.scroll(n)
		return nil
	}
	m.table.Scroll(n)
	return m.moved()
}

func (m *Model) click(x, y int) tea.Cmd {
	f := m.frame()
	if x >= f.listWidth {
		return m.focusDetail()
	}
	r, ok := m.table.At(y - f.top)
	if !ok || f.listWidth == 0 {
		return nil
	}
	m.detail.focused = false
	if r.ID == m.here() {
		return m.openDetail()
	}
	m.follow = id{}
	m.table.Select(r.ID)
	return m.moved()
}
