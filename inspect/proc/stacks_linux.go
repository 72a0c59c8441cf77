package proc

import (
	"context"
	"errors"
	"slices"
	"strings"

	"capview/inspect"
	"capview/inspect/task"
)

// stackCache is the filters of threads. While a thread lives it keeps every filter it has, in their order, and each that
// is added raises its count (kernel/seccomp.c seccomp_attach_filter, seccomp_sync_threads). So with the same start time
// and the same count its stack is the same, and nothing is read again. A filter's address would not do: once its last
// thread has ended, it may be another filter's.
type stackCache struct{ now *stackSet }

// stackSet is what is known of filters. It is never written again, so that a scan may keep it.
type stackSet struct {
	threads  map[int]stackEntry // by TID
	programs map[string]inspect.FilterProgram
	why      string // why the kernel tells of no filters
}

type stackEntry struct {
	start uint64 // nanoseconds since boot
	count int
	stack inspect.Opt[inspect.FilterStack]
	why   string
}

func newStackCache() *stackCache { return &stackCache{&stackSet{}} }

// update has the kernel tell of all filters unless those of every thread are known.
func (c *stackCache) update(ctx context.Context, from task.Kernel, k *kernelScan) *stackSet {
	if c.now.complete(k) {
		return c.now
	}
	got, err := from.Filters(ctx)
	switch {
	case errors.Is(err, task.ErrNone):
		c.now = &stackSet{why: err.Error()}
	case err != nil:
		c.now = &stackSet{why: why(err)}
	default:
		c.now = newStackSet(got)
	}
	return c.now
}

// complete tells whether the stack of every thread with filters is known.
func (c *stackSet) complete(k *kernelScan) bool {
	for i := range k.leaders {
		if r := &k.leaders[i]; r.SeccompMode == seccompModeFilter && !c.has(r.PID, r.StartTime, r.Filters) {
			return false
		}
	}
	for _, threads := range k.threads {
		for i := range threads {
			t := &threads[i]
			if s, _ := t.Seccomp.Get(); s.Mode == inspect.SeccompFilter && !c.has(t.TID, t.start, t.filters) {
				return false
			}
		}
	}
	return true
}

func (c *stackSet) has(tid int, start uint64, count int) bool {
	e, ok := c.threads[tid]
	return ok && e.start == start && e.count == count && count >= 0
}

// newStackSet makes hashes of keys, each program's once.
func newStackSet(got *task.Filters) *stackSet {
	hashes := make(map[uint64]string, len(got.Texts))
	programs := make(map[string]inspect.FilterProgram, len(got.Texts))
	for key, text := range got.Texts {
		if p, ok := inspect.NewFilterProgram(text); ok {
			hashes[key], programs[p.Hash] = p.Hash, p
		}
	}
	same := map[string]inspect.FilterStack{}
	c := &stackSet{threads: make(map[int]stackEntry, len(got.Stacks)), programs: programs}
	var names []string
	for i := range got.Stacks {
		s := &got.Stacks[i]
		e := stackEntry{start: s.StartTime, count: len(s.Keys), why: s.Why}
		names = names[:0]
		for _, key := range s.Keys {
			names = append(names, hashes[key])
		}
		switch {
		case e.why != "":
		case slices.Contains(names, ""):
			e.why = "a filter could not be read"
		default:
			text := strings.Join(names, " ")
			stack, ok := same[text]
			if !ok {
				stack = inspect.FilterStack(text)
				same[text] = stack
			}
			e.stack = inspect.Some(stack)
		}
		c.threads[s.PID] = e
	}
	return c
}

// of is a thread's stack, or why it is not known.
func (c *stackSet) of(tid int, start uint64, count int) (inspect.Opt[inspect.FilterStack], string) {
	e, ok := c.threads[tid]
	switch {
	case c.why != "":
		return inspect.Opt[inspect.FilterStack]{}, c.why
	case !ok || e.start != start:
		return inspect.Opt[inspect.FilterStack]{}, "it ended before its filters were read"
	case count >= 0 && e.count != count:
		return inspect.Opt[inspect.FilterStack]{}, "it got another filter while it was read"
	}
	return e.stack, e.why
}

// setStacks joins the process's and its threads' filters, and lists the threads that are unlike their leader.
func (r *reader) setStacks(rec *task.Record, e *entry) {
	p := e.proc
	k := r.scan.kernel
	if why := k.stacks.join(&p.Creds, rec.PID, rec.StartTime, rec.Filters); why != "" {
		e.gap("seccomp.stack", why)
	}
	for i := range k.threads[rec.PID] {
		t := k.threads[rec.PID][i]
		k.stacks.join(&t.Creds, t.TID, t.start, t.filters)
		if r.allThreads || differs(&t.Thread, p) {
			p.Threads = append(p.Threads, t.Thread)
		}
	}
}

// join adds a thread's filters to its credentials, or says why they are not known.
func (set *stackSet) join(c *inspect.Creds, tid int, start uint64, count int) (why string) {
	s, ok := c.Seccomp.Get()
	if !ok || s.Mode != inspect.SeccompFilter && s.Mode != inspect.SeccompDead {
		return ""
	}
	s.Stack, why = set.of(tid, start, count)
	c.Seccomp = inspect.Some(s)
	return why
}

// into lists the programs that snap's threads have.
func (c *stackSet) into(snap *inspect.Snapshot) {
	if len(c.programs) == 0 {
		return
	}
	used := map[inspect.FilterStack]bool{}
	for _, p := range snap.Processes {
		note(used, &p.Creds)
		for j := range p.Threads {
			note(used, &p.Threads[j].Creds)
		}
	}
	seen := map[string]bool{}
	for stack := range used {
		for _, hash := range stack.Hashes() {
			if p, ok := c.programs[hash]; ok && !seen[hash] {
				seen[hash] = true
				snap.SeccompFilters = append(snap.SeccompFilters, p)
			}
		}
	}
	slices.SortFunc(snap.SeccompFilters, func(a, b inspect.FilterProgram) int { return strings.Compare(a.Hash, b.Hash) })
}

func note(used map[inspect.FilterStack]bool, c *inspect.Creds) {
	s, _ := c.Seccomp.Get()
	if stack, ok := s.Stack.Get(); ok && stack != "" {
		used[stack] = true
	}
}
