package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"

	"capview/inspect/seccomp"
)

// options is what a run is asked for.
type options struct {
	cases   int
	seed    uint64
	jobs    int
	helpers string
	only    string
	out     io.Writer // where disagreements are told
}

// compare does it all, several at once.
func compare(o options) (*tally, error) {
	if o.helpers == "" {
		dir, err := os.MkdirTemp("", "filters")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		if err := build(dir); err != nil {
			return nil, err
		}
		o.helpers = dir
	}
	parts, errs := make([]*tally, o.jobs), make([]error, o.jobs)
	var all sync.WaitGroup
	for i := range parts {
		all.Go(func() { parts[i], errs[i] = share(o, i) })
	}
	all.Wait()
	total := newTally()
	for i, part := range parts {
		if errs[i] != nil {
			return nil, errs[i]
		}
		total.add(part)
	}
	return total, nil
}

// runner is one worker's share of a run.
type runner struct {
	*tally
	r       *rand.Rand
	w       *worker
	library *library
	out     io.Writer
}

// share does an equal part of the whole.
func share(o options, number int) (*tally, error) {
	run := &runner{tally: newTally(), r: rand.New(rand.NewPCG(o.seed, uint64(number))), out: o.out}
	var err error
	if run.library, err = startLibrary(o.helpers); err != nil {
		return nil, err
	}
	defer run.library.stop()
	if run.w, err = startWorker(o.helpers); err != nil {
		return nil, err
	}
	run.i386, run.x32 = run.w.I386 == 1, run.w.X32 == 1
	asked := slices.DeleteFunc(slices.Clone(kinds), func(k kind) bool { return !strings.Contains(k.name, o.only) })
	if len(asked) == 0 {
		return nil, fmt.Errorf("no kind of filters is called %q", o.only)
	}
	run.probes, err = run.w.filtersProbes()
	for i := 0; run.calls < o.cases/o.jobs && err == nil; i++ {
		err = run.filters(asked[i%len(asked)])
	}
	for run.programs < o.cases/20/o.jobs && err == nil {
		err = run.acceptance()
	}
	if e := run.w.stop(); err == nil {
		err = e
	}
	return run.tally, err
}

// filters makes filters of a kind, and compares what they do with some calls.
func (run *runner) filters(k kind) error {
	stack, err := k.make(run)
	if err != nil {
		return fmt.Errorf("filters of kind %s: %w", k.name, err)
	}
	j := run.newJob(k, stack)
	policies := make([]seccomp.Action, len(j.calls))
	for i, c := range j.calls {
		d := run.w.data(c)
		policies[i] = j.stack.Eval(&d)
	}
	a, err := run.w.do(j)
	if err != nil {
		return fmt.Errorf("filters of kind %s: %w", k.name, err)
	}
	for i, errno := range a.stack {
		if errno != 0 {
			run.disagree("loading", fmt.Sprintf("errno %d for filter %d, Check says %v", errno, i, j.stack[i].Check()), "0", j.stack)
			return nil
		}
	}
	for i, c := range j.calls {
		run.call(k, j, c, policies[i], &a.results[i])
	}
	return nil
}

// call compares what became of one call.
func (run *runner) call(k kind, j *job, c call, action seccomp.Action, r *result) {
	d := run.w.data(c)
	run.calls++
	run.kinds[k.name]++
	run.actions[action.Kind()]++
	run.abis[c.abi()]++
	predicted, kernel := j.predict(action, &d, r.Baseline), r.outcome()
	if predicted != kernel {
		run.disagree("evaluation of "+k.name, kernel.String(), predicted.String(), j.stack, j, d)
	}
	if !r.sees(d) {
		run.disagree("data", fmt.Sprintf("%+v", r.Seen), fmt.Sprintf("%+v", d), j.stack)
	}
	run.decision(k, j, d, action)
}

// decision compares with the paths of the decision: one holds, and says the same.
func (run *runner) decision(k kind, j *job, d seccomp.Data, action seccomp.Action) {
	arch, _ := seccomp.ArchOf(d.Arch, d.Nr)
	decided, made := j.decider.decide(arch, d.Nr)
	if !made {
		return
	}
	if decided.Unknown != "" {
		run.unknown[k.name]++
		return
	}
	run.decided[k.name]++
	var holding []seccomp.Action
	for _, p := range decided.Paths {
		if p.Holds(&d) {
			holding = append(holding, p.Action)
		}
	}
	if len(decided.Paths) > 1 {
		run.conditional++
	}
	if len(holding) != 1 || holding[0].Effective() != action.Effective() {
		run.disagree("decision of "+k.name, action.String(), fmt.Sprint(holding), j.stack, d)
	}
}

// disagree tells about a difference.
func (run *runner) disagree(what, kernel, said string, stack seccomp.Stack, more ...any) {
	run.disagreements++
	if run.disagreements > 20 {
		return
	}
	fmt.Fprintf(run.out, "%s: kernel: %s; package: %s\n", what, kernel, said)
	for _, m := range more {
		if j, ok := m.(*job); ok {
			m = fmt.Sprintf("traced %t, unguarded %t, listener %d", j.traced, j.unguarded, j.listener)
		}
		fmt.Fprintf(run.out, "  %+v\n", m)
	}
	for i, p := range stack {
		fmt.Fprintf(run.out, "  filter %d:", i)
		for _, in := range p[:min(len(p), 100)] {
			fmt.Fprintf(run.out, " %x,%d,%d,%x", in.Code, in.JT, in.JF, in.K)
		}
		fmt.Fprintln(run.out)
	}
}
