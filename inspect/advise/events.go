package advise

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"capview/inspect"
	"capview/inspect/caps"
)

// What ReadEvents takes: a line of at most so many bytes, at most so many checks that are not alike.
const (
	maxLine = 1 << 20
	maxUses = 200_000
)

// ReadEvents reads what a trace has written as JSON: an object a line for each check, and one at the end with the totals
// and what was lost. Without that last line the trace was cut short: it was watched from the first check to the last. An
// error names the line. Checks that are alike are counted together; those beyond maxUses are lost.
func ReadEvents(r io.Reader) (*Observation, error) {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 1<<16), maxLine)
	e := events{at: map[string]int{}}
	n := 0
	for s.Scan() {
		n++
		text := bytes.TrimSpace(s.Bytes())
		switch {
		case len(text) == 0:
			continue
		case e.done:
			return nil, fmt.Errorf("line %d: there is more after the totals", n)
		}
		if err := e.line(text); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := s.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			err = fmt.Errorf("line %d: longer than %d bytes", n+1, maxLine)
		}
		return nil, err
	}
	if n == 0 {
		return nil, errors.New("it is empty")
	}
	return &e.o, nil
}

// events is what was read so far.
type events struct {
	o    Observation
	at   map[string]int // where in o.Uses those that are alike are
	done bool           // the totals were read
}

// event is a line, its keys as 'capview trace -o json' writes them.
type event struct {
	TS        *time.Time            `json:"ts"`
	PID       *int                  `json:"pid"`
	TID       int                   `json:"tid"`
	PPID      int                   `json:"ppid"`
	Comm      string                `json:"comm"`
	UID       *uint32               `json:"uid"`
	GID       *uint32               `json:"gid"`
	Syscall   *string               `json:"syscall"`
	Cap       *string               `json:"cap"`
	Verdict   *string               `json:"verdict"`
	Audit     inspect.Opt[bool]     `json:"audit"`
	InSetID   inspect.Opt[bool]     `json:"insetid"`
	Current   inspect.Opt[uint64]   `json:"current_userns"`
	Target    inspect.Opt[uint64]   `json:"target_userns"`
	Granting  inspect.Opt[uint64]   `json:"granting_userns"`
	Caps      inspect.Opt[caps.Set] `json:"caps"`
	Container *string               `json:"container"`
	Pod       json.RawMessage       `json:"pod"`
	Stack     []string              `json:"stack"`
}

// line reads one.
func (e *events) line(text []byte) error {
	var ev event
	if err := json.Unmarshal(text, &ev); err != nil {
		return wording(err)
	}
	u, err := ev.use()
	if err != nil {
		return err
	}
	e.add(u)
	return nil
}

// wording is what encoding/json says, in one lower-case line without Go's types.
func wording(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return fmt.Errorf("key %q is a %s", wrong.Field, wrong.Value)
	}
	return errors.New("it is no JSON object: " + strings.TrimPrefix(err.Error(), "json: "))
}

// use is the check that a line tells of.
func (ev *event) use() (u Use, err error) {
	for _, need := range []struct {
		key string
		has bool
	}{{"ts", ev.TS != nil}, {"pid", ev.PID != nil}, {"cap", ev.Cap != nil}, {"verdict", ev.Verdict != nil}} {
		if !need.has {
			return u, fmt.Errorf("it has no %q", need.key)
		}
	}
	u = Use{PID: *ev.PID, TID: ev.TID, PPID: ev.PPID, Comm: ev.Comm, Effective: ev.Caps, Audit: ev.Audit, InSetID: ev.InSetID, Current: ev.Current, Target: ev.Target,
		Granting: ev.Granting, Stack: ev.Stack, Count: 1, First: *ev.TS, Last: *ev.TS}
	if ev.UID != nil {
		u.UID = inspect.Some(*ev.UID)
	}
	if ev.GID != nil {
		u.GID = inspect.Some(*ev.GID)
	}
	if ev.Syscall != nil {
		u.Syscall = *ev.Syscall
	}
	if ev.Container != nil {
		u.Container = *ev.Container
	}
	if u.Cap, err = caps.Parse(*ev.Cap); err != nil {
		return u, err
	}
	switch *ev.Verdict {
	case "allow":
		u.Allowed = true
	case "deny":
	default:
		return u, fmt.Errorf("verdict %.40q: want allow or deny", *ev.Verdict)
	}
	if u.PID < 0 || u.TID < 0 || u.PPID < 0 {
		return u, errors.New("a pid is below zero")
	}
	return u, nil
}

// add counts a use, and widens the time that was watched to it.
func (e *events) add(u Use) {
	if e.o.Since.IsZero() || u.First.Before(e.o.Since) {
		e.o.Since = u.First
	}
	if u.Last.After(e.o.Until) {
		e.o.Until = u.Last
	}
	key := fmt.Sprint(u.PID, u.TID, u.UID, u.GID, u.Effective, u.Cap, u.Allowed, u.Audit, u.InSetID, u.Current, u.Target, u.Granting, "\x00", u.Comm, "\x00", u.Container, "\x00", u.Syscall)
	i, known := e.at[key]
	switch {
	case known:
		e.o.Uses[i].merge(&u)
	case len(e.o.Uses) >= maxUses:
		e.o.Lost += u.Count
	default:
		e.at[key] = len(e.o.Uses)
		e.o.Uses = append(e.o.Uses, u)
	}
}

// merge counts v, which is alike, in.
func (u *Use) merge(v *Use) {
	u.Count += v.Count
	if v.First.Before(u.First) {
		u.First = v.First
	}
	if !v.Last.Before(u.Last) {
		u.Last = v.Last
		if len(v.Stack) > 0 {
			u.Stack = v.Stack
		}
	}
}
