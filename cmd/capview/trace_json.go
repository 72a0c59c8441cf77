package main

import (
	"encoding/json"
	"fmt"
	"time"

	"capview/inspect"
	"capview/inspect/bpf/trace"
	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/ui/view"
)

// eventLine is a check as a line of JSON. Unknown is null.
type eventLine struct {
	TS             string           `json:"ts"` // RFC 3339
	PID            int              `json:"pid"`
	TID            int              `json:"tid"`
	PPID           int              `json:"ppid"`
	Comm           string           `json:"comm"`
	Parent         string           `json:"parent"`
	UID            uint32           `json:"uid"` // effective
	GID            uint32           `json:"gid"`
	Syscall        *string          `json:"syscall"` // null outside any
	Arch           string           `json:"arch"`    // the system call's ABI
	Cap            string           `json:"cap"`
	Verdict        string           `json:"verdict"`
	Audit          fact.Opt[bool]   `json:"audit"`
	InSetID        fact.Opt[bool]   `json:"insetid"`
	CurrentUserNS  uint64           `json:"current_userns"`
	TargetUserNS   uint64           `json:"target_userns"`
	GrantingUserNS *uint64          `json:"granting_userns"` // null where it was denied, or is not known
	Caps           caps.Set         `json:"caps"`            // effective
	Container      fact.Opt[string] `json:"container"`
	Pod            fact.Opt[string] `json:"pod"`
	Cgroup         uint64           `json:"cgroup"` // id
	MountNS        uint64           `json:"mount_ns"`
	Credentials    string           `json:"credentials"` // own, overridden, other
	Probe          bool             `json:"probe"`
	Stack          *stackLine       `json:"stack"` // null unless asked for
}

type stackLine struct {
	Kernel []frameLine `json:"kernel"`
	User   []frameLine `json:"user"`
}

type frameLine struct {
	Address string           `json:"address"` // hexadecimal; "0x0" where the kernel hides it
	Symbol  fact.Opt[string] `json:"symbol"`
	Offset  uint64           `json:"offset"`
	Object  fact.Opt[string] `json:"object"`
}

// lastLine ends the lines: the totals, and what was lost.
type lastLine struct {
	Totals  []traceTotal `json:"totals"`
	Checks  uint64       `json:"checks"` // of Totals
	Hidden  uint64       `json:"hidden"` // left out of Totals
	Lost    lostLine     `json:"lost"`
	Rung    trace.Rung   `json:"rung"` // the way by which checks were seen
	Watched watchedLine  `json:"watched"`
}

// watchedLine is what was watched, and when.
type watchedLine struct {
	Since   string   `json:"since"` // RFC 3339
	Until   string   `json:"until"`
	Targets []string `json:"targets"` // containers by key and processes by PID, with what they start; null: the whole node
	Denied  bool     `json:"denied"`  // denials alone
}

// lostLine is inspect.Losses.
type lostLine struct {
	Events       uint64 `json:"events"`
	Checks       uint64 `json:"checks"`
	Children     uint64 `json:"children"`
	Unique       uint64 `json:"unique"`
	Unattributed uint64 `json:"unattributed"`
}

// traceLines is checks as lines of JSON.
type traceLines struct {
	app *app
	t   tracing
	w   *watched
}

func (tl *traceLines) begin() {}

func (tl *traceLines) events(events []inspect.Event) error {
	for i := range events {
		if err := tl.write(tl.line(&events[i])); err != nil {
			return err
		}
	}
	return tl.app.flush()
}

func (tl *traceLines) line(e *inspect.Event) eventLine {
	pl := tl.w.place(checkSubject{&e.Check, e.PPID, e.CurrentUserNS})
	l := eventLine{
		TS: e.Time.UTC().Format(time.RFC3339Nano), PID: e.PID, TID: e.TID, PPID: e.PPID, Comm: e.Comm, Parent: e.Parent,
		UID: e.UID, GID: e.GID, Syscall: orNull(e.Syscall.Name()), Arch: e.Syscall.Arch.String(),
		Cap: e.Cap.String(), Verdict: decided(e.Denied), Audit: e.Audit, InSetID: e.InSetID,
		CurrentUserNS: e.CurrentUserNS, TargetUserNS: e.TargetUserNS, Caps: e.Effective,
		Container: told(pl.Container), Pod: told(pl.Pod), Cgroup: e.Cgroup, MountNS: e.MountNS,
		Credentials: string(e.Creds), Probe: e.Probe,
	}
	if ns, ok := e.GrantingUserNS.Get(); ok && ns != 0 {
		l.GrantingUserNS = &ns
	}
	if tl.t.stack {
		l.Stack = &stackLine{frameLines(e.Kernel), frameLines(e.User)}
	}
	return l
}

func frameLines(frames []inspect.Frame) []frameLine {
	lines := make([]frameLine, len(frames))
	for i, f := range frames {
		lines[i] = frameLine{fmt.Sprintf("%#x", f.Address), told(f.Symbol), f.Offset, told(f.Object)}
	}
	return lines
}

func (tl *traceLines) end(x *inspect.Exercise, rung trace.Rung) error {
	rows, hidden := tl.w.sumUp(x, tl.t)
	lost := x.Lost()
	last := lastLine{
		Totals: rows, Hidden: hidden, Rung: rung,
		Lost: lostLine{Events: lost.Events, Checks: lost.Missed, Children: lost.Children, Unique: lost.Unique},
	}
	last.Watched = watchedLine{tl.w.since.UTC().Format(time.RFC3339Nano), tl.w.until.UTC().Format(time.RFC3339Nano), tl.w.told, tl.t.denied}
	if rows == nil {
		last.Totals = []traceTotal{}
	}
	for _, r := range rows {
		last.Checks += r.Checks
	}
	for _, u := range x.Unattributed() {
		last.Lost.Unattributed += u.Count
	}
	tl.app.losses(x)
	return tl.write(last)
}

func (tl *traceLines) write(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = tl.app.out.Write(append(view.SafeJSON(b), '\n'))
	return err
}
