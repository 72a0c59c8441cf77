package ui

import (
	tea "github.com/charmbracelet/bubbletea"

	"capview/ui/line"
)

// page is text that scrolls: help, what changed, the tabs of a detail. Its lines are drawn once for a width.
type page struct {
	title  string
	draw   func(b *line.Builder, width int) []string
	lines  []string
	drawn  int // the width lines are drawn for; 0 is none
	off    int
	height int
	picker
}

func (p *page) scroll(n int) { p.off = max(0, min(p.off+n, len(p.lines)-p.height)) }

// turn scrolls, and takes what is picked along.
func (p *page) turn(n int) {
	p.scroll(n)
	p.keepInSight(p.off, p.height)
}

// down goes n rows down where rows can be picked, else n lines.
func (p *page) down(n int) {
	at, ok := p.step(n)
	switch {
	case !ok:
		p.scroll(n)
	case at == p.first(): // with what stands above it
		p.scroll(-p.off)
	default:
		p.follow()
	}
}

// follow scrolls to what is picked.
func (p *page) follow() {
	switch {
	case p.at < p.off:
		p.scroll(p.at - p.off)
	case p.at >= p.off+p.height:
		p.scroll(p.at - p.off - p.height + 1)
	}
}

// view appends height lines.
func (p *page) view(b *line.Builder, lines []string, width, height int) []string {
	p.height = height
	if p.drawn != width {
		p.lines, p.drawn = p.draw(b, width), width
		if moved := p.find(); p.off > 0 {
			p.off += moved
		}
		if p.chosen {
			p.follow()
		}
	}
	p.scroll(0)
	for y := range height {
		if p.off+y < len(p.lines) {
			lines = append(lines, p.marked(b, p.lines[p.off+y], p.off+y, width))
		} else {
			lines = append(lines, "")
		}
	}
	return lines
}

// more tells what there is beyond the window.
func (p *page) more() string {
	switch below := len(p.lines) - p.off - p.height; {
	case below > 0:
		return plural(below, "line", "lines") + " below"
	case p.off > 0:
		return "end"
	}
	return ""
}

// scrolling is the page that has the keys; nil if the list has them.
func (m *Model) scrolling() *page {
	switch {
	case m.page != nil:
		return m.page
	case m.detail.focused:
		return &m.detail.page
	}
	return nil
}

// scrollCommands are the keys of everything that scrolls.
func scrollCommands() []command {
	by := func(n func(*page) int) func(*Model) tea.Cmd {
		return func(m *Model) tea.Cmd {
			p := m.scrolling()
			p.turn(n(p))
			return nil
		}
	}
	step := func(n int) func(*Model) tea.Cmd {
		return func(m *Model) tea.Cmd {
			m.scrolling().down(n)
			return nil
		}
	}
	return []command{
		on("j ↓", "down", step(1), "down", "j"),
		on("k ↑", "up", step(-1), "up", "k"),
		on("pgdn space", "a page down", by(func(p *page) int { return p.height }), "pgdown", " ", "ctrl+f"),
		on("pgup b", "a page up", by(func(p *page) int { return -p.height }), "pgup", "b", "ctrl+b"),
		on("^d", "half a page down", by(func(p *page) int { return p.height / 2 }), "ctrl+d"),
		on("^u", "half a page up", by(func(p *page) int { return -p.height / 2 }), "ctrl+u"),
		on("home g", "to the beginning", by(func(p *page) int { return -len(p.lines) }), "home", "g"),
		on("end G", "to the end", by(func(p *page) int { return len(p.lines) }), "end", "G"),
	}
}

func pageCommands() []command {
	closing := func(m *Model) tea.Cmd {
		m.page = nil
		return nil
	}
	return append(scrollCommands(), on("esc", "back", closing, "esc", "enter").foot("back"))
}
