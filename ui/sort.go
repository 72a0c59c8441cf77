package ui

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"
)

// sortKeys are what can be sorted by: the groups' own order, power, then every column that has an order.
func sortKeys() []string {
	keys := []string{"", sortPower}
	for _, c := range rowColumns() {
		if c.Less != nil && c.Key != sortPower {
			keys = append(keys, c.Key)
		}
	}
	return keys
}

func (m *Model) setSort(key string) tea.Cmd {
	m.spec.sort, m.spec.invert = key, false
	return m.resort()
}

func (m *Model) resort() tea.Cmd {
	sign := "^"
	if m.spec.descending() {
		sign = "v"
	}
	m.table.SetSorted(m.spec.sort, sign)
	return m.rebuild()
}

func (m *Model) invert() tea.Cmd {
	m.spec.invert = !m.spec.invert
	return m.resort()
}

// sortNext sorts by the column n places from the one sorted by now, among those that are shown.
func (m *Model) sortNext(n int) tea.Cmd {
	var shown []string
	for _, k := range sortKeys() {
		if k == "" || k == sortPower || k == nameKey || k == "pid" || slices.Contains(m.spec.columns, k) {
			shown = append(shown, k)
		}
	}
	i := slices.Index(shown, m.spec.sort)
	return m.setSort(shown[(i+n+len(shown))%len(shown)])
}

func (m *Model) chooseSort() tea.Cmd {
	c := &chooser{title: "sort by", done: (*Model).setSort}
	docs := byKey(rowColumns())
	for _, k := range sortKeys() {
		it := choice{key: k, text: k, doc: docs[k].Doc}
		switch k {
		case "":
			it.text, it.doc = "group order", "groups by kind and name, the most powerful process of each first"
		case sortPower:
			it.doc = "what a process could do to the host, most first"
		}
		c.add(it, k == m.spec.sort)
	}
	m.chooser = c
	return nil
}

func (m *Model) setColumns(keys []string) {
	m.spec.columns = keys
	m.table.SetColumns(nodeColumns(keys))
}

// chooseColumns lists all columns, the shown ones first and ticked; enter takes the ticked ones.
func (m *Model) chooseColumns() tea.Cmd {
	c := &chooser{title: "columns", many: true}
	all := byKey(columnChoice())
	for _, k := range m.spec.columns {
		if col, ok := all[k]; ok {
			c.add(choice{key: k, text: k, doc: col.Doc, on: true}, false)
		}
	}
	for _, col := range columnChoice() {
		if !slices.Contains(m.spec.columns, col.Key) {
			c.add(choice{key: col.Key, text: col.Key, doc: col.Doc}, false)
		}
	}
	c.doneMany = func(m *Model, keys []string) tea.Cmd {
		m.setColumns(keys)
		return m.rebuild()
	}
	m.chooser = c
	return nil
}

func (m *Model) sortName() string {
	name := m.spec.sort
	if name == "" {
		name = "group order"
		if len(m.list.roots) > 0 && m.list.roots[0].group == nil {
			name = sortPower
		}
	}
	if m.spec.invert {
		name += " turned round"
	}
	return name
}
