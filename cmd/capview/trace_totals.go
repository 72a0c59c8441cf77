package main

import (
	"cmp"
	"slices"

	"capview/inspect"
	"capview/inspect/fact"
)

// traceTotal is how often a program in a container asked for a capability in a system call.
type traceTotal struct {
	Checks       uint64           `json:"checks"`
	Cap          string           `json:"cap"`
	Verdict      string           `json:"verdict"`
	Syscall      *string          `json:"syscall"` // null outside any
	Comm         string           `json:"comm"`    // of the process as it first asked
	Container    fact.Opt[string] `json:"container"`
	Pod          fact.Opt[string] `json:"pod"`
	TargetUserNS uint64           `json:"target_userns"`
	Credentials  string           `json:"credentials"`
	Probe        bool             `json:"probe"`

	short, syscall, over string // as a table has them
}

// totalKey is what makes two counts one row.
type totalKey struct {
	cap, verdict, syscall, comm, container, pod string
	target                                      uint64
	creds                                       inspect.CheckCreds
	probe                                       bool
}

// sumUp is the rows of the totals, denials first, then by count, and how many checks are left out of them because they
// are hidden ones.
func (w *watched) sumUp(x *inspect.Exercise, t tracing) (rows []traceTotal, hidden uint64) {
	byKey := map[totalKey]int{}
	for _, c := range x.Checks() {
		switch {
		case t.denied && !c.Denied:
			continue
		case c.Hidden() && !t.all:
			hidden += c.Count
			continue
		}
		r := w.total(c)
		key := totalKey{r.Cap, r.Verdict, r.syscall, r.Comm, r.Container.Or(""), r.Pod.Or(""), r.TargetUserNS, c.Creds, c.Probe}
		i, ok := byKey[key]
		if !ok {
			i = len(rows)
			byKey[key] = i
			rows = append(rows, r)
		}
		rows[i].Checks += c.Count
	}
	rows = append(rows, unattributed(x, t)...)
	slices.SortStableFunc(rows, func(a, b traceTotal) int {
		return cmp.Or(-cmp.Compare(a.Verdict, b.Verdict), -cmp.Compare(a.Checks, b.Checks), cmp.Compare(a.Cap, b.Cap), cmp.Compare(a.Comm, b.Comm))
	})
	return rows, hidden
}

// total is a row without its count.
func (w *watched) total(c *inspect.CheckCount) traceTotal {
	pl := w.place(checkSubject{&c.Check, c.PPID, c.CurrentUserNS})
	r := traceTotal{
		Cap: c.Cap.String(), Verdict: decided(c.Denied), Comm: c.Comm, Container: told(pl.Container), Pod: told(pl.Pod),
		TargetUserNS: c.TargetUserNS, Credentials: string(c.Creds), Probe: c.Probe,
		short: c.Cap.Short(), syscall: syscallText(c.Syscall),
	}
	r.Syscall = orNull(c.Syscall.Name())
	if c.TargetUserNS != c.CurrentUserNS {
		r.over = w.userNS(c.TargetUserNS)
	}
	return r
}

// unattributed is those of which only capability and verdict are known.
func unattributed(x *inspect.Exercise, t tracing) (rows []traceTotal) {
	for _, u := range x.Unattributed() {
		if t.denied && !u.Denied {
			continue
		}
		rows = append(rows, traceTotal{
			Checks: u.Count, Cap: u.Cap.String(), Verdict: decided(u.Denied), Comm: "(any)", short: u.Cap.Short(), syscall: "-",
		})
	}
	return rows
}

// told is a text that is unknown where it is empty.
func told(text string) fact.Opt[string] {
	if text == "" {
		return fact.Opt[string]{}
	}
	return fact.Some(text)
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
