package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"sync"

	"capview/inspect/caps"
	"capview/inspect/rules"
)

// options is what a run is asked for.
type options struct {
	cases   int
	seed    uint64
	jobs    int
	helpers string
	out     io.Writer // where disagreements are told
}

// tally is what was compared.
type tally struct {
	execs, enters int
	disagreements int
	rules         map[string]int
	outcomes      map[string]int
}

// compare does it all, several at once.
func compare(o options) (*tally, error) {
	if o.helpers == "" {
		dir, err := os.MkdirTemp("", "execs")
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
	total := &tally{rules: map[string]int{}, outcomes: map[string]int{}}
	for i, part := range parts {
		if errs[i] != nil {
			return nil, errs[i]
		}
		total.add(part)
	}
	return total, nil
}

func (t *tally) add(o *tally) {
	t.execs, t.enters, t.disagreements = t.execs+o.execs, t.enters+o.enters, t.disagreements+o.disagreements
	for rule, n := range o.rules {
		t.rules[rule] += n
	}
	for outcome, n := range o.outcomes {
		t.outcomes[outcome] += n
	}
}

// runner is one worker's share of a run.
type runner struct {
	tally
	r      *rand.Rand
	w      *worker
	out    io.Writer
	limit  caps.Sets
	kernel rules.Kernel
	chain  world
	users  rules.Users
}

// aWorld is how many execve are tried in a chain of user namespaces before the next is made.
const aWorld = 30

func share(o options, job int) (_ *tally, err error) {
	w, err := startWorker(o.helpers)
	if err != nil {
		return nil, err
	}
	defer func() {
		if e := w.stop(); err == nil {
			err = e
		}
	}()
	run := &runner{r: rand.New(rand.NewPCG(o.seed, uint64(job))), w: w, out: o.out}
	run.rules, run.outcomes = map[string]int{}, map[string]int{}
	if err := run.node(); err != nil {
		return nil, err
	}
	for n := o.cases / o.jobs; run.execs < n; {
		if err := run.next(min(aWorld, n-run.execs)); err != nil {
			return nil, fmt.Errorf("seed %d, job %d, case %d: %w", o.seed, job, run.execs, err)
		}
	}
	return &run.tally, nil
}

// node learns of the kernel and of what the worker itself may do.
func (run *runner) node() error {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	own, err := parseStatus(string(text))
	if err != nil {
		return err
	}
	run.limit = own.caps
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return err
	}
	var last int
	number, err := os.ReadFile("/proc/sys/kernel/cap_last_cap")
	if err != nil {
		return err
	}
	if _, err := fmt.Sscan(string(number), &last); err != nil {
		return err
	}
	run.kernel = rules.KernelOf(string(release), caps.Cap(last))
	return nil
}

// next makes a chain of user namespaces and tries n execve in it, and a fifth as many joins.
func (run *runner) next(n int) (err error) {
	if run.chain, err = newWorld(run.r, run.w); err != nil {
		return err
	}
	run.users = rules.NewUsers(run.chain.users(), rules.InitialUserNS, rules.InitialUserNS)
	if run.chain[0].user != rules.InitialUserNS {
		return fmt.Errorf("this is not the initial user namespace")
	}
	begin := run.w.script.String()
	for i := range n {
		if err := run.exec(); err != nil {
			return err
		}
		if i%5 == 0 && len(run.chain) > 1 {
			if err := run.enter(); err != nil {
				return err
			}
		}
		run.w.script.Reset()
		run.w.script.WriteString(begin)
	}
	return nil
}

// disagree tells of one.
func (run *runner) disagree(what string, predicted, kernel any, r rules.Result) {
	run.disagreements++
	fmt.Fprintf(run.out, "DISAGREEMENT: %s\n%srules:  %v\nkernel: %v\n", what, run.w.script.String(), predicted, kernel)
	for _, s := range r.Steps {
		fmt.Fprintf(run.out, "  %s: %s\n", s.Rule, s.Because)
	}
}
