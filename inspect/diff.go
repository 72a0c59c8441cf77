package inspect

import (
	"slices"
	"strings"
)

// Changes is what differs from one Snapshot to a later one of the same node, or between two nodes.
type Changes struct {
	// SameBoot tells that both are of one boot of one node, so that PIDs and inodes mean the same in both. Else a
	// process is matched by what it is: its container (by name, pod or unit), comm and executable, in order of PID.
	SameBoot       bool
	Appeared, Left []*Process
	Changed        []Change

	ContainersAppeared, ContainersLeft []*Container

	// Steady tells that the two show nothing else at all, but for what the kernel changes all the time: the states of
	// processes that live, the names of its own threads, what containers use, and when they were taken.
	Steady bool
}

// Empty tells whether nothing differs.
func (c Changes) Empty() bool {
	return len(c.Appeared)+len(c.Left)+len(c.Changed)+len(c.ContainersAppeared)+len(c.ContainersLeft) == 0
}

// Change is a process that is in both, with what differs.
type Change struct {
	Before, After *Process
	Facts         []FactChange
}

// FactChange is one fact that differs: its JSON key ("caps.effective"), before and after in words, gained and lost. A fact
// known on one side only is "unknown" on the other, and nothing of it is gained or lost.
type FactChange struct {
	Fact   string
	Before string
	After  string
	Gained string // for sets: what was gained, apart by commas, "cap_" left out; else ""
	Lost   string
}

// Key is the key of the process that the fact is part of: "seccomp" of "seccomp.mode", "threads" of
// "threads[8].caps.effective".
func (f FactChange) Key() string {
	if i := strings.IndexAny(f.Fact, ".["); i >= 0 {
		return f.Fact[:i]
	}
	return f.Fact
}

// Diff compares two indexes, before and after. Within one boot (the same boot id) a process is the same where PID
// and start time are. It allocates only for what differs.
func Diff(before, after *Index) Changes {
	if before.Host.BootID != after.Host.BootID {
		return diffNodes(before, after)
	}
	c := Changes{SameBoot: true, Steady: true}
	were, are := before.Processes, after.Processes
	for i, j := 0, 0; i < len(were) || j < len(are); {
		switch {
		case j == len(are) || i < len(were) && were[i].PID < are[j].PID:
			c.Left = append(c.Left, were[i])
			i++
			continue
		case i == len(were) || are[j].PID < were[i].PID:
			c.Appeared = append(c.Appeared, are[j])
			j++
			continue
		}
		c.same(before, after, were[i], are[j])
		i, j = i+1, j+1
	}
	c.ContainersAppeared = containersWithout(after, before)
	c.ContainersLeft = containersWithout(before, after)
	c.Steady = c.Steady && c.Empty() && steady(before.Snapshot, after.Snapshot)
	return c
}

// same compares what has one PID.
func (c *Changes) same(before, after *Index, old, now *Process) {
	switch {
	case old == now:
	case old.StartTime != now.StartTime:
		c.Appeared, c.Left = append(c.Appeared, now), append(c.Left, old)
	case steadyProcess(old, now):
	default:
		c.Steady = false
		if !sameFacts(old, now) {
			c.compare(before, after, old, now)
		}
	}
}

// Changed tells whether a fact that Diff compares differs between two states of one process; it does not allocate
// where none does.
func Changed(before, after *Process) bool {
	if sameFacts(before, after) {
		return false
	}
	none := &Index{Snapshot: &Snapshot{}}
	d := differ{none, none, true}
	return len(d.process(before, after)) > 0
}

func (c *Changes) compare(before, after *Index, old, now *Process) {
	d := differ{before, after, c.SameBoot}
	if facts := d.process(old, now); len(facts) > 0 {
		c.Changed = append(c.Changed, Change{old, now, facts})
	}
}

// sameFacts tells fast whether two states of a process are alike in all that Diff compares.
func sameFacts(a, b *Process) bool {
	return a.Creds == b.Creds && a.UID == b.UID && a.GID == b.GID && a.Namespaces == b.Namespaces &&
		sameComm(a, b) && a.Exe == b.Exe && a.Container == b.Container && a.FileCaps == b.FileCaps &&
		sameList(a.Groups, b.Groups) && slices.Equal(a.Threads, b.Threads)
}

func sameList[T comparable](a, b Opt[[]T]) bool {
	as, aKnown := a.Get()
	bs, bKnown := b.Get()
	return aKnown == bKnown && slices.Equal(as, bs)
}

// containersWithout is the containers of a that b does not have.
func containersWithout(a, b *Index) (cs []*Container) {
	for i := range a.Containers {
		if c := &a.Containers[i]; b.Container(c.Key) == nil {
			cs = append(cs, c)
		}
	}
	return cs
}

// sameComm compares names. A kernel thread's is no fact of it: a kworker's tells what it works at just now.
func sameComm(a, b *Process) bool { return a.Comm == b.Comm || a.KernelThread && b.KernelThread }
