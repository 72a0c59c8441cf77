package advise

import (
	"fmt"

	"capview/inspect"
)

// UsesOf makes uses of what a tracer counted. Unattributed checks are of no known process. Firsts are single checks with
// stacks, which go to those that they are among. Where tells the container of one by any of its names; "" unknown.
func UsesOf(counts []*inspect.CheckCount, rest []inspect.Unattributed, firsts []inspect.Event, where func(*inspect.CheckCount) string) []Use {
	uses := make([]Use, 0, len(counts)+len(rest))
	at := make(map[inspect.Check]int, len(counts))
	for _, c := range counts {
		at[c.Check] = len(uses)
		uses = append(uses, useOf(c, where(c)))
	}
	for i := range firsts {
		e := &firsts[i]
		if n, ok := at[e.Check]; ok {
			uses[n].told(e)
		}
	}
	for _, u := range rest {
		uses = append(uses, Use{Cap: u.Cap, Allowed: !u.Denied, Count: u.Count})
	}
	return uses
}

func useOf(c *inspect.CheckCount, container string) Use {
	u := Use{
		PID: c.PID, StartTime: c.StartTime, PPID: c.PPID, Comm: c.Comm, UID: inspect.Some(c.UID), Container: container,
		Effective: inspect.Some(c.Effective), Cap: c.Cap, Allowed: !c.Denied, Probe: inspect.Some(c.Probe),
		Overridden: inspect.Some(c.Creds == inspect.CredsOverridden), Foreign: inspect.Some(c.Creds == inspect.CredsOther),
		Current: inspect.Some(c.CurrentUserNS), Target: inspect.Some(c.TargetUserNS),
		Syscall: c.Syscall.Name(), Count: c.Count, First: c.First, Last: c.Last,
	}
	if u.Last.IsZero() { // counted once
		u.Last = c.First
	}
	return u
}

// told takes what a single check has more.
func (u *Use) told(e *inspect.Event) {
	u.TID, u.Audit, u.InSetID, u.Granting = e.TID, e.Audit, e.InSetID, e.GrantingUserNS
	if e.Time.After(u.Last) {
		u.Last = e.Time
	}
	u.Stack = u.Stack[:0]
	for _, f := range e.Kernel {
		if f.Symbol != "" { // the kernel may hide it (kptr_restrict)
			u.Stack = append(u.Stack, fmt.Sprintf("%s+%#x", f.Symbol, f.Offset))
		}
	}
}
