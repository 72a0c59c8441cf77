package advise

import (
	"fmt"
	"slices"
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
	bounding := boundingOf(n.all)
	setup := n.attribute(uses, bounding)
	all := n.all
	s := &a.Group
	s.Label, s.Bounding, s.Notes = t.Name, bounding, []string{}
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
		h.judge(ix, watch{lived(ix, o, p), startSeen(ix, o, p), blind(o, a.Observed.Watched), asUser(ix, t.Container, p), strays(astray, bounding)})
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

// sum is the container's lists: a capability is kept where any credential keeps it, dropped where none does and none
// leaves it open. What processes do that stand apart does not count.
func (s *Subject) sum(all []*holder) {
	bestOf := map[caps.Cap]*Judgement{}
	for _, h := range all {
		if h.Apart != "" {
			continue
		}
		s.Wanted |= h.Wanted
		for _, j := range h.Capabilities {
			if best := bestOf[j.Cap]; best == nil {
				copied := j
				copied.Why = slices.Clone(j.Why)
				bestOf[j.Cap] = &copied
			} else {
				best.merge(j)
			}
		}
	}
	var order caps.Set
	for c := range bestOf {
		order |= caps.Of(c)
	}
	order.Each(func(c caps.Cap) { s.enter(*bestOf[c]) })
}

// verdictRank orders verdicts by which of two credentials' decides; confidenceRank by which of two can be trusted less.
var (
	verdictRank    = map[Verdict]int{Keep: 3, Unknown: 2, Drop: 1, Wanted: 0}
	confidenceRank = map[Confidence]int{None: 0, Weak: 1, Fair: 2, Good: 3, Certain: 4}
)

// merge adds what another credential has of the same capability.
func (j *Judgement) merge(k Judgement) {
	a, b := verdictRank[j.Verdict], verdictRank[k.Verdict]
	switch {
	case b > a:
		j.Verdict, j.Confidence, j.NoEffect, j.Held, j.Why, j.Last = k.Verdict, k.Confidence, k.NoEffect, k.Held, slices.Clone(k.Why), k.Last
	case a == b:
		j.NoEffect = j.NoEffect && k.NoEffect
		if confidenceRank[k.Confidence] < confidenceRank[j.Confidence] {
			j.Confidence, j.Why = k.Confidence, slices.Clone(k.Why)
		}
		if len(k.Held) > len(j.Held) {
			j.Held = k.Held
		}
		if k.Last != nil && (j.Last == nil || k.Last.At.After(j.Last.At)) {
			j.Last = k.Last
		}
	}
	if j.Denial == "" {
		j.Denial = k.Denial
	}
	j.Allowed, j.Perhaps, j.Noise, j.Denied = j.Allowed+k.Allowed, j.Perhaps+k.Perhaps, j.Noise+k.Noise, j.Denied+k.Denied
}

// note says what bears on the whole.
func (s *Subject) note(o *Observation, all []*holder, setup uint64) {
	if seen, known := s.StartSeen.Get(); known && !seen {
		s.Notes = append(s.Notes, "its start-up was not seen: watch the node while it is started anew, to learn what it needs then")
	}
	if setup > 0 {
		s.Notes = append(s.Notes, fmt.Sprintf("%d checks were made by its runtime, or whoever entered it, with more than it was given: they do not count", setup))
	}
	if o.Lost > 0 {
		s.Notes = append(s.Notes, fmt.Sprintf("%d checks were lost: nothing that was not seen is called unused", o.Lost))
	}
	for _, h := range all {
		if h.Apart != "" {
			s.Notes = append(s.Notes, fmt.Sprintf("%s (%d) does not count for the container: %s", h.Comm, h.PIDs[0], h.Apart))
		}
	}
}

// hints are what could be had with less than is kept.
func (h *holder) hints() (notes []string) {
	h.Keep.Each(func(c caps.Cap) {
		if less, ok := h.smaller(c); ok {
			notes = append(notes, fmt.Sprintf("%s was exercised only where %s would have done, which the kernel asked for first", c.Short(), less.Short()))
		}
	})
	for _, j := range h.Capabilities {
		if j.Cap == caps.DACReadSearch && j.Verdict == Keep && h.Keep.Has(caps.DACOverride) && (j.Last == nil || j.Last.Syscall != "open_by_handle_at") {
			notes = append(notes, "dac_read_search could go as well: dac_override does for reading files and searching directories")
		}
	}
	return notes
}

// nearest is the runtime's own default, or of all the one that differs least.
func nearest(s caps.Set, runtime string) Nearest {
	of := func(d caps.Default) Nearest { return Nearest{d.Name, s &^ d.Set, d.Set &^ s} }
	if d, ok := caps.DefaultFor(runtime); ok {
		return of(caps.Default{Name: runtime, Set: d})
	}
	best := of(caps.Defaults[0])
	for _, d := range caps.Defaults[1:] {
		if n := of(d); n.More.Count()+n.Less.Count() < best.More.Count()+best.Less.Count() {
			best = n
		}
	}
	return best
}

// recommend is the five sets for the first process: what is kept, and what cannot be told. A capability is ambient where it
// is so now, or where the process is not root, has it effective and its file does not give it.
func (a *Advice) recommend(ix *inspect.Index, all []*holder, first *inspect.Process) {
	set := a.Group.Keep | a.Group.Unknown
	r := &a.Recommended
	r.Caps = caps.Sets{Bounding: set, Permitted: set, Effective: set}
	r.NoNewPrivs = commonNNP(all)
	for _, h := range all {
		sets, known := h.sets()
		if h.p == nil || !known || h.Apart != "" {
			continue
		}
		if f, ok := fileCaps(h.p); ok && h.nonRoot(ix) {
			r.FromFile |= f.Permitted & sets.Permitted &^ sets.Ambient & set
		}
	}
	sets, known := first.Caps.Get()
	if ids, ok := first.UID.Get(); ok {
		r.UID = inspect.Some(ids.Effective)
	}
	if inside, ok := insideUID(ix, first); ok {
		r.UID = inspect.Some(inside)
	}
	if !known || r.UID.Or(0) == 0 {
		return
	}
	r.Caps.Ambient = set & sets.Ambient
	r.Caps.Inheritable = r.Caps.Ambient
	r.Powerless = set & sets.Ambient &^ r.FromFile
}

// nonRoot tells of a credential that is known not to be root's in its user namespace.
func (h *holder) nonRoot(ix *inspect.Index) bool {
	uid, ok := insideUID(ix, h.p)
	return ok && uid != 0
}

// insideUID is p's effective uid as its own user namespace numbers it.
func insideUID(ix *inspect.Index, p *inspect.Process) (uint32, bool) {
	ids, read := p.UID.Get()
	if host, known := ix.InHostUserNS(p); read && known && host {
		return ids.Effective, true
	}
	return ix.InsideUID(p)
}

// commonNNP is no_new_privs where all its own processes agree.
func commonNNP(all []*holder) (common inspect.Opt[bool]) {
	for i, h := range all {
		switch {
		case h.Gone || h.Apart != "":
		case !h.NNP.Known() || i > 0 && common.Known() && common != h.NNP:
			return inspect.Opt[bool]{}
		default:
			common = h.NNP
		}
	}
	return common
}
