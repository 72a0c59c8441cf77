package advise

import (
	"errors"
	"fmt"
	"time"

	"capview/inspect"
	"capview/inspect/caps"
)

// lastLine is the one that ends a trace.
type lastLine struct {
	Totals []totalLine `json:"totals"`
	Lost   struct {
		Checks       uint64 `json:"checks"` // in neither events nor totals
		Children     uint64 `json:"children"`
		Unattributed uint64 `json:"unattributed"`
	} `json:"lost"`
	Watched *struct {
		Since   time.Time `json:"since"`
		Until   time.Time `json:"until"`
		Targets *[]string `json:"targets"` // null: the whole node
		Denied  bool      `json:"denied"`  // denials only
	} `json:"watched"`
}

// totalLine is how often a program of a container asked for a capability in a system call.
type totalLine struct {
	Checks      uint64              `json:"checks"`
	Cap         *string             `json:"cap"`
	Verdict     *string             `json:"verdict"`
	Syscall     string              `json:"syscall"`
	Comm        string              `json:"comm"`
	Container   string              `json:"container"`
	Target      inspect.Opt[uint64] `json:"target_userns"`
	Credentials string              `json:"credentials"`
	Probe       inspect.Opt[bool]   `json:"probe"`
}

// totalKey is what rows of the totals and single checks tell alike. The name of a program is not: it may change.
type totalKey struct {
	cap       caps.Cap
	allowed   bool
	syscall   string
	target    inspect.Opt[uint64]
	container string
}

// end takes the totals: what they have beyond the single checks is of no known process, and what was lost is lost. A single
// check may not have known its container yet where the totals do: it may count twice, but never for nothing.
func (e *events) end(last *lastLine) error {
	var more []Use
	var checks uint64
	for i := range last.Totals {
		u, err := last.Totals[i].use()
		if err != nil {
			return fmt.Errorf("row %d of the totals: %w", i+1, err)
		}
		u.First, u.Last = e.o.Until, e.o.Until
		more, checks = append(more, u), checks+u.Count
	}
	if checks != e.single {
		for _, u := range more {
			e.total(u)
		}
	}
	e.o.Lost += last.Lost.Checks + last.Lost.Children
	w := last.Watched
	if w == nil {
		return nil
	}
	if w.Until.Before(w.Since) {
		return errors.New("the trace ended before it began")
	}
	e.o.Since, e.o.Until, e.o.Everywhere = w.Since, w.Until, w.Targets == nil
	if w.Targets != nil {
		e.o.Targets = *w.Targets
	}
	if w.Denied {
		e.o.Only = "denials"
	}
	return nil
}

// use is what a row tells of.
func (l *totalLine) use() (u Use, err error) {
	if l.Cap == nil || l.Verdict == nil {
		return u, errors.New(`it has no "cap" or no "verdict"`)
	}
	u = Use{Comm: l.Comm, Container: l.Container, Syscall: l.Syscall, Target: l.Target, Probe: l.Probe, Count: l.Checks}
	if err = u.credentials(l.Credentials); err != nil {
		return u, err
	}
	u.Cap, u.Allowed, err = decision(*l.Cap, *l.Verdict)
	return u, err
}

// total adds what a row has beyond the single checks.
func (e *events) total(u Use) {
	seen := min(e.seen[keyOf(&u)], u.Count)
	e.seen[keyOf(&u)] -= seen
	if u.Count -= seen; u.Count > 0 {
		e.add(u)
	}
}
