package ui

import (
	"context"
	"errors"
	"strconv"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/inspect/rules"
	"capview/nsinfo"
	"capview/ui/view"
)

// The keys of the tabs of what was traced.
const (
	traceTab  = "trace"
	adviceTab = "advice"
)

func trimmed(text string) string { return strings.TrimSpace(text) }

// sections is what was traced of some, and what follows from it; none before anything was traced.
func (t tracing) sections(ctx context.Context, ix *inspect.Index, of Whom) (s []view.Section, checks map[string]inspect.CheckCount) {
	if t.trace == nil {
		return nil, nil
	}
	blocks, checks := view.TraceBlocks(ix, t.trace.Checks(of, t.hidden))
	s = append(s, view.Section{Key: traceTab, Title: "Trace", Blocks: blocks})
	if of.Container != "" || len(of.Processes) == 1 {
		s = append(s, view.Section{Key: adviceTab, Title: "Advice", Blocks: t.advice(ctx, of)})
	}
	return s, checks
}

// advice is its sections as one: each but the first begins with its title.
func (t tracing) advice(ctx context.Context, of Whom) (blocks []view.Block) {
	ix, advice, err := t.trace.Advise(ctx, of)
	if err != nil {
		return []view.Block{{Note: "No advice: " + view.Clean(err.Error())}}
	}
	for i, s := range view.AdviceSections(ix, advice) {
		if i > 0 {
			blocks = append(blocks, view.Block{Title: s.Title})
		}
		blocks = append(blocks, s.Blocks...)
	}
	return blocks
}

// viewTrace opens the Trace tab of the row under the cursor.
func (m *Model) viewTrace() tea.Cmd {
	switch {
	case m.tracing.trace == nil && m.opt.Trace == nil:
		m.say("nothing was traced: this is a snapshot, not the node")
		return nil
	case m.tracing.trace == nil:
		m.say("nothing was traced yet: t traces this row, T the whole node")
		return nil
	case m.current() == nil:
		return nil
	}
	if m.detail.focused {
		return m.openTab(traceTab)
	}
	cmd := m.openDetail()
	return tea.Batch(cmd, m.openTab(traceTab))
}

// toggleHidden shows hidden checks, or no longer.
func (m *Model) toggleHidden() tea.Cmd {
	t := &m.tracing
	if t.trace == nil || m.detail.tab != traceTab {
		return nil
	}
	on, trace, ctx := !t.hidden, t.trace, m.ctx
	return func() tea.Msg { return hiddenMsg{on, trace.Hidden(ctx, on)} }
}

func (m *Model) hiddenShown(msg hiddenMsg) tea.Cmd {
	m.tracing.hidden = msg.on
	switch {
	case msg.err != nil:
		m.tracing.hidden = false
		m.fail(errors.New(view.Clean(msg.err.Error())))
	case msg.on:
		m.say("with probes, and checks with other credentials than the program's")
	default:
		m.say("without probes and checks with other credentials than the program's")
	}
	return m.refreshDetail()
}

// whyCheck asks the rules about the check that is picked in the Trace tab.
func (m *Model) whyCheck() tea.Cmd {
	d := &m.detail
	c, ok := d.checks[d.page.pick]
	switch {
	case d.tab != traceTab || !ok:
		return nil
	case m.opt.Ask == nil:
		m.say("there is nothing here to answer that with")
		return nil
	}
	q := &m.questions
	q.action, q.asked = rules.Action{Verb: rules.HasCap, Cap: c.Cap, Over: rules.PlaceOf(c.TargetUserNS)}, true
	if c.TargetUserNS == m.ix.Host.UserNamespace {
		q.action.Over = rules.PlaceHost
	}
	q.check, q.shown = &c, d.want
	q.typed = remembered(q.typed, q.action.String())
	return m.openTab(whyTab)
}

// of tells whether the question is about a check that was picked in the page of what is shown.
func (q *questions) of(shown id) bool { return q.check != nil && q.shown == shown }

// why answers for who made the check, with the credentials that the kernel looked at.
func (q *questions) why(ctx context.Context, opt Options, ix *inspect.Index) []view.Block {
	c := q.check
	p, as := subjectOf(ix, c)
	blocks := answer(ctx, ix, q.action.String(), func(ctx context.Context) (rules.Result, error) { return opt.Ask(ctx, ix, p, q.action) })
	return append([]view.Block{view.CheckBlock(ix, c, as)}, blocks...)
}

// subjectOf is the process that made a check, as it was then, and what of it was not told by the check. One that has ended
// is taken to be confined as its parent.
func subjectOf(ix *inspect.Index, c *inspect.CheckCount) (p *inspect.Process, as string) {
	if p := ix.Process(c.PID); p != nil && p.StartTime == c.StartTime && p.State != "Z" {
		if held, ok := p.Caps.Get(); ok && held.Effective == c.Effective && c.Creds == inspect.CredsOwn {
			return p, ""
		}
	}
	past := inspect.Process{PID: c.PID, StartTime: c.StartTime, PPID: c.PPID, Comm: c.Comm}
	sets := caps.Sets{Effective: c.Effective, Permitted: c.Effective, Bounding: ^caps.Set(0)}
	as = "the credentials of the check: it has ended, or has others now"
	if parent := ix.Process(c.PPID); parent != nil {
		past.Container, past.NoNewPrivs, past.Namespaces = parent.Container, parent.NoNewPrivs, parent.Namespaces
		if held, ok := parent.Caps.Get(); ok {
			sets.Bounding = held.Bounding
		}
		as += "; confined as its parent " + view.Clean(parent.Comm) + " (" + strconv.Itoa(parent.PID) + ")"
	}
	ns, _ := past.Namespaces.Get()
	ns[nsinfo.UserNS] = c.CurrentUserNS
	past.Namespaces = inspect.Some(ns)
	past.Caps = inspect.Some(sets)
	id := inspect.IDs{Real: c.UID, Effective: c.UID, Saved: c.UID, FS: c.UID}
	past.UID = inspect.Some(id)
	return &past, as
}
