package ui

import (
	"fmt"
	"sync/atomic"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"capview/inspect"
	"capview/ui/view"
)

// export is a snapshot being written. The writer counts in done and total; a tick shows them.
type export struct {
	running     bool
	done, total *atomic.Int64
}

type exportTickMsg struct{}

type exportedMsg struct {
	path string
	err  error
}

// scopes are what an export may hold, chosen with tab.
var scopes = []string{"everything", "the rows shown", "what is tagged"}

// askExport asks where to write the snapshot that is shown.
func (m *Model) askExport() tea.Cmd {
	switch {
	case m.opt.Export == nil:
		m.say("there is nothing to export with here")
		return nil
	case m.export.running:
		m.say("an export is under way")
		return nil
	case m.ix == nil:
		m.say("nothing has been read yet")
		return nil
	}
	snap, scope := m.ix.Snapshot, 0
	p := &prompt{label: "export to", caret: -1, hint: m.exportHint(scope)}
	if m.opt.ExportName != nil {
		p.edit.set(m.opt.ExportName(snap))
	}
	p.complete = func(m *Model, text string) string {
		scope = m.nextScope(scope)
		p.hint, p.bad = m.exportHint(scope), false
		return text
	}
	p.done = func(m *Model, path string) tea.Cmd {
		if path == "" {
			p.refuse("a path is needed")
			return nil
		}
		return m.startExport(path, m.inScope(snap, scope))
	}
	m.prompt = p
	return nil
}

func (m *Model) nextScope(scope int) int {
	scope = (scope + 1) % len(scopes)
	if scope == 2 && len(m.spec.tags) == 0 {
		return 0
	}
	return scope
}

func (m *Model) exportHint(scope int) string {
	n := len(m.ix.Processes)
	switch scope {
	case 1:
		n = m.list.shown
	case 2:
		n = len(m.spec.tags)
	}
	return fmt.Sprintf("holds %s: %s   tab chooses, .gz compresses", scopes[scope], plural(n, "process", "processes"))
}

// inScope is s with only the processes of the scope; what it leaves out it says in a gap.
func (m *Model) inScope(s *inspect.Snapshot, scope int) *inspect.Snapshot {
	if scope == 0 {
		return s
	}
	part := *s
	part.Processes = nil
	ix, only := m.ix, m.spec
	if scope == 2 {
		only = spec{taggedOnly: true, tags: m.spec.tags}
	}
	part.Processes = append(part.Processes, (&built{spec: only}).keep(ix)...)
	part.Gaps = append(s.Gaps[:len(s.Gaps):len(s.Gaps)], inspect.Gap{
		Subject: "processes", What: "processes",
		Why: fmt.Sprintf("%d left out: the export was of %s", len(s.Processes)-len(part.Processes), scopes[scope]),
	})
	return &part
}

func (m *Model) startExport(path string, s *inspect.Snapshot) tea.Cmd {
	done, total := new(atomic.Int64), new(atomic.Int64)
	m.export = export{running: true, done: done, total: total}
	write, ctx := m.opt.Export, m.ctx
	return tea.Batch(m.after(exportStep, exportTickMsg{}), func() tea.Msg {
		written, err := write(ctx, path, s, func(d, t int) {
			done.Store(int64(d))
			total.Store(int64(t))
		})
		return exportedMsg{written, err}
	})
}

// exportStep is how often the progress is looked at.
const exportStep = 200 * time.Millisecond

// exportTicked keeps the progress moving while there is some.
func (m *Model) exportTicked() tea.Cmd {
	if !m.export.running {
		return nil
	}
	return m.after(exportStep, exportTickMsg{})
}

func (m *Model) exported(msg exportedMsg) tea.Cmd {
	m.export = export{}
	if msg.err != nil {
		m.message = message{text: "not exported: " + view.Clean(msg.err.Error()), bad: true}
		return nil
	}
	m.say("exported to " + view.Clean(msg.path))
	return nil
}

// words is the progress, "" while there is none.
func (e export) words() string {
	if !e.running {
		return ""
	}
	done, total := e.done.Load(), e.total.Load()
	if total == 0 {
		return "exporting"
	}
	return fmt.Sprintf("exporting %d%%", 100*done/total)
}
