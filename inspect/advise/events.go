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
	maxLine = 1 << 22
	maxUses = 200_000
)

// ReadEvents reads what a trace has written as JSON: an object a line for each check, and one at the end with the totals,
// what was watched and what was lost. What the totals have beyond the single checks counts too. Without that last line the
// trace was cut short: it was watched from the first check to the last. An error names the line.
func ReadEvents(r io.Reader) (*Observation, error) {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 1<<16), maxLine)
	e := events{at: map[string]int{}, seen: map[totalKey]uint64{}}
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
	o      Observation
	at     map[string]int      // where in o.Uses those that are alike are
	seen   map[totalKey]uint64 // single checks by the row of the totals that has them
	single uint64              // how many single checks there are
	done   bool                // the totals were read
}

// eventLine is a check as 'capview trace -o json' writes it; keys that are not needed here are passed over.
type eventLine struct {
	TS          *time.Time            `json:"ts"`
	PID         *int                  `json:"pid"`
	TID         int                   `json:"tid"`
	PPID        int                   `json:"ppid"`
	Comm        string                `json:"comm"`
	UID         inspect.Opt[uint32]   `json:"uid"`
	GID         inspect.Opt[uint32]   `json:"gid"`
	Syscall     string                `json:"syscall"` // null outside any
	Cap         *string               `json:"cap"`
	Verdict     *string               `json:"verdict"`
	Audit       inspect.Opt[bool]     `json:"audit"`
	InSetID     inspect.Opt[bool]     `json:"insetid"`
	Current     inspect.Opt[uint64]   `json:"current_userns"`
	Target      inspect.Opt[uint64]   `json:"target_userns"`
	Granting    inspect.Opt[uint64]   `json:"granting_userns"`
	Caps        inspect.Opt[caps.Set] `json:"caps"`
	Container   string                `json:"container"` // null: not known, or none
	Credentials string                `json:"credentials"`
	Probe       inspect.Opt[bool]     `json:"probe"`
	Stack       *struct {
		Kernel []struct {
			Symbol string `json:"symbol"`
			Offset uint64 `json:"offset"`
		} `json:"kernel"`
	} `json:"stack"`
}

// line reads one.
func (e *events) line(text []byte) error {
	var kind struct {
		Totals json.RawMessage `json:"totals"`
	}
	if err := json.Unmarshal(text, &kind); err != nil {
		return wording(err)
	}
	if kind.Totals != nil {
		e.done = true
		var last lastLine
		if err := json.Unmarshal(text, &last); err != nil {
			return wording(err)
		}
		return e.end(&last)
	}
	var line eventLine
	if err := json.Unmarshal(text, &line); err != nil {
		return wording(err)
	}
	u, err := line.use()
	if err != nil {
		return err
	}
	e.widen(u.First)
	e.seen[keyOf(&u)]++
	e.single++
	e.add(u)
	return nil
}

// wording is what encoding/json says, in one line without Go's types.
func wording(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		if wrong.Field == "" {
			return errors.New("it is no JSON object")
		}
		return fmt.Errorf("key %.80q cannot be a %.20s", wrong.Field, wrong.Value)
	}
	text := strings.TrimPrefix(err.Error(), "json: ")
	return fmt.Errorf("it is not what a trace writes: %.200s", text)
}

// use is the check that a line tells of.
func (l *eventLine) use() (u Use, err error) {
	for _, need := range []struct {
		key string
		has bool
	}{{"ts", l.TS != nil}, {"pid", l.PID != nil}, {"cap", l.Cap != nil}, {"verdict", l.Verdict != nil}} {
		if !need.has {
			return u, fmt.Errorf("it has no %q", need.key)
		}
	}
	u = Use{PID: *l.PID, TID: l.TID, PPID: l.PPID, Comm: l.Comm, UID: l.UID, GID: l.GID, Effective: l.Caps, Container: l.Container, Syscall: l.Syscall,
		Audit: l.Audit, InSetID: l.InSetID, Probe: l.Probe, Current: l.Current, Target: l.Target, Granting: l.Granting, Count: 1, First: *l.TS, Last: *l.TS}
	if u.PID < 0 || u.TID < 0 || u.PPID < 0 {
		return u, errors.New("a pid is below zero")
	}
	if l.Stack != nil {
		for _, f := range l.Stack.Kernel {
			if f.Symbol != "" { // null where the kernel hides it
				u.Stack = append(u.Stack, fmt.Sprintf("%s+%#x", f.Symbol, f.Offset))
			}
		}
	}
	if err = u.credentials(l.Credentials); err != nil {
		return u, err
	}
	u.Cap, u.Allowed, err = decision(*l.Cap, *l.Verdict)
	return u, err
}

// credentials reads whose credentials a check was about; "" is not known.
func (u *Use) credentials(word string) error {
	switch word {
	case "":
		return nil
	case "own", "overridden", "other":
		u.Overridden, u.Foreign = inspect.Some(word == "overridden"), inspect.Some(word == "other")
		return nil
	}
	return fmt.Errorf("credentials %.40q: want own, overridden or other", word)
}

func decision(name, verdict string) (c caps.Cap, allowed bool, err error) {
	if c, err = caps.Parse(name); err != nil {
		return c, false, err
	}
	switch verdict {
	case "allow":
		return c, true, nil
	case "deny":
		return c, false, nil
	}
	return c, false, fmt.Errorf("verdict %.40q: want allow or deny", verdict)
}

func keyOf(u *Use) totalKey { return totalKey{u.Cap, u.Allowed, u.Syscall, u.Target, u.Container} }

// widen makes the time that was watched hold a moment.
func (e *events) widen(at time.Time) {
	if e.o.Since.IsZero() || at.Before(e.o.Since) {
		e.o.Since = at
	}
	if at.After(e.o.Until) {
		e.o.Until = at
	}
}

// add counts a use. Those beyond maxUses are lost.
func (e *events) add(u Use) {
	key := fmt.Sprint(u.PID, u.TID, u.UID, u.GID, u.Effective, u.Cap, u.Allowed, u.Audit, u.InSetID, u.Probe, u.Overridden, u.Foreign,
		u.Current, u.Target, u.Granting, "\x00", u.Comm, "\x00", u.Container, "\x00", u.Syscall)
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
