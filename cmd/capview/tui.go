package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/spf13/cobra"

	"capview/cmd/tty"
	"capview/inspect"
	"capview/ui"
	"capview/ui/view"
)

// interactive is the flags of the terminal program.
type interactive struct {
	group    choice
	sort     string
	interval time.Duration
}

func (i *interactive) register(root *cobra.Command) {
	choiceVar(root, false, &i.group, "group", "", groupings, "what processes are grouped by")
	root.Flags().StringVar(&i.sort, "sort", "", "order by column `KEY`, or by power: what a process could do to the host, most first")
	root.Flags().DurationVar(&i.interval, "interval", 2*time.Second, "time between refreshes")
}

// runRoot is capview without a command: the terminal program, or list where there is no terminal to show it on.
func (a *app) runRoot(cmd *cobra.Command) error {
	out := terminalOf(a.stdout)
	if out == nil || cmd.Flags().Changed("output") {
		l := listing{group: a.interactive.group}
		if a.interactive.sort != "" {
			l.sort = []string{a.interactive.sort}
		}
		return a.runList(cmd, l)
	}
	if _, err := a.keep(); err != nil {
		return err
	}
	if _, err := columnOf(view.Processes(), a.interactive.sort); err != nil && a.interactive.sort != "" {
		return err
	}
	if a.interactive.interval < 100*time.Millisecond {
		return trouble("as in --interval 2s", "the interval %s is too short", a.interactive.interval)
	}
	options, err := a.uiOptions()
	if err != nil {
		return err
	}
	in, _ := a.stdin.(*os.File)
	var model tea.Model = ui.New(options)
	if a.flags.log != "" {
		model = logged{model, a.log}
	}
	err = tty.Run(cmd.Context(), model, tty.Options{In: in, Out: out, Stderr: a.stderr, Term: a.env["TERM"], Log: a.log})
	if left := a.endTrace(); left != nil {
		a.log.Warn("trace", "error", left.Error())
	}
	a.live = nil // a scan may be under way still: the end of the process gives back what it has open
	return ended(err)
}

func (a *app) uiOptions() (ui.Options, error) {
	a.needs, a.stay = writing|watching, true // to export and to trace, when that is asked for
	src, live, err := a.source(false)
	if err != nil {
		return ui.Options{}, err
	}
	if n, ok := src.(*named); ok {
		n.patience = refreshPatience
	}
	src = &inTurn{Source: a.saveMemory(src)}
	o := ui.Options{
		Source: src, Live: live != nil, Origin: a.origin(), Interval: a.interactive.interval,
		Filter: a.flags.filter, Container: a.flags.container, Sort: a.interactive.sort, GroupBy: inspect.GroupBy(a.interactive.group),
		Now: a.now, Export: a.exportFromUI, ExportName: exportName, CanSuspend: tty.CanSuspend,
		Theme: a.theme(), ASCII: a.ascii(),
	}
	a.answerUI(&o, live)
	if live != nil {
		o.Detail, o.Notice = live.Process, live.Reader().notice()
		o.Trace = func(ctx context.Context, ix *inspect.Index, of ui.Whom) (ui.Trace, error) {
			return a.traceUI(ctx, src, live, ix, of)
		}
	}
	return o, nil
}

// inTurn is a source that two may read, one at a time: the terminal program and what it traces.
type inTurn struct {
	inspect.Source
	mu sync.Mutex
}

func (s *inTurn) Snapshot(ctx context.Context) (*inspect.Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Source.Snapshot(ctx)
}

func (a *app) exportFromUI(_ context.Context, path string, s *inspect.Snapshot, progress func(done, total int)) (string, error) {
	return a.create(path, s, false, progress)
}

// ended is the failure that the end of the terminal program means. Who sent a signal knows; a panic's trace has been
// written, and standard error may be a terminal that takes nothing more.
func ended(err error) error {
	if err == nil {
		return nil
	}
	f := &failure{code: tty.ExitCode(err), err: err}
	var (
		signal *tty.SignalError
		caught *tty.PanicError
	)
	if errors.As(err, &signal) || errors.As(err, &caught) || errors.Is(err, context.Canceled) {
		f.err = nil
	}
	var hints interface{ Hint() string }
	if errors.As(err, &hints) {
		f.hint = hints.Hint()
	}
	return f
}

// ascii tells whether the terminal has ASCII's glyphs only: the Linux console's font has few others, and a locale
// that is not UTF-8 (locale(7): LC_ALL, else LC_CTYPE, else LANG) would show each as several.
func (a *app) ascii() bool {
	if a.env["TERM"] == "linux" {
		return true
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := strings.ToLower(a.env[name]); locale != "" {
			return !strings.Contains(locale, "utf-8") && !strings.Contains(locale, "utf8")
		}
	}
	return true
}
