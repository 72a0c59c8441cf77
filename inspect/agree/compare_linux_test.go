package agree

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"capview/inspect"
)

// tally is what was compared.
type tally struct {
	all                        bool // threads that are like their leader are told of, too
	processes, threads, fields int
	races                      int // fields that procfs itself showed to have changed meanwhile
	forgiven                   int // fields that were the same when both were read again
}

func (t *tally) String() string {
	return fmt.Sprintf("%d fields of %d processes and %d threads compared; %d changed meanwhile by procfs's own account, %d were the same when read again",
		t.fields, t.processes, t.threads, t.races, t.forgiven)
}

// disagreement is a field of a process that the engines do not agree on.
type disagreement struct {
	pid   int
	start uint64
	field string
}

// facts is a process's fields by name. What only the kernel tells is not among them, nor what is made of others; nor a thread
// that only the kernel tells from its leader, unless all of them are told of.
func (tl *tally) facts(p *inspect.Process) map[string]any {
	out := map[string]any{}
	fill("", reflect.ValueOf(plain(*p)), out)
	threads := map[int]inspect.Thread{}
	for _, t := range p.Threads {
		t.Creds = plainCreds(t.Creds)
		if !tl.all && t.Creds == plainCreds(p.Creds) && t.UID == p.UID && t.GID == p.GID {
			continue
		}
		threads[t.TID] = t
	}
	out["Threads"] = threads
	var gaps []string
	for _, g := range p.Gaps {
		switch g.What {
		case "securebits", "seccomp.stack", "iterator", "procfs":
		default:
			gaps = append(gaps, g.What+": "+g.Why)
		}
	}
	slices.Sort(gaps)
	out["Gaps"] = strings.Join(gaps, "; ")
	return out
}

func fill(prefix string, v reflect.Value, out map[string]any) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Anonymous {
			fill(prefix, v.Field(i), out)
			continue
		}
		out[prefix+f.Name] = v.Field(i).Interface()
	}
}

func plain(p inspect.Process) inspect.Process {
	p.Creds = plainCreds(p.Creds)
	p.Threads, p.Gaps = nil, nil
	return p
}

func plainCreds(c inspect.Creds) inspect.Creds {
	c.SecureBits = inspect.Opt[uint32]{}
	if s, ok := c.Seccomp.Get(); ok {
		s.Stack = inspect.Opt[inspect.FilterStack]{}
		c.Seccomp = inspect.Some(s)
	}
	return c
}

// compare holds what the kernel's engine saw to what procfs showed before and after it. This process is left out: its threads
// do other things while it looks by one engine than by the other, each time.
func (t *tally) compare(before, engine, after *inspect.Index, found map[disagreement]string) {
	for _, e := range engine.Processes {
		b, a := before.Process(e.PID), after.Process(e.PID)
		if e.PID == os.Getpid() || b == nil || a == nil || b.StartTime != e.StartTime || a.StartTime != e.StartTime {
			continue
		}
		t.processes++
		t.threads += e.ThreadCount
		fb, fe, fa := t.facts(b), t.facts(e), t.facts(a)
		for name := range fe {
			t.fields++
			switch {
			case !reflect.DeepEqual(fb[name], fa[name]):
				t.races++
			case !reflect.DeepEqual(fb[name], fe[name]):
				found[disagreement{e.PID, e.StartTime, name}] = fmt.Sprintf("pid %d (%s) %s: procfs %.300v, kernel %.300v", e.PID, e.Comm, name, show(fb[name]), show(fe[name]))
			}
		}
	}
}

// settle forgives what was found once and is not found again: a process that changes all the time may look the same to
// procfs twice, and not in between. More tells whether what is new is to be looked at again.
func (t *tally) settle(unsettled, found map[disagreement]string, more bool) {
	for d := range unsettled {
		if _, still := found[d]; !still {
			delete(unsettled, d)
			t.forgiven++
		}
	}
	for d, text := range found {
		if _, already := unsettled[d]; already || more {
			unsettled[d] = text
		}
	}
}

// show prints what is in an Opt.
func show(v any) string { return fmt.Sprintf("%+v", v) }

// missing is the PIDs that procfs showed before and after, and the engine did not.
func missing(before, engine, after *inspect.Index) (pids []int) {
	for _, b := range before.Processes {
		a := after.Process(b.PID)
		if e := engine.Process(b.PID); a != nil && a.StartTime == b.StartTime && (e == nil || e.StartTime != b.StartTime) {
			pids = append(pids, b.PID)
		}
	}
	return pids
}
