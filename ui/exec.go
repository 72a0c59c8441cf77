package ui

import (
	"context"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"capview/ui/view"
)

// listing is the names of one directory of a process's root, for completing a path.
type listing struct {
	of      id
	dir     string // with the slash at its end; "" before the first
	names   []string
	why     string // there are none because of this
	reading bool
}

type listedMsg struct{ listing }

const fileHint = "a path as the process sees it   tab completes"

// askFile asks for the path of a file that the process might execute.
func (m *Model) askFile() tea.Cmd {
	if !m.asksOf(m.opt.Exec != nil) {
		return nil
	}
	q := &m.questions
	p := &prompt{label: "execute", hint: fileHint, caret: -1, recall: q.files}
	p.edit.set(q.file)
	if q.file == "" {
		p.edit.set("/")
	}
	p.changed = (*Model).typeFile
	p.complete = func(m *Model, text string) string {
		if m.questions.listing.dir != dirOf(text) {
			return text
		}
		return longest(m.questions.listing.full(), text)
	}
	p.done = func(m *Model, text string) tea.Cmd {
		if !strings.HasPrefix(text, "/") || strings.ContainsRune(text, 0) {
			p.refuse("a path begins with /")
			return nil
		}
		q.file, q.files = text, remembered(q.files, text)
		return m.openTab(execTab)
	}
	m.prompt = p
	q.listing.dir = "" // what was there may have changed
	return m.typeFile(p.edit.String())
}

func dirOf(path string) string { return path[:strings.LastIndexByte(path, '/')+1] }

// full is the names as paths.
func (l *listing) full() []string {
	paths := make([]string, len(l.names))
	for i, name := range l.names {
		paths[i] = l.dir + name
	}
	return paths
}

// typeFile shows what the path might go on with, and reads the directory where that is another one now.
func (m *Model) typeFile(text string) tea.Cmd {
	l, dir := &m.questions.listing, dirOf(text)
	switch {
	case m.opt.Complete == nil || !strings.HasPrefix(dir, "/"):
		m.prompt.hint = fileHint
	case l.dir == dir && l.of == m.detail.want:
		m.prompt.hint = l.offer(text)
	case !l.reading:
		l.reading = true
		return m.readListing(m.detail.want, dir)
	}
	return nil
}

// offer is the names that text might become.
func (l *listing) offer(text string) string {
	if l.why != "" {
		return l.why
	}
	var match []string
	for i, path := range l.full() {
		if strings.HasPrefix(path, text) {
			match = append(match, l.names[i])
		}
	}
	if match == nil {
		return "nothing there begins so"
	}
	return strings.Join(match, "  ")
}

// readListing reads one directory beside the program. Names that no one could type are left out.
func (m *Model) readListing(of id, dir string) tea.Cmd {
	opt, ctx := m.opt, m.ctx
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		l := listing{of: of, dir: dir}
		names, err := opt.Complete(ctx, of.pid, of.start, dir)
		if err != nil {
			l.why = view.Clean(err.Error())
		}
		for _, name := range names {
			if view.Clean(name) == name {
				l.names = append(l.names, name)
			}
		}
		return listedMsg{l}
	}
}

// listed takes a directory over, and goes on with the path that was typed meanwhile.
func (m *Model) listed(msg listedMsg) tea.Cmd {
	m.questions.listing = msg.listing
	if m.prompt == nil || m.prompt.label != "execute" || m.prompt.bad {
		return nil
	}
	return m.typeFile(m.prompt.edit.String())
}
