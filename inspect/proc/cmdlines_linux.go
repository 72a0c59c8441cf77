package proc

import (
	"context"
	"slices"
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

// lanes is how many passes over command lines there are at a time, batch how many processes each of them asks for at once.
const lanes, batch = 2, 512

// asking is a question for command lines, which are read while more of it is being thought of.
type asking struct {
	*cmdlinePass
	lists chan []int // of PIDs
	next  []int
}

// askFirst begins to ask before it is known who is there: for all of them in the first scan, and where the kernel cannot pick, each
// slowScans scans. Else it is nil.
func (s *kernelSide) askFirst(ctx context.Context, turn uint) *asking {
	if s.hangs || s.last != nil && (s.picks || turn%slowScans != 0) {
		return nil
	}
	a := s.askCmdlines(ctx, threadCount())
	if !s.picks {
		a.lists <- nil
	}
	return a
}

// askWanted asks for those of some processes; it is nil where there are none.
func (s *kernelSide) askWanted(ctx context.Context, pids []int) *asking {
	if len(pids) == 0 {
		return nil
	}
	a := s.askCmdlines(ctx, len(pids))
	for _, pid := range pids {
		a.of(pid)
	}
	a.end()
	return a
}

// askCmdlines has the kernel tell of likely so many command lines, in goroutines that are left behind if the memory of a process does
// not answer.
func (s *kernelSide) askCmdlines(ctx context.Context, likely int) *asking {
	a := &asking{cmdlinePass: &cmdlinePass{found: make(chan []cmdline, 1)}, lists: make(chan []int, 64)}
	n := 1
	if s.picks && likely > batch {
		n = lanes
	}
	parts := make(chan []cmdline, n)
	for range n {
		go func() {
			defer crash.Recover()
			parts <- s.tellCmdlines(ctx, a, likely/n)
		}()
	}
	go func() {
		defer crash.Recover()
		found := <-parts
		for range n - 1 {
			if more := <-parts; found == nil || more == nil {
				found = nil
			} else {
				found = append(found, more...)
			}
		}
		inOrder(found, func(c *cmdline) int { return c.pid })
		a.found <- found
	}()
	return a
}

// of asks for one more. It never waits.
func (a *asking) of(pid int) {
	if a.next = append(a.next, pid); len(a.next)%batch == 0 {
		select {
		case a.lists <- a.next:
			a.next = make([]int, 0, batch)
		default: // nobody has time for it now
		}
	}
}

// end asks for those that are left.
func (a *asking) end() {
	go func() {
		defer crash.Recover()
		for list := range slices.Chunk(a.next, batch) {
			a.lists <- list
		}
		close(a.lists)
	}()
}

// tellCmdlines is one pass over command lines, and counts them; nil where the kernel does not tell of them.
func (s *kernelSide) tellCmdlines(ctx context.Context, a *asking, likely int) (found []cmdline) {
	defer func() {
		for range a.lists { // so that end ends
		}
	}()
	found = make([]cmdline, 0, likely)
	same := map[string][]string{}
	for pids := range a.lists {
		err := s.Cmdlines(ctx, pids, func(c task.Cmdline) {
			a.told.Add(1)
			id := cmdlineID{c.PID, c.StartTime, c.ExecID, c.Args}
			found = append(found, cmdline{id, intern(same, c.Text, splitCmdline)})
		})
		if err != nil {
			return nil
		}
	}
	return found
}
