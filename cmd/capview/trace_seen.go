package main

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"capview/inspect"
	"capview/inspect/advise"
	"capview/ui"
	"capview/ui/view"
)

// sight is what was seen, as it was last told.
type sight struct {
	*inspect.Seen
	of     *inspect.Index
	counts int
	alive  []inspect.ProcessID // followed one by one, when of was new
}

// Report is where the trace stands.
func (s *session) Report() ui.Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := ui.Report{Rung: string(s.running.Rung()), Since: s.since, Until: s.until, Lost: s.x.Lost(), Ended: s.ended}
	for _, c := range s.x.Checks() {
		switch {
		case c.Hidden():
			continue
		case c.Denied:
			r.Denied += c.Count
		}
		r.Checks += c.Count
	}
	for _, u := range s.x.Unattributed() {
		r.Checks += u.Count
		if u.Denied {
			r.Denied += u.Count
		}
	}
	s.see()
	r.Seen = s.seen.Seen
	return r
}

// see brings seen up to date; where nothing has changed it stays the same.
func (s *session) see() {
	last := &s.seen
	if last.Seen != nil && last.of == s.ix && last.counts == s.counts {
		return
	}
	if last.of != s.ix && s.until.IsZero() && !s.w.all {
		if alive, err := s.running.Following(); err == nil {
			last.alive = alive
		}
	}
	next := s.attribute(last.alive)
	last.of, last.counts = s.ix, s.counts
	if last.Seen == nil || !maps.Equal(last.Processes, next.Processes) || !maps.Equal(last.Containers, next.Containers) {
		last.Seen = next
	}
}

// attribute tells for each row of a list what was seen: a check of a process that has ended counts for the nearest of those
// that it descends from which is there and in the same container, and for its container.
func (s *session) attribute(alive []inspect.ProcessID) *inspect.Seen {
	seen := &inspect.Seen{Everywhere: s.w.all, Except: itself(s.ix), Processes: map[inspect.ProcessID]inspect.Sight{}, Containers: s.containers()}
	for _, id := range alive {
		seen.Processes[id] = inspect.Sight{}
	}
	for _, p := range s.ix.Processes {
		if _, whole := seen.Containers[p.Container]; whole && !s.w.all && p.Role != inspect.RoleHelper {
			seen.Processes[inspect.ProcessID{PID: p.PID, StartTime: p.StartTime}] = inspect.Sight{}
		}
	}
	k := kinOf(s.ix, s.x)
	for _, c := range s.x.Checks() {
		if c.Hidden() || c.Creds == inspect.CredsOther {
			continue
		}
		key := s.w.place(checkSubject{&c.Check, c.PPID, c.CurrentUserNS}).Key
		p := k.row(c, key)
		if p != nil {
			id := inspect.ProcessID{PID: p.PID, StartTime: p.StartTime}
			sight := seen.Processes[id]
			sight.See(c)
			seen.Processes[id] = sight
		}
		if whole, ok := seen.Containers[key]; ok && (p == nil || p.Role != inspect.RoleHelper) {
			whole.See(c)
			seen.Containers[key] = whole
		}
	}
	return seen
}

// containers is those of which every process is traced, with nothing seen yet.
func (s *session) containers() map[string]inspect.Sight {
	whole := map[string]inspect.Sight{}
	if s.w.all {
		for i := range s.ix.Containers {
			whole[s.ix.Containers[i].Key] = inspect.Sight{}
		}
	}
	for _, name := range s.w.told {
		if c := s.ix.Container(name); c != nil {
			if s.w.ownCgroup(c) || c.Kind == inspect.KindUserNS {
				whole[name] = inspect.Sight{}
			}
		}
	}
	return whole
}

// kin is who descends from whom, of those that made checks and have ended.
type kin struct {
	ix     *inspect.Index
	parent map[inspect.ProcessID]int
	latest map[int]inspect.ProcessID // by PID
}

func kinOf(ix *inspect.Index, x *inspect.Exercise) kin {
	k := kin{ix, map[inspect.ProcessID]int{}, map[int]inspect.ProcessID{}}
	for _, c := range x.Checks() {
		id := c.Process()
		if _, known := k.parent[id]; known {
			continue
		}
		k.parent[id] = c.PPID
		if last, known := k.latest[id.PID]; !known || last.StartTime < id.StartTime {
			k.latest[id.PID] = id
		}
	}
	return k
}

// deepest bounds how far up descent is looked for.
const deepest = 64

// above calls f with a process and those that it descends from, as far as they are known, until it returns true.
func (k *kin) above(id inspect.ProcessID, ppid int, f func(inspect.ProcessID, *inspect.Process) bool) {
	for range deepest {
		p := k.ix.Process(id.PID)
		if p != nil && p.StartTime != id.StartTime {
			p = nil
		}
		if f(id, p) {
			return
		}
		if p != nil {
			ppid = p.PPID
		} else if up, known := k.parent[id]; known {
			ppid = up
		}
		up := k.ix.Process(ppid)
		switch last, known := k.latest[ppid]; {
		case up != nil && up.StartTime <= id.StartTime:
			id = inspect.ProcessID{PID: up.PID, StartTime: up.StartTime}
		case known && last.StartTime <= id.StartTime && last != id:
			id = last
		default:
			return
		}
	}
}

// row is the process in whose row a check of a process in the container with that key stands; nil for none. The first
// process of all is the parent of every orphan: it has started none of them.
func (k *kin) row(c *inspect.CheckCount, key string) (row *inspect.Process) {
	k.above(c.Process(), c.PPID, func(id inspect.ProcessID, p *inspect.Process) bool {
		if p == nil {
			return false
		}
		if id == c.Process() || p.Container == key && p.PID != 1 {
			row = p
		}
		return true
	})
	return row
}

// chooser tells which checks are of those that are meant.
func (s *session) chooser(of ui.Whom) func(*inspect.CheckCount) bool {
	switch {
	case of.Node:
		return func(*inspect.CheckCount) bool { return true }
	case of.Container != "":
		return func(c *inspect.CheckCount) bool {
			return s.w.place(checkSubject{&c.Check, c.PPID, c.CurrentUserNS}).Key == of.Container
		}
	}
	k := kinOf(s.ix, s.x)
	known := map[inspect.ProcessID]bool{}
	return func(c *inspect.CheckCount) bool {
		is, asked := known[c.Process()]
		if !asked {
			k.above(c.Process(), c.PPID, func(id inspect.ProcessID, _ *inspect.Process) bool {
				is = slices.Contains(of.Processes, id)
				return is
			})
			known[c.Process()] = is
		}
		return is
	}
}

// shownEvents is how many single checks a page shows.
const shownEvents = 200

// Checks is what was seen of some.
func (s *session) Checks(of ui.Whom, all bool) *view.Checks {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.see()
	var got view.Checks
	mine := s.chooser(of)
	for _, c := range s.x.Checks() {
		switch {
		case !mine(c):
		case c.Hidden() && !all:
			got.Left += c.Count
		default:
			got.Counts = append(got.Counts, *c)
		}
	}
	s.events.each(func(e *inspect.Event) {
		c := inspect.CheckCount{Check: e.Check, PPID: e.PPID, CurrentUserNS: e.CurrentUserNS}
		if (all || !e.Hidden()) && mine(&c) {
			got.Events = append(got.Events, *e)
		}
	})
	slices.SortStableFunc(got.Events, func(a, b inspect.Event) int { return a.Time.Compare(b.Time) })
	got.Events = got.Events[max(0, len(got.Events)-shownEvents):]
	for _, u := range s.x.Unattributed() {
		got.Loose += u.Count
	}
	got.Elsewhere = s.elsewhere(of)
	return &got
}

// elsewhere is why not all of some is traced; "" where it is.
func (s *session) elsewhere(of ui.Whom) string {
	if of.Node || s.w.all {
		if len(of.Processes) == 1 && of.Processes[0] == s.seen.Except {
			return "This is capview itself: a tracer does not look at itself."
		}
		return ""
	}
	if of.Container != "" {
		if _, whole := s.seen.Containers[of.Container]; whole {
			return ""
		}
		c := s.ix.Container(of.Container)
		if c == nil {
			return "It is not there any more."
		}
		return s.partly(groupOf(s.ix, c).Processes)
	}
	var there []*inspect.Process
	for _, id := range of.Processes {
		if p := s.ix.Process(id.PID); p != nil && p.StartTime == id.StartTime {
			there = append(there, p)
		}
	}
	return s.partly(there)
}

func (s *session) partly(ps []*inspect.Process) string {
	watched := 0
	for _, p := range ps {
		if s.seen.Process(p).Known() {
			watched++
		}
	}
	switch {
	case len(ps) == 0:
		return "It has ended."
	case watched == 0 && !s.until.IsZero():
		return "It was not traced: something else was. t traces it."
	case watched == 0:
		return "Not traced: something else is. t ends that, and t again traces this."
	case watched < len(ps):
		return "Only " + strconv.Itoa(watched) + " of its " + strconv.Itoa(len(ps)) + " processes are traced, and what they start."
	}
	return ""
}

// Advise is what could be dropped, by what was seen so far.
func (s *session) Advise(ctx context.Context, of ui.Whom) (*inspect.Index, *advise.Advice, error) {
	s.mu.Lock()
	ix := s.ix
	s.mu.Unlock()
	name := of.Container
	if name == "" && len(of.Processes) == 1 {
		name = strconv.Itoa(of.Processes[0].PID)
	}
	if name == "" {
		return nil, nil, trouble("", "advice is for a container or a process")
	}
	target, err := s.app.adviseTarget(ctx, ix, s.w.live, name)
	if err != nil {
		return nil, nil, err
	}
	target.Name = of.Name
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := &advise.Observation{Since: s.whole, Until: s.until, Targets: s.w.told, Everywhere: s.w.all, Lost: s.x.Lost().Missed + s.x.Lost().Children}
	if s.until.IsZero() {
		seen.Until = s.app.now()
	}
	seen.Uses = advise.UsesOf(s.x.Checks(), s.x.Unattributed(), s.firsts, func(c *inspect.CheckCount) string {
		return s.w.place(checkSubject{&c.Check, c.PPID, c.CurrentUserNS}).Key
	})
	advice := advise.Advise(ix, seen, target)
	return ix, &advice, nil
}

var _ ui.Trace = (*session)(nil)
var _ tracer = followers{}
