package main

import (
	"fmt"
	"strconv"
	"strings"

	"capview/inspect"
	"capview/inspect/bpf/trace"
	"capview/ui/view"
)

// traceWriter prints checks and then the totals.
type traceWriter interface {
	begin()
	events([]inspect.Event) error
	end(*inspect.Exercise, trace.Rung) error
}

func (a *app) traceWriter(t tracing, form string, w *watched) traceWriter {
	if form != "table" {
		return &traceLines{a, t, w}
	}
	return newTraceTable(a, t, w)
}

// traceTable is checks as lines of a table whose widths are fixed: what comes is not known.
type traceTable struct {
	app   *app
	t     tracing
	w     *watched
	cells []traceCell
	width int // 0: without bound
	style func(view.Role, string) string
}

type traceCell struct {
	name  string
	width int
	right bool
	text  func(*inspect.Event) string
}

func newTraceTable(a *app, t tracing, w *watched) *traceTable {
	tt := &traceTable{app: a, t: t, w: w, width: a.width(), style: a.style()}
	roomy := tt.width == 0 || tt.width >= 110
	wide := func(narrow, wide int) int {
		if roomy {
			return wide
		}
		return narrow
	}
	tt.cells = []traceCell{
		{"TIME", wide(8, 12), false, func(e *inspect.Event) string { return e.Time.Local().Format("15:04:05.000") }},
		{"PID", 7, true, func(e *inspect.Event) string { return strconv.Itoa(e.PID) }},
		{"COMM", wide(11, 15), false, func(e *inspect.Event) string { return view.Clean(e.Comm) }},
		{"CAPABILITY", wide(16, 18), false, func(e *inspect.Event) string { return e.Cap.Short() }},
		{"ANSWER", wide(6, 6), false, func(e *inspect.Event) string { return decided(e.Denied) }},
		{"SYSCALL", wide(12, 16), false, func(e *inspect.Event) string { return syscallText(e.Syscall) }},
	}
	if roomy {
		uid := traceCell{"UID", 6, true, func(e *inspect.Event) string { return strconv.FormatUint(uint64(e.UID), 10) }}
		tt.cells = append(tt.cells[:3], append([]traceCell{uid}, tt.cells[3:]...)...)
	}
	return tt
}

func decided(denied bool) string {
	if denied {
		return "deny"
	}
	return "allow"
}

// syscallText is a system call's name, "-" outside any.
func syscallText(s inspect.Syscall) string {
	if name := s.Name(); name != "" {
		return name
	}
	return "-"
}

func (tt *traceTable) begin() {
	if tt.t.totals {
		return
	}
	var b []byte
	for _, c := range tt.cells {
		// A time is cut at the right: its fraction is what a narrow terminal has no room for.
		b = append(view.AppendFit(b, c.name, c.width, c.right), ' ')
	}
	tt.line(append(b, "CONTAINER"...), nil)
	tt.app.out.Flush() // that it has begun is worth seeing; a failure is told of at the end
}

func (tt *traceTable) events(events []inspect.Event) error {
	for i := range events {
		e := &events[i]
		var b []byte
		for _, c := range tt.cells {
			text := c.text(e)
			if c.name == "TIME" {
				text = text[:c.width]
			}
			b = append(view.AppendFit(b, text, c.width, c.right), ' ')
		}
		var style func(string) string
		if e.Denied && tt.style != nil {
			style = func(s string) string { return tt.style(view.Warn, s) }
		}
		tt.line(append(b, tt.where(e)...), style)
		tt.stack(e)
	}
	return tt.app.flush()
}

// where is an event's container, and what else must be said of it.
func (tt *traceTable) where(e *inspect.Event) string {
	text := view.Clean(tt.w.place(checkSubject{&e.Check, e.PPID, e.CurrentUserNS}).Container)
	if text == "" {
		text = "?"
	}
	if e.TargetUserNS != e.CurrentUserNS {
		text += " over " + tt.w.userNS(e.TargetUserNS)
	}
	switch {
	case e.Probe:
		text += " (probe)"
	case e.Creds != inspect.CredsOwn:
		text += " (" + string(e.Creds) + " credentials)"
	}
	return text
}

// line prints a line, cut to the width of the terminal.
func (tt *traceTable) line(b []byte, style func(string) string) {
	text := strings.TrimRight(string(b), " ")
	if tt.width > 0 {
		text = view.Fit(text, tt.width)
	}
	if style != nil {
		text = style(text)
	}
	fmt.Fprintln(tt.app.out, text)
}

// stack prints the frames below an event, the innermost first.
func (tt *traceTable) stack(e *inspect.Event) {
	for _, part := range []struct {
		name   string
		frames []inspect.Frame
	}{{"kernel", e.Kernel}, {"user", e.User}} {
		for i := range part.frames {
			name := ""
			if i == 0 {
				name = part.name
			}
			tt.line(fmt.Appendf(nil, "    %-6s %s", name, frameText(&part.frames[i])), nil)
		}
	}
}

// frameText is "cap_capable+0x83", "main+0x12 (sh)", or the address.
func frameText(f *inspect.Frame) string {
	text := fmt.Sprintf("%#x", f.Address)
	switch {
	case f.Symbol != "":
		text = fmt.Sprintf("%s+%#x", view.Clean(f.Symbol), f.Offset)
	case f.Address == 0:
		text = "address hidden (kptr_restrict)"
	case f.Object != "":
		text = fmt.Sprintf("+%#x", f.Offset)
	}
	if f.Object != "" {
		text += " (" + view.Clean(f.Object) + ")"
	}
	return text
}

// end prints the totals, and what was lost on standard error.
func (tt *traceTable) end(x *inspect.Exercise, rung trace.Rung) error {
	rows, hidden := tt.w.sumUp(x, tt.t)
	if !tt.t.totals {
		fmt.Fprintln(tt.app.out)
	}
	if len(rows) == 0 {
		tt.line([]byte("no capability was asked for"), nil)
	} else {
		tt.totals(rows)
	}
	if hidden > 0 {
		tt.app.complain(counted(int(hidden), "check", "checks") + " left out: probes, and others' credentials put in place (--all shows them)")
	}
	tt.app.losses(x)
	return nil
}

func (tt *traceTable) totals(rows []traceTotal) {
	tt.line(fmt.Appendf(nil, "%9s %-6s %-18s %-16s %-15s %s", "CHECKS", "ANSWER", "CAPABILITY", "SYSCALL", "COMM", "CONTAINER"), nil)
	for _, r := range rows {
		var style func(string) string
		if r.Verdict == "deny" && tt.style != nil {
			style = func(s string) string { return tt.style(view.Warn, s) }
		}
		where := view.Clean(r.Container.Or("?"))
		if r.over != "" {
			where += " over " + r.over
		}
		b := fmt.Appendf(nil, "%9d %-6s ", r.Checks, r.Verdict)
		for _, c := range []struct {
			text  string
			width int
		}{{r.short, 18}, {r.syscall, 16}, {view.Clean(r.Comm), 15}} {
			b = append(view.AppendFit(b, c.text, c.width, false), ' ')
		}
		tt.line(append(b, where...), style)
	}
}

// losses says on standard error what the kernel's side could not keep.
func (a *app) losses(x *inspect.Exercise) {
	l := x.Lost()
	for _, lost := range []struct {
		n    uint64
		what string
	}{
		{l.Events, "single checks are not shown: they came faster than they were read (the totals have them)"},
		{l.Missed, "checks were seen by no program: they are missing from the totals too"},
		{l.Children, "processes were not followed: there were too many"},
		{l.Unique, "checks may be shown twice: there were too many kinds"},
	} {
		if lost.n > 0 {
			a.complain(strconv.FormatUint(lost.n, 10) + " " + lost.what)
		}
	}
	var rest uint64
	for _, u := range x.Unattributed() {
		rest += u.Count
	}
	if rest > 0 {
		a.complain(strconv.FormatUint(rest, 10) + " checks are counted by capability alone: there were too many kinds")
	}
}
