package ui

import (
	"context"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/inspect/rules"
	"capview/ui/view"
)

// The keys of the tabs that answer questions.
const (
	whyTab  = "why"
	execTab = "exec"
)

// questions is what is asked of every process whose page is opened, until something else is asked.
type questions struct {
	action  rules.Action
	asked   bool                // there is an action
	check   *inspect.CheckCount // the check that action asks about; nil where it is asked of whoever is shown
	shown   id                  // in whose page the check was picked
	file    string              // to be executed; "" is none
	typed   []string
	files   []string
	listing listing
}

// sections answers the questions for p.
func (q *questions) sections(ctx context.Context, opt Options, ix *inspect.Index, p *inspect.Process) (s []view.Section) {
	if opt.Ask != nil {
		blocks := openQuestion("a picks an action, A takes one that is typed: the rules of the kernel answer whether this process may.")
		switch {
		case q.of(processID(p)):
			blocks = q.why(ctx, opt, ix)
		case q.asked:
			blocks = answer(ctx, ix, q.action.String(), func(ctx context.Context) (rules.Result, error) { return opt.Ask(ctx, ix, p, q.action) })
		}
		s = append(s, view.Section{Key: whyTab, Title: "Why", Blocks: blocks})
	}
	if opt.Exec != nil {
		blocks := openQuestion("x takes the path of a file, as the process sees it: the rules of the kernel answer which credentials executing it " +
			"would leave, or how it fails. Nothing is executed.")
		if q.file != "" {
			blocks = answer(ctx, ix, "exec "+q.file, func(ctx context.Context) (rules.Result, error) { return opt.Exec(ctx, ix, p, q.file) })
		}
		s = append(s, view.Section{Key: execTab, Title: "Exec", Blocks: blocks})
	}
	return s
}

func openQuestion(how string) []view.Block { return []view.Block{{Note: how}} }

// answer asks; what keeps it from being answered is said in its place.
func answer(ctx context.Context, ix *inspect.Index, question string, ask func(context.Context) (rules.Result, error)) []view.Block {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r, err := ask(ctx)
	if err != nil {
		return []view.Block{{Rows: [][]view.Cell{
			{{Text: "question", Role: view.Heading}, {Text: view.Clean(question), Role: view.Accent}},
			{{Text: "answer", Role: view.Heading}, {Text: "none: " + view.Clean(err.Error()), Role: view.Bad}},
		}}}
	}
	return view.AnswerBlocks(ix, question, r)
}

// whyCommands are the keys of the detail that ask.
func whyCommands() []command {
	return []command{
		on("a", "may it? pick an action", (*Model).chooseAction, "a").foot("may it?"),
		on("A", "may it? type an action", func(m *Model) tea.Cmd { return m.askAction("") }, "A"),
		on("x", "what executing a file would leave", (*Model).askFile, "x").foot("exec"),
	}
}

// asksOf tells whether the page is of a process that can be asked about, and says what is wrong where it is not.
func (m *Model) asksOf(can bool) bool {
	switch {
	case m.detail.want.isGroup():
		m.say("this is asked of a process: open one")
		return false
	case !can:
		m.say("there is nothing here to answer that with")
		return false
	}
	return true
}

// chooseAction offers every action; one that takes a value is completed in the prompt.
func (m *Model) chooseAction() tea.Cmd {
	if !m.asksOf(m.opt.Ask != nil) {
		return nil
	}
	c := &chooser{title: "may it"}
	for _, f := range rules.ActionForms {
		c.add(choice{key: verbOf(f), text: f.Form, doc: f.Does}, m.questions.asked && f.Verb == m.questions.action.Verb)
	}
	c.done = func(m *Model, verb string) tea.Cmd {
		if strings.HasSuffix(verb, ":") {
			return m.askAction(verb)
		}
		return m.ask(verb)
	}
	m.chooser = c
	return nil
}

// verbOf is how an action begins: with a colon where a value follows.
func verbOf(f rules.ActionForm) string {
	verb, _, takes := strings.Cut(f.Form, ":")
	if takes {
		verb += ":"
	}
	return verb
}

const actionHint = "bind:80, cap:net_admin@host, ptrace:1, read:/etc/shadow   tab completes"

func (m *Model) askAction(begin string) tea.Cmd {
	if !m.asksOf(m.opt.Ask != nil) {
		return nil
	}
	p := &prompt{label: "may it", hint: actionHint, caret: -1, recall: m.questions.typed}
	p.edit.set(begin)
	p.complete = func(_ *Model, text string) string { return completeAction(text) }
	p.done = (*Model).ask
	m.prompt = p
	return nil
}

// ask takes an action and opens its answer.
func (m *Model) ask(text string) tea.Cmd {
	q := &m.questions
	action, err := rules.ParseAction(strings.TrimSpace(text))
	if err != nil {
		if m.prompt != nil {
			m.prompt.refuse(view.Clean(err.Error()))
		}
		return nil
	}
	q.action, q.asked, q.check = action, true, nil
	q.typed = remembered(q.typed, action.String())
	return m.openTab(whyTab)
}

// remembered puts text last.
func remembered(all []string, text string) []string {
	all = slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == text })
	return append(all, text)
}

// openTab shows the tab and reads what it shows anew.
func (m *Model) openTab(key string) tea.Cmd {
	for i, s := range m.detail.sections {
		if s.Key == key {
			m.setTab(i)
		}
	}
	m.detail.tab = key
	return m.refreshDetail()
}

// completeAction completes the action's word, a capability's name, and the place after it.
func completeAction(text string) string {
	name, isCap := strings.CutPrefix(text, string(rules.HasCap)+":")
	head, place, isPlace := strings.Cut(name, "@")
	var from []string
	switch {
	case isPlace && isCap:
		for _, w := range rules.Places {
			from = append(from, string(w))
		}
		return string(rules.HasCap) + ":" + head + "@" + longest(from, place)
	case isCap:
		for c := range caps.Last + 1 {
			from = append(from, c.Short())
		}
		return string(rules.HasCap) + ":" + longest(from, name)
	}
	for _, f := range rules.ActionForms {
		from = append(from, verbOf(f))
	}
	return longest(from, text)
}
