package ui

import (
	"strconv"
	"strings"

	"capview/ui/line"
	"capview/ui/view"
)

// View draws the screen: exactly as many lines as it is high, none wider than it is.
func (m *Model) View() string {
	if m.width <= 0 || m.height <= 0 {
		return ""
	}
	f := m.frame()
	lines := make([]string, 0, m.height)
	lines = m.top(lines, f)
	lines = m.middle(lines, f)
	lines = m.bottom(lines, f)
	text := strings.Join(lines, "\n")
	if m.opt.ASCII {
		text = glyphs.Replace(text)
	}
	return text
}

// middle appends the titles and rows, or what stands in their place.
func (m *Model) middle(lines []string, f frame) []string {
	height := f.rows
	if f.title {
		height++
	}
	switch {
	case m.chooser != nil:
		return m.chooser.view(&m.out, lines, m.width, height, m.look)
	case m.page != nil:
		return m.pageLines(lines, m.page, f, height)
	case f.listWidth == 0:
		return m.detailLines(lines, m.width, f, height)
	case f.detailWidth == 0:
		return m.listLines(lines, f)
	}
	right := m.detailLines(nil, f.detailWidth, f, height)
	m.out.Fill = true
	at := len(lines)
	lines = m.listLines(lines, f)
	m.out.Fill = false
	bar := m.look.of(view.Muted) + " | " + m.look.end(view.Muted)
	for i, r := range right {
		lines[at+i] += bar + r
	}
	return lines
}

// listLines appends the titles and the rows, or what there is to say where there are none.
func (m *Model) listLines(lines []string, f frame) []string {
	if f.title {
		lines = append(lines, m.table.Title(&m.out))
	}
	at := len(lines)
	lines = m.table.View(&m.out, lines)
	if m.table.Len() == 0 && f.rows > 0 {
		m.out.Start(f.tableWidth(), "")
		m.out.Put("", " "+m.emptiness())
		lines[at] = m.out.String()
	}
	return lines
}

// emptiness is why the list has no rows.
func (m *Model) emptiness() string {
	switch {
	case m.refresh.err != nil && m.ix == nil:
		return "nothing could be read: " + view.Clean(m.refresh.err.Error())
	case m.ix == nil:
		return "reading ..."
	case m.list.unsure > 0:
		return "no row matches; of " + plural(m.list.unsure, "process", "processes") + " the filter cannot tell. esc shows all"
	}
	return "no row matches: esc shows all"
}

// pageLines appends a page with its title.
func (m *Model) pageLines(lines []string, p *page, f frame, height int) []string {
	if f.title {
		m.out.Start(m.width, "")
		m.out.Put(m.look.of(view.Heading), " "+p.title)
		lines = append(lines, m.out.String())
		height--
	}
	return p.view(&m.out, lines, m.width, height)
}

// detailLines appends the tabs and the page of the open one, after a line with whose it is.
func (m *Model) detailLines(lines []string, width int, f frame, height int) []string {
	d := &m.detail
	if f.title {
		lines = append(lines, m.detailTitle(width))
		height--
	}
	if height > 3 {
		lines = append(lines, m.tabs(width))
		height--
	}
	if d.sections == nil {
		d.page.draw = func(*line.Builder, int) []string { return nil }
	}
	d.page.active = d.focused
	return d.page.view(&m.out, lines, width, height)
}

func (m *Model) detailTitle(width int) string {
	d := &m.detail
	m.out.Start(width, "")
	role := view.Muted
	if d.focused {
		role = view.Accent
		m.out.Put(m.look.of(role), "> ")
	}
	m.out.To(2)
	m.out.Put(m.look.of(role), d.title)
	if d.note != "" {
		m.out.Put(m.look.of(view.Notice), "  "+d.note)
	}
	return m.out.String()
}

// tabs is the names of the sections, the open one in brackets, so that it shows without attributes too.
func (m *Model) tabs(width int) string {
	letters := m.tabLetters(width)
	m.out.Start(width, "")
	for i, s := range m.detail.sections {
		name := tabKey(i)
		if s.Key == m.detail.tab {
			m.out.Put(m.look.of(view.Heading), "["+name+s.Title+"]")
		} else {
			m.out.Put(m.look.of(view.Muted), " "+shortTab(name, s.Title, letters)+" ")
		}
	}
	return m.out.String()
}

// tabLetters is how many letters of the other tabs' names there is room for.
func (m *Model) tabLetters(width int) int {
	for _, letters := range []int{20, 6, 4, 3, 2, 0} {
		need := 0
		for i, s := range m.detail.sections {
			name := tabKey(i)
			if s.Key == m.detail.tab {
				need += 2 + len(name) + view.Width(s.Title)
			} else {
				need += 2 + view.Width(shortTab(name, s.Title, letters))
			}
		}
		if need <= width {
			return letters
		}
	}
	return 0
}

// tabKey is the digit that goes to a tab, before its name; "" for those that have none.
func tabKey(i int) string {
	if i >= 9 {
		return ""
	}
	return strconv.Itoa(i+1) + " "
}

func shortTab(key, title string, letters int) string {
	switch {
	case key == "":
		letters = max(letters, 3)
	case letters == 0:
		return key[:1]
	}
	return key + title[:min(letters, len(title))]
}
