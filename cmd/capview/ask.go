package main

import (
	"context"

	"capview/inspect"
	"capview/inspect/rules"
	"capview/ui"
)

// mostEntries is how many names of a directory are offered to complete a path with.
const mostEntries = 4096

// answerUI lets the terminal program ask what can and exec answer; live is nil for a snapshot.
func (a *app) answerUI(o *ui.Options, live node) {
	o.Ask = func(ctx context.Context, ix *inspect.Index, p *inspect.Process, action rules.Action) (rules.Result, error) {
		if err := canAct(p); err != nil {
			return rules.Result{}, err
		}
		q, err := a.may(ctx, ix, live, subject{p: p, task: ix.Task(p)}, action)
		return q.Result, err
	}
	o.Exec = func(ctx context.Context, ix *inspect.Index, p *inspect.Process, path string) (rules.Result, error) {
		if err := canAct(p); err != nil {
			return rules.Result{}, err
		}
		q, err := a.execute(ctx, ix, live, subject{p: p, task: ix.Task(p)}, path)
		return q.Result, err
	}
	if live != nil {
		o.Complete = func(ctx context.Context, pid int, start uint64, dir string) ([]string, error) {
			return live.Entries(ctx, pid, start, dir, mostEntries)
		}
	}
}
