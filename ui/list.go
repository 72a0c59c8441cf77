package ui

import (
	"slices"
	"strconv"

	tea "github.com/charmbracelet/bubbletea"

	"capview/inspect"
	"capview/ui/table"
)

// move moves the cursor. Who moves it no longer follows.
func (m *Model) move(n int) tea.Cmd {
	m.follow = id{}
	m.table.Move(n)
	return m.moved()
}

func (m *Model) scrollColumns(n int) tea.Cmd {
	m.table.ScrollColumns(n)
	return nil
}

// current is the node under the cursor; nil where there is none.
func (m *Model) current() *node {
	r, _ := m.table.Cursor()
	return r.Item
}

func (m *Model) setFold(n *node, open bool) {
	m.spec.folds = with(m.spec.folds, foldKey{n.id, m.spec.narrowed()}, open)
	m.reflow()
}

func (m *Model) unfold() tea.Cmd {
	r, ok := m.table.Cursor()
	switch {
	case ok && r.Fold == table.Closed:
		m.setFold(r.Item, true)
	case ok && r.Fold == table.Open:
		return m.move(1)
	}
	return nil
}

// fold closes the row's own tree, or goes to the row it hangs below.
func (m *Model) fold() tea.Cmd {
	r, ok := m.table.Cursor()
	switch {
	case ok && r.Fold == table.Open:
		m.setFold(r.Item, false)
	case ok && m.table.Parent():
		m.follow = id{}
		return m.moved()
	}
	return nil
}

// foldAll opens every group, or closes all if none is closed.
func (m *Model) foldAll() tea.Cmd {
	closed := slices.ContainsFunc(m.table.Rows(), func(r row) bool { return r.Fold == table.Closed && r.ID.isGroup() })
	folds := map[foldKey]bool{}
	for _, n := range m.list.roots {
		folds[foldKey{n.id, m.spec.narrowed()}] = closed
	}
	m.spec.folds, m.spec.expanded = folds, closed
	m.reflow()
	return m.moved()
}

// groupings is the cycle of `g`.
var groupings = []inspect.GroupBy{inspect.ByContainer, inspect.ByUserNS, inspect.ByUser, inspect.ByUnit, inspect.ByNone}

func (m *Model) nextGrouping() tea.Cmd {
	i := slices.Index(groupings, m.spec.groupBy)
	m.spec.groupBy = groupings[(i+1)%len(groupings)]
	return m.rebuild()
}

func (m *Model) toggleThreads() tea.Cmd {
	m.spec.threads = !m.spec.threads
	return m.rebuild()
}

func (m *Model) toggleKernel() tea.Cmd {
	m.spec.hideKernel = !m.spec.hideKernel
	return m.rebuild()
}

// tag marks the process under the cursor, or all of a group, and goes a row down.
func (m *Model) tag() tea.Cmd {
	n := m.current()
	if n == nil {
		return nil
	}
	ids := []id{{pid: n.id.pid, start: n.id.start}}
	if n.group != nil {
		ids = ids[:0]
		for _, k := range n.kids {
			ids = append(ids, k.id)
		}
	}
	on := slices.ContainsFunc(ids, func(i id) bool { return !m.spec.tags[i] })
	tags := make(map[id]bool, len(m.spec.tags)+len(ids))
	for i := range m.spec.tags {
		tags[i] = true
	}
	for _, i := range ids {
		if on {
			tags[i] = true
		} else {
			delete(tags, i)
		}
	}
	return tea.Batch(m.setTags(tags), m.move(1))
}

// setTags takes new tags over; a list of only those must be built anew.
func (m *Model) setTags(tags map[id]bool) tea.Cmd {
	m.spec.tags = tags
	if m.spec.taggedOnly {
		return m.rebuild()
	}
	m.reflow()
	return nil
}

func (m *Model) untag() tea.Cmd {
	m.say(strconv.Itoa(len(m.spec.tags)) + " tags removed")
	m.spec.taggedOnly = false
	m.spec.tags = nil
	return m.rebuild()
}

func (m *Model) toggleTagged() tea.Cmd {
	if !m.spec.taggedOnly && len(m.spec.tags) == 0 {
		m.say("nothing is tagged: space tags the row under the cursor")
		return nil
	}
	m.spec.taggedOnly = !m.spec.taggedOnly
	return m.rebuild()
}

// toggleFollow keeps the cursor on a process wherever a refresh puts it, its group opened if need be.
func (m *Model) toggleFollow() tea.Cmd {
	n := m.current()
	switch {
	case m.follow != id{}:
		m.follow = id{}
		m.say("no longer following")
	case n != nil && n.group == nil:
		m.follow = n.id
		m.say("following " + n.titled())
	default:
		m.say("only a process can be followed")
	}
	return nil
}

// followed puts the cursor on the followed process after a refresh.
func (m *Model) followed() {
	if m.follow == (id{}) || m.reveal(m.follow) {
		return
	}
	if m.ix.Process(m.follow.pid) == nil {
		m.say("the followed process " + strconv.Itoa(m.follow.pid) + " has ended")
		m.follow = id{}
	}
}

// reveal puts the cursor on a row of the list, opening what it hangs below; false if the list has it not.
func (m *Model) reveal(want id) bool {
	if m.table.Select(want) {
		return true
	}
	n := findNode(m.list.roots, want)
	if n == nil {
		return false
	}
	for p := n.parent; p != nil; p = p.parent {
		m.setFold(p, true)
	}
	return m.table.Select(want)
}

func findNode(ns []*node, want id) *node {
	for _, n := range ns {
		if n.id == want {
			return n
		}
		if found := findNode(n.kids, want); found != nil {
			return found
		}
	}
	return nil
}
