package advise

import (
	"fmt"
	"time"

	"capview/inspect"
	"capview/inspect/caps"
)

// slack is how far apart a process's start and the tracer's clock may be: boot times are in whole seconds.
const slack = time.Second

// Target is what is to be advised: a group's own processes, or one process.
type Target struct {
	Name      string             // as it was asked for
	Container *inspect.Container // nil: of none
	Processes []*inspect.Process // without helpers, kernel threads and the dead
	One       bool               // the first of Processes and what it started, not all of Container
}

// Advise judges what the target's processes, of which there must be one, hold by what was seen of them.
func Advise(ix *inspect.Index, o *Observation, t Target) Advice {
	a := Advice{Target: t.Name, Observed: Period{Since: o.Since, Until: o.Until, Seconds: o.watched().Seconds(), Lost: o.Lost, Only: o.Only}}
	first := firstOf(ix, t)
	uses, astray := relevant(ix, o, t)
	a.Observed.Watched = watchedTarget(ix, o, t, len(uses) > 0)

	n := holders(t.Processes, first)
	setup := n.attribute(uses)
	all := n.all
	s := &a.Group
	s.Label, s.Bounding, s.Notes = t.Name, n.most, []string{}
	if c := t.Container; c != nil {
		s.Container, s.Label, s.Kind, s.Runtime = c.Key, ix.Label(c), c.Kind, c.Runtime
	}
	if t.One {
		s.Label = fmt.Sprintf("%s (%d)", first.Comm, first.PID)
	}
	s.StartSeen = startSeen(ix, o, first)
	s.Seconds = lived(ix, o, first).Seconds()
	for _, h := range all {
		p := h.p
		if p == nil {
			p = first
		}
		h.judge(ix, watch{lived(ix, o, p), startSeen(ix, o, p), blind(o, a.Observed.Watched), asUser(ix, t.Container, p), n.strays(astray)})
		h.Notes = append(h.ways(h.Notes), h.hints()...)
	}
	s.sum(all)
	s.note(o, all, setup)
	s.Nearest = nearest(s.Keep|s.Unknown, s.Runtime)
	a.recommend(ix, all, first)
	for _, h := range all {
		h.finish()
		a.Credentials = append(a.Credentials, h.Credential)
	}
	s.finish()
	return a
}

// finish makes empty lists of none, for JSON.
func (l *Lists) finish() {
	if l.Capabilities == nil {
		l.Capabilities = []Judgement{}
	}
}

func (h *holder) finish() {
	h.Lists.finish()
	if h.Notes == nil {
		h.Notes = []string{}
	}
}

// firstOf is the process that the runtime started.
func firstOf(ix *inspect.Index, t Target) *inspect.Process {
	if t.One || t.Container == nil {
		return t.Processes[0]
	}
	if p := ix.FirstProcess(t.Container.Key); p != nil {
		return p
	}
	oldest := t.Processes[0]
	for _, p := range t.Processes {
		if p.StartTime < oldest.StartTime {
			oldest = p
		}
	}
	return oldest
}

// started is when p began; false where the snapshot does not tell.
func started(ix *inspect.Index, p *inspect.Process) (time.Time, bool) {
	hz := ix.Host.ClockTicks
	if ix.Host.BootTime <= 0 || hz <= 0 || p == nil {
		return time.Time{}, false
	}
	s, rest := p.StartTime/uint64(hz), p.StartTime%uint64(hz)
	return time.Unix(ix.Host.BootTime+int64(s), int64(rest)*int64(time.Second)/hz), true
}

// startSeen tells whether p began after the watching did. Within slack of it that cannot be told.
func startSeen(ix *inspect.Index, o *Observation, p *inspect.Process) inspect.Opt[bool] {
	at, known := started(ix, p)
	switch {
	case !known || o.watched() == 0:
		return inspect.Opt[bool]{}
	case at.Before(o.Since.Add(-slack)):
		return inspect.Some(false)
	case at.After(o.Since.Add(slack)):
		return inspect.Some(true)
	}
	return inspect.Opt[bool]{}
}

// lived is how long p was watched.
func lived(ix *inspect.Index, o *Observation, p *inspect.Process) time.Duration {
	d := o.watched()
	if at, known := started(ix, p); known && d > 0 && at.After(o.Since) {
		d = max(o.Until.Sub(at), 0)
	}
	return d
}

// asUser tells whether p's container was to start as the user that p is, and that is not root.
func asUser(ix *inspect.Index, c *inspect.Container, p *inspect.Process) bool {
	if c == nil {
		return false
	}
	declared, _ := c.Declared.Get()
	user, asked := declared.User.Get()
	uid, read := insideUID(ix, p)
	return asked && read && user.UID == uid && uid != 0
}

// blind is why nothing can be called unused; "" where it can.
func blind(o *Observation, watched string) string {
	switch {
	case o.watched() == 0:
		return "how long it was watched is not known"
	case o.Only != "":
		return "only " + o.Only + " were watched"
	case watched != "yes":
		return watched
	case o.Lost > 0:
		return fmt.Sprintf("not seen, but %d checks were lost", o.Lost)
	}
	return ""
}

// boundingOf is what the container's own processes have in their bounding sets, or hold; unknown where none could be read.
func boundingOf(all []*holder) inspect.Opt[caps.Set] {
	var union caps.Set
	known := false
	for _, h := range all {
		if sets, ok := h.sets(); ok && h.Apart == "" {
			union, known = union|sets.Union(), true
		}
	}
	if !known {
		return inspect.Opt[caps.Set]{}
	}
	return inspect.Some(union)
}
