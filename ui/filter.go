package ui

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	tea "github.com/charmbracelet/bubbletea"

	"capview/inspect"
	"capview/ui/view"
)

// askFilter opens the filter. It is in force while it is typed; a filter that does not parse leaves the one before.
func (m *Model) askFilter() tea.Cmd {
	before, expr := m.spec.filter, m.spec.expr
	p := &prompt{label: "filter", hint: filterHint, caret: -1, recall: m.history}
	p.edit.set(expr)
	p.changed = (*Model).typeFilter
	p.complete = completeFilter
	p.done = func(m *Model, text string) tea.Cmd {
		cmd := m.typeFilter(text)
		if !m.prompt.bad && strings.TrimSpace(text) != "" {
			m.history = append(slices.DeleteFunc(m.history, func(h string) bool { return h == text }), text)
		}
		return cmd
	}
	p.back = func(m *Model) tea.Cmd { return m.setFilter(before, expr) }
	m.prompt = p
	return nil
}

const filterHint = "words, key:value, !not, a,b or, ~regexp   tab completes, ↑ brings back"

// typeFilter takes what was typed so far.
func (m *Model) typeFilter(text string) tea.Cmd {
	f, err := inspect.ParseFilter(text)
	var bad *inspect.FilterError
	switch {
	case errors.As(err, &bad):
		m.prompt.refuse(view.Clean(bad.Msg))
		m.prompt.caret = utf8.RuneCountInString(text[:max(0, min(bad.Pos, len(text)))])
		return nil
	case err != nil:
		m.prompt.refuse(view.Clean(err.Error()))
		return nil
	}
	m.prompt.hint = filterHint
	if f.Empty() {
		text = ""
	}
	return m.setFilter(f, text)
}

func (m *Model) setFilter(f inspect.Filter, expr string) tea.Cmd {
	if expr == m.spec.expr {
		return nil
	}
	m.spec.filter, m.spec.expr = f, expr
	return m.rebuild()
}

// completeFilter completes the last word: a key, or a key's value where there are few.
func completeFilter(m *Model, text string) string {
	at := strings.LastIndexAny(text, " ,!") + 1
	head, word := text[:at], text[at:]
	key, value, isValue := strings.Cut(word, ":")
	var from []string
	for _, k := range inspect.FilterKeys() {
		if !isValue {
			from = append(from, k.Key+":")
		} else if k.Key == key {
			from = append(k.Values, m.names(key)...)
		}
	}
	if !isValue {
		return head + longest(from, word)
	}
	return head + key + ":" + longest(from, value)
}

// names is what the node has to complete a key's value with.
func (m *Model) names(key string) []string {
	var names []string
	if m.ix == nil {
		return nil
	}
	switch key {
	case "container":
		for i := range m.ix.Containers {
			names = append(names, quote(m.ix.Containers[i].Name.Or("")))
		}
	case "user":
		for i := range m.ix.Processes {
			names = append(names, quote(m.ix.Processes[i].User.Or("")))
		}
	}
	return names
}

// longest is what all of from that begin with word have in common; word itself if none does.
func longest(from []string, word string) string {
	common, found := word, false
	for _, s := range from {
		if !strings.HasPrefix(s, word) {
			continue
		}
		if !found {
			common, found = s, true
			continue
		}
		for !strings.HasPrefix(s, common) {
			common = common[:len(common)-1]
		}
	}
	return strings.ToValidUTF8(common, "")
}

// quote writes a value so that the filter language takes it as it stands.
func quote(s string) string {
	if s != "" && !strings.ContainsAny(s, " \t\n,:!~\"\\") {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// toggleContainer narrows the list to the container under the cursor, or shows all again.
func (m *Model) toggleContainer() tea.Cmd {
	if m.spec.name != "" {
		m.spec.container, m.spec.name, m.spec.byName = "", "", inspect.Filter{}
		return m.rebuild()
	}
	n := m.current()
	if n == nil {
		return nil
	}
	key, name := containerOf(n)
	if key == "" {
		m.say("this row is of no one container")
		return nil
	}
	m.spec.container, m.spec.name = key, name
	return m.rebuild()
}

// containerOf is the key and clean name of the container that n belongs to; "" if it is of several.
func containerOf(n *node) (key, name string) {
	p, ix := n.row.P, n.row.Ix
	if n.group != nil {
		p, ix = n.kids[0].row.P, n.sum.Ix
		if slices.ContainsFunc(n.kids, func(k *node) bool { return k.row.P.Container != p.Container }) {
			return "", ""
		}
	}
	if c := ix.Container(p.Container); c != nil {
		return c.Key, view.Clean(ix.Label(c))
	}
	return "", ""
}

// back undoes what narrows the list, the narrowest first. It never quits.
func (m *Model) back() tea.Cmd {
	switch {
	case m.spec.taggedOnly:
		m.spec.taggedOnly = false
	case m.spec.name != "":
		return m.toggleContainer()
	case m.spec.expr != "":
		m.say("filter removed: / and ↑ bring it back")
		m.history = append(slices.DeleteFunc(m.history, func(h string) bool { return h == m.spec.expr }), m.spec.expr)
		return m.setFilter(inspect.Filter{}, "")
	default:
		return nil
	}
	return m.rebuild()
}

// chooseUser narrows the list to one user, as a part of the filter.
func (m *Model) chooseUser() tea.Cmd {
	if m.ix == nil {
		return nil
	}
	c := &chooser{title: "only user"}
	c.add(choice{text: "all users"}, true)
	counts := map[string]int{}
	for i := range m.ix.Processes {
		if u, ok := m.ix.Processes[i].User.Get(); ok {
			counts[u]++
		}
	}
	for _, u := range sortedKeys(counts) {
		c.add(choice{key: u, text: view.Clean(u), doc: plural(counts[u], "process", "processes")}, false)
	}
	c.done = (*Model).onlyUser
	m.chooser = c
	return nil
}

// onlyUser puts user:name into the filter in place of the one chosen before.
func (m *Model) onlyUser(user string) tea.Cmd {
	expr := m.spec.expr
	if m.chosenUser != "" {
		expr = strings.TrimSpace(strings.Replace(" "+expr, " "+m.chosenUser, "", 1))
	}
	m.chosenUser = ""
	if user != "" {
		m.chosenUser = "user:" + quote(user)
		expr = strings.TrimSpace(expr + " " + m.chosenUser)
	}
	f, err := inspect.ParseFilter(expr)
	if err != nil {
		m.fail(err)
		return nil
	}
	return m.setFilter(f, expr)
}
