package main

import (
	"capview/inspect/seccomp"
)

// The bounds of a job: calls, and those of them that end their process or thread, which takes long.
const (
	callsOfJob = 120
	killsOfJob = 12
)

// newJob puts filters in one of three situations: under a guard that returns an error, under one that hands to a tracer
// what nothing else decides (which leaves most to be seen), or alone, with calls that do nothing.
func (run *runner) newJob(k kind, stack seccomp.Stack) *job {
	j := &job{listener: -1}
	for i, p := range stack {
		if i > 0 { // all but the newest have another loaded after them
			p = exempt(p)
		}
		j.stack = append(j.stack, p)
	}
	switch run.r.IntN(10) {
	case 0, 1:
		j.stack = append(j.stack, guard(seccomp.Errno|seccomp.Action(3900+run.r.IntN(100))))
	case 2, 3, 4:
		j.unguarded, j.traced = true, run.r.IntN(2) == 0
	default:
		j.stack = append(j.stack, guard(seccomp.Trace|seccomp.Action(run.r.IntN(1<<16))))
		j.traced = true
	}
	if run.r.IntN(3) == 0 {
		j.listener = run.r.IntN(len(j.stack))
	}
	j.decider = newDecider(k, j.stack)
	c := newCaller(run.r, run.w.hello, k, stack)
	kills := 0
	for range callsOfJob {
		next := c.call(j.unguarded)
		d := run.w.data(next)
		switch a := j.stack.Eval(&d); a.Effective().Kind() {
		case seccomp.KillProcess, seccomp.KillThread:
			if kills++; kills > killsOfJob {
				continue
			}
		}
		j.calls = append(j.calls, next)
	}
	return j
}
