package proc

import (
	"context"
	"sync/atomic"
	"time"

	"capview/inspect/crash"
	"capview/inspect/task"
)

// cmdlineID is a process with the program it runs.
type cmdlineID struct {
	pid               int
	start, exec, args uint64
}

// cmdline is what a program was given.
type cmdline struct {
	cmdlineID
	text []string
}

// wanted is the processes whose command lines are to be told in this turn: of new programs, and those that are due.
func (k *kernelScan) wanted(known []entry, turn uint) (pids []int) {
	if len(known) == 0 {
		pids = make([]int, 0, len(k.leaders))
	}
	at := 0
	for i := range k.leaders {
		r := &k.leaders[i]
		if r.Args == 0 {
			continue
		}
		if j, ok := from(known, at, r.PID, func(e *entry) int { return e.pid }); ok {
			at = j
			if e := &known[j]; turn < e.cmdlineDue && e.runs(r) {
				continue
			}
		}
		pids = append(pids, r.PID)
	}
	return pids
}

// runs tells whether the process still runs the program that it was seen to.
func (e *entry) runs(r *task.Record) bool {
	return e.proc.StartTime == r.StartTime/tick && e.exec == r.ExecID && e.args == r.Args
}

func cmdlineOf(r *task.Record) cmdlineID { return cmdlineID{r.PID, r.StartTime, r.ExecID, r.Args} }

// cmdlinePass is a pass over all command lines under way.
type cmdlinePass struct {
	told  atomic.Int64 // how many so far
	found chan []cmdline
}

// wait is what the pass found: nil where the kernel does not tell. It is given up when nothing comes for one to two times
// patience: on a node of many processes, or with little time for this one, the whole pass may take much longer than that.
func (c *cmdlinePass) wait(patience time.Duration) (found []cmdline, ended bool) {
	tick := time.NewTicker(patience)
	defer tick.Stop()
	for before := int64(-1); ; {
		select {
		case found := <-c.found:
			return found, true
		case <-tick.C:
			now := c.told.Load()
			if now == before {
				return nil, false
			}
			before = now
		}
	}
}

// lanes is how many passes over command lines there are at a time, each over a part of them.
const lanes = 2

// askCmdlines has the kernel tell of command lines, in goroutines that are left behind if the memory of one does not answer.
func (s *kernelSide) askCmdlines(ctx context.Context, pids []int) *cmdlinePass {
	pass := &cmdlinePass{found: make(chan []cmdline, 1)}
	split := 1
	if s.picks && len(pids) > 512 {
		split = lanes
	}
	parts := make(chan []cmdline, split)
	for i := range split {
		go func() {
			defer crash.Recover()
			parts <- s.tellCmdlines(ctx, pids[i*len(pids)/split:(i+1)*len(pids)/split], &pass.told)
		}()
	}
	go func() {
		defer crash.Recover()
		found := <-parts
		for range split - 1 {
			if more := <-parts; found == nil || more == nil {
				found = nil
			} else {
				found = append(found, more...)
			}
		}
		inOrder(found, func(c *cmdline) int { return c.pid })
		pass.found <- found
	}()
	return pass
}

// tellCmdlines is one pass over command lines, and counts them; nil where the kernel does not tell of them.
func (s *kernelSide) tellCmdlines(ctx context.Context, pids []int, told *atomic.Int64) []cmdline {
	likely := len(pids)
	if likely == 0 {
		likely = threadCount()
	}
	found := make([]cmdline, 0, likely)
	same := map[string][]string{}
	err := s.Cmdlines(ctx, pids, func(c task.Cmdline) {
		told.Add(1)
		id := cmdlineID{c.PID, c.StartTime, c.ExecID, c.Args}
		found = append(found, cmdline{id, intern(same, c.Text, splitCmdline)})
	})
	if err != nil {
		return nil
	}
	return found
}
