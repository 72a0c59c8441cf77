package ui

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"capview/inspect"
	"capview/ui/view"
)

// tracing is the watch of capability checks: one at a time. What was seen stays when it has ended, until the next begins.
type tracing struct {
	trace   Trace // nil: none has begun yet
	of      Whom
	busy    bool // it is being begun or ended
	over    bool // it has ended
	hidden  bool // hidden checks are shown
	columns bool // its columns have been put among the others
	report  Report
	at      time.Time // of report
	tick    int       // the tick armed last
	lit     int       // how many rows are lit
}

// How often a trace is asked how it stands, and how long a denial lights its row.
const (
	traceEvery = time.Second
	litFor     = 10 * time.Second
)

type (
	traceBegunMsg struct {
		trace  Trace
		of     Whom
		report Report
		at     time.Time
		err    error
	}
	traceTickMsg int
	tracedMsg    struct {
		report Report
		at     time.Time
		tick   int
	}
	traceEndedMsg struct {
		report Report
		at     time.Time
		err    error
	}
	hiddenMsg struct {
		on  bool
		err error
	}
)

// traceCommands are the keys of the trace: they are the list's and the detail's.
func traceCommands() []command {
	return []command{
		on("t", "trace capability checks of this row and what it starts; again: stop", (*Model).traceRow, "t").foot("trace"),
		on("T", "trace the whole node; again: stop", (*Model).traceNode, "T"),
		on("v", "view what was traced of this row", (*Model).viewTrace, "v"),
	}
}

// traceRow traces what the cursor is on.
func (m *Model) traceRow() tea.Cmd {
	n := m.current()
	if n == nil {
		return nil
	}
	return m.toggleTrace(whomOf(n))
}

func (m *Model) traceNode() tea.Cmd { return m.toggleTrace(Whom{Node: true, Name: "the whole node"}) }

// whomOf is a row as what is traced: a thread stands for its process, a group that is no container for its processes.
func whomOf(n *node) Whom {
	switch {
	case n.group == nil:
		return whomOfProcess(rowLabel(view.Row{Ix: n.row.Ix, P: n.row.P}), n.id)
	case n.group.Container != nil:
		return Whom{Name: n.label(), Container: n.group.Container.Key}
	}
	of := Whom{Name: n.label()}
	for _, p := range n.group.Processes {
		of.Processes = append(of.Processes, inspect.ProcessID{PID: p.PID, StartTime: p.StartTime})
	}
	return of
}

func whomOfProcess(name string, of id) Whom {
	return Whom{Name: trimmed(name), Processes: []inspect.ProcessID{{PID: of.pid, StartTime: of.start}}}
}

// on tells whether something is being traced.
func (t *tracing) on() bool { return t.trace != nil && !t.over }

// words tells whether there is something to say of it.
func (t *tracing) words() bool { return t.trace != nil || t.busy }

// look hands over a newer snapshot.
func (t *tracing) look(ix *inspect.Index) {
	if t.on() {
		t.trace.Look(ix)
	}
}

// litSince is from when on denials light rows; far away where nothing is traced.
func (t *tracing) litSince() time.Time { return t.at.Add(-litFor) }

// toggleTrace begins to trace, or ends what is traced.
func (m *Model) toggleTrace(of Whom) tea.Cmd {
	t := &m.tracing
	switch {
	case m.opt.Trace == nil:
		m.say("cannot trace: this is a snapshot, not the node")
		return nil
	case m.ix == nil || t.busy:
		return nil
	case t.on():
		return m.endTrace()
	}
	t.busy = true
	t.of = of
	opt, ctx, ix := m.opt, m.ctx, m.ix
	return func() tea.Msg {
		trace, err := opt.Trace(ctx, ix, of)
		msg := traceBegunMsg{trace: trace, of: of, at: opt.Now(), err: err}
		if err == nil {
			msg.report = trace.Report()
		}
		return msg
	}
}

func (m *Model) endTrace() tea.Cmd {
	m.tracing.busy = true
	trace, opt := m.tracing.trace, m.opt
	return func() tea.Msg {
		err := trace.Stop()
		return traceEndedMsg{trace.Report(), opt.Now(), err}
	}
}

// traceBegun takes over a trace that has begun; where none could be, nothing else changes.
func (m *Model) traceBegun(msg traceBegunMsg) tea.Cmd {
	t := &m.tracing
	t.busy = false
	if msg.err != nil {
		m.fail(msg.err)
		m.message.text = view.Clean(m.message.text)
		return nil
	}
	hadColumns, tick := t.columns, t.tick
	*t = tracing{trace: msg.trace, of: msg.of, columns: true, report: msg.report, at: msg.at, tick: tick}
	if !hadColumns {
		m.setColumns(withSeen(m.spec.columns))
	}
	t.look(m.ix)
	return tea.Batch(m.rebuild(), m.armTrace(), m.refreshDetail())
}

// withSeen is columns with those of what is traced, next to what is held.
func withSeen(columns []string) []string {
	at := slices.Index(columns, "effective") + 1
	var more []string
	for _, k := range view.SeenKeys {
		if !slices.Contains(columns, k) {
			more = append(more, k)
		}
	}
	return slices.Insert(slices.Clone(columns), at, more...)
}

func (m *Model) armTrace() tea.Cmd {
	m.tracing.tick++
	return m.after(traceEvery, traceTickMsg(m.tracing.tick))
}

// traceTicked asks how the trace stands; one that has ended says so once more when it was stopped.
func (m *Model) traceTicked(msg traceTickMsg) tea.Cmd {
	t := &m.tracing
	if int(msg) != t.tick || t.trace == nil {
		return nil
	}
	trace, opt, tick := t.trace, m.opt, t.tick
	return func() tea.Msg { return tracedMsg{trace.Report(), opt.Now(), tick} }
}

func (m *Model) traced(msg tracedMsg) tea.Cmd {
	t := &m.tracing
	if msg.tick != t.tick {
		return nil
	}
	if msg.report.Ended != "" && !t.over {
		t.over = true
		m.say("the trace has ended: " + view.Clean(msg.report.Ended))
	}
	cmd := m.reported(msg.report, msg.at)
	if t.over && t.lit == 0 {
		return cmd
	}
	return tea.Batch(cmd, m.armTrace())
}

func (m *Model) traceEnded(msg traceEndedMsg) tea.Cmd {
	t := &m.tracing
	t.busy, t.over, t.hidden = false, true, false
	if msg.err != nil {
		m.fail(msg.err)
	}
	return tea.Batch(m.reported(msg.report, msg.at), m.armTrace())
}

// reported takes over how the trace stands. The list is made anew only where one of its rows looks different.
func (m *Model) reported(r Report, at time.Time) tea.Cmd {
	t := &m.tracing
	changed := r.Seen != t.report.Seen
	t.report, t.at = r, at
	if lit := litRows(r.Seen, t.litSince()); lit != t.lit {
		t.lit, changed = lit, true
	}
	var cmds []tea.Cmd
	if changed {
		cmds = append(cmds, m.rebuild())
	}
	if tab := m.detail.tab; (tab == traceTab || tab == adviceTab) && !t.over {
		cmds = append(cmds, m.refreshDetail())
	}
	return tea.Batch(cmds...)
}

func litRows(s *inspect.Seen, since time.Time) (n int) {
	if s == nil {
		return 0
	}
	for _, sight := range s.Processes {
		if !sight.DeniedAt.IsZero() && !sight.DeniedAt.Before(since) {
			n++
		}
	}
	for _, sight := range s.Containers {
		if !sight.DeniedAt.IsZero() && !sight.DeniedAt.Before(since) {
			n++
		}
	}
	return n
}

// tracedLine says what is traced: how, for how long, what came of it. What it is called gives way first.
func (m *Model) tracedLine() string {
	t := &m.tracing
	m.out.Start(m.width, "")
	verb := " tracing "
	switch {
	case t.trace == nil:
		m.out.Put(m.look.of(view.Notice), " tracing "+t.of.Name+" begins ...")
		return m.out.String()
	case t.over:
		verb = " traced "
	}
	until := t.report.Until
	if until.IsZero() {
		until = t.at
	}
	tail := fmt.Sprintf("  %s  %s  %s  %s denied  %s", t.report.Rung, exactAge(until.Sub(t.report.Since)), checks(t.report.Checks), rough(t.report.Denied), lost(t.report.Lost))
	m.out.PutIn(m.look.of(view.Notice), verb+t.of.Name, max(m.width-view.Width(tail), 12))
	m.out.Put(m.look.of(view.Notice), tail)
	if t.over {
		m.out.Right(m.look.of(view.Muted), "stopped ")
	}
	return m.out.String()
}

// lost is what was: single checks are in the counts still.
func lost(l inspect.Losses) string {
	text := rough(l.Events) + " lost"
	if missed := l.Missed + l.Children; missed > 0 {
		text += "  " + rough(missed) + " missed"
	}
	return text
}

func checks(n uint64) string {
	if n == 1 {
		return "1 check"
	}
	return rough(n) + " checks"
}

// rough is a number in at most six cells: "99999", "610k", "24.8M".
func rough(n uint64) string {
	switch {
	case n < 100_000:
		return strconv.FormatUint(n, 10)
	case n < 1_000_000:
		return strconv.FormatUint(n/1000, 10) + "k"
	case n < 1_000_000_000:
		return fmt.Sprintf("%d.%dM", n/1_000_000, n/100_000%10)
	}
	return fmt.Sprintf("%d.%dG", n/1_000_000_000, n/100_000_000%10)
}

// exactAge is d in its two largest units: "1m5s".
func exactAge(d time.Duration) string {
	d = max(d, 0).Round(time.Second)
	switch {
	case d < time.Minute:
		return d.String()
	case d < time.Hour:
		return fmt.Sprintf("%dm%ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%dm", int(d.Hours()), int(d.Minutes())%60)
}
