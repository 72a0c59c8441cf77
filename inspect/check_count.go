package inspect

import (
	"time"

	"capview/inspect/caps"
)

// CheckCount is how often a check was made since the last count.
type CheckCount struct {
	Check
	Count uint64
	// Of the first of them since the last count:
	First         time.Time
	Comm          string
	PPID          int
	UID           uint32 // effective
	CurrentUserNS uint64
	Effective     caps.Set
	// Last is the First of the latest count that an Exercise added: when it was last asked, to within the time between two counts.
	Last time.Time
}

// Counts is every check of a time, counted.
type Counts struct {
	Checks []CheckCount
	// Unattributed is those that there was no more room for: it is known of which capability they were, and how they
	// were decided, but not whose.
	Unattributed []Unattributed
	Lost         Losses
}

// Unattributed is a number of checks of which only this is known.
type Unattributed struct {
	Cap    caps.Cap
	Denied bool
	Count  uint64
}

// Losses is what the kernel's side could not keep, since the tracer began.
type Losses struct {
	Events   uint64 // single events for which the ring was full; the totals have them
	Unique   uint64 // of what was to be shown once, shown again: too many
	Children uint64 // processes that were not followed: too many
	Missed   uint64 // checks that no program saw: in neither events nor totals
}

// Any tells whether there are any.
func (l Losses) Any() bool { return l != Losses{} }

// Total is how many checks there were.
func (c *Counts) Total() (n uint64) {
	for i := range c.Checks {
		n += c.Checks[i].Count
	}
	for _, u := range c.Unattributed {
		n += u.Count
	}
	return n
}

// Exercise accumulates counts: what was asked for, by whom. The zero Exercise is empty.
type Exercise struct {
	byCheck map[Check]*CheckCount
	order   []*CheckCount
	rest    map[Unattributed]uint64 // keyed with Count 0
	lost    Losses
	most    int
	coarse  bool // hidden checks are not told apart by system call
}

// mostChecks bounds what an Exercise tells apart: about 150 bytes each. Beyond it, checks count as unattributed.
const mostChecks = 200_000

// NewExercise is an empty one that tells most checks apart; hidden ones, which are most of all, not by their system call: of
// that it has the latest.
func NewExercise(most int) *Exercise { return &Exercise{most: most, coarse: true} }

// key is by what a check is told apart.
func (x *Exercise) key(c *Check) Check {
	key := *c
	if x.coarse && c.Hidden() {
		key.Syscall = Syscall{}
	}
	return key
}

// Add counts c in.
func (x *Exercise) Add(c Counts) {
	if x.byCheck == nil {
		x.byCheck, x.rest = map[Check]*CheckCount{}, map[Unattributed]uint64{}
	}
	most := x.most
	if most == 0 {
		most = mostChecks
	}
	for i := range c.Checks {
		n := c.Checks[i]
		n.Last = n.First
		key := x.key(&n.Check)
		switch known := x.byCheck[key]; {
		case known != nil:
			known.Count += n.Count
			known.Last, known.Syscall = n.Last, n.Syscall
		case len(x.order) < most:
			x.byCheck[key] = &n
			x.order = append(x.order, &n)
		default:
			x.rest[Unattributed{Cap: n.Cap, Denied: n.Denied}] += n.Count
		}
	}
	for _, u := range c.Unattributed {
		x.rest[Unattributed{Cap: u.Cap, Denied: u.Denied}] += u.Count
	}
	x.lost = c.Lost
}

// Fold makes room: of processes that have ended, those that were alike in everything but their number count as the first of
// them from then on. A workload that starts the same programs over and over takes no more room than one of each.
func (x *Exercise) Fold(ended func(ProcessID) bool) {
	first := make(map[CheckCount]*CheckCount)
	kept := x.order[:0:0]
	for _, c := range x.order {
		if !ended(c.Process()) {
			kept = append(kept, c)
			continue
		}
		alike := CheckCount{Check: x.key(&c.Check), Comm: c.Comm, PPID: c.PPID, UID: c.UID, CurrentUserNS: c.CurrentUserNS, Effective: c.Effective}
		alike.PID, alike.StartTime = 0, 0
		same := first[alike]
		if same == nil {
			first[alike] = c
			kept = append(kept, c)
			continue
		}
		same.Count += c.Count
		if c.Last.After(same.Last) {
			same.Last = c.Last
		}
		delete(x.byCheck, x.key(&c.Check))
	}
	x.order = kept
}

// Len is how many checks are told apart.
func (x *Exercise) Len() int { return len(x.order) }

// Checks is every check so far, in the order of their first count. They are the Exercise's: not to be changed, and to be
// read before the next Add.
func (x *Exercise) Checks() []*CheckCount { return x.order }

// Unattributed is those that could not be told apart.
func (x *Exercise) Unattributed() (us []Unattributed) {
	for u, n := range x.rest {
		u.Count = n
		us = append(us, u)
	}
	return us
}

// Lost is what the kernel's side has lost so far.
func (x *Exercise) Lost() Losses { return x.lost }

// Use is what capabilities were exercised and which were denied.
type Use struct {
	Used   caps.Set // allowed at least once
	Denied caps.Set // denied at least once
}

// Uses is the Use of each process, hidden checks aside, and checks of others' credentials, which say nothing of the
// process's own.
func (x *Exercise) Uses() map[ProcessID]Use {
	uses := map[ProcessID]Use{}
	for _, c := range x.order {
		if c.Hidden() || c.Creds == CredsOther {
			continue
		}
		id := ProcessID{c.PID, c.StartTime}
		u := uses[id]
		if c.Denied {
			u.Denied |= caps.Of(c.Cap)
		} else {
			u.Used |= caps.Of(c.Cap)
		}
		uses[id] = u
	}
	return uses
}

// Process is whose check it was.
func (c *Check) Process() ProcessID { return ProcessID{c.PID, c.StartTime} }

// ProcessID is what tells a process from every other since boot.
type ProcessID struct {
	PID       int
	StartTime uint64
}
