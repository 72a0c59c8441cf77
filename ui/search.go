package ui

import (
	"strconv"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// askSearch finds while it is typed, from the cursor on, in folded groups too.
func (m *Model) askSearch() tea.Cmd {
	from, folds := m.here(), m.spec.folds
	p := &prompt{label: "find", caret: -1, hint: "name, command line, group or PID   then n and N"}
	p.changed = func(m *Model, text string) tea.Cmd {
		m.search = text
		m.returnTo(from, folds)
		return m.find(1, true)
	}
	p.done = func(m *Model, text string) tea.Cmd {
		m.search = text
		return nil
	}
	p.back = func(m *Model) tea.Cmd {
		m.returnTo(from, folds)
		return m.moved()
	}
	m.prompt = p
	return nil
}

// returnTo goes back to where a search began: what was found on the way is folded again.
func (m *Model) returnTo(from id, folds map[foldKey]bool) {
	m.spec.folds = folds
	m.reflow()
	m.table.Select(from)
}

// here is the identity of the cursor's row.
func (m *Model) here() id {
	r, _ := m.table.Cursor()
	return r.ID
}

func (m *Model) searchNext(step int) tea.Cmd {
	if m.search == "" {
		return m.askSearch()
	}
	return m.find(step, false)
}

// find goes to the next node that matches, round the end; stay lets it be the one under the cursor.
func (m *Model) find(step int, stay bool) tea.Cmd {
	if m.search == "" {
		return nil
	}
	all := everyNode(nil, m.list.roots)
	at := 0
	for i, n := range all {
		if n.id == m.here() {
			at = i
		}
	}
	want := strings.ToLower(m.search)
	for i := range all {
		if i == 0 && !stay {
			continue
		}
		n := all[((at+i*step)%len(all)+len(all))%len(all)]
		if n.contains(want) {
			m.follow = id{}
			m.reveal(n.id)
			return m.moved()
		}
	}
	if m.prompt != nil {
		m.prompt.refuse("not found")
		return nil
	}
	m.say("not found: " + m.search)
	return nil
}

func everyNode(all, ns []*node) []*node {
	for _, n := range ns {
		all = everyNode(append(all, n), n.kids)
	}
	return all
}

// contains tells whether want, in lower case, is in what n shows or runs.
func (n *node) contains(want string) bool {
	if strings.Contains(strings.ToLower(n.label()), want) {
		return true
	}
	if n.row.P == nil || n.row.T != nil {
		return false
	}
	for _, arg := range n.row.P.Cmdline.Or(nil) {
		if strings.Contains(strings.ToLower(arg), want) {
			return true
		}
	}
	return false
}

// askPID goes to a process while its PID is typed, which began with the key pressed.
func (m *Model) askPID() tea.Cmd {
	from, folds := m.here(), m.spec.folds
	p := &prompt{label: "PID", caret: -1}
	p.changed = func(m *Model, text string) tea.Cmd {
		m.returnTo(from, folds)
		return m.goToPID(text)
	}
	p.done = (*Model).goToPID
	p.back = func(m *Model) tea.Cmd {
		m.returnTo(from, folds)
		return m.moved()
	}
	m.prompt = p
	p.edit.press(m.pressed)
	return p.notify(m)
}

func (m *Model) goToPID(text string) tea.Cmd {
	pid, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || m.ix == nil {
		m.prompt.refuse("a PID is a number")
		return nil
	}
	proc := m.ix.Process(pid)
	if proc == nil {
		m.prompt.refuse("no process " + strconv.Itoa(pid) + " so far")
		return nil
	}
	if !m.reveal(processID(proc)) {
		m.prompt.refuse("process " + strconv.Itoa(pid) + " is not among the rows shown: esc, then esc shows all")
		return nil
	}
	m.follow = id{}
	return m.moved()
}
