package advise

import (
	"fmt"
	"strings"
	"time"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/inspect/rules"
)

// watch is what was watched, as far as it bears on one credential.
type watch struct {
	period time.Duration     // 0 not known
	start  inspect.Opt[bool] // from the start on
	blind  string            // why nothing can be called unused; "" where it can
	user   bool              // it was started as a user that is not root, so never held more
	astray caps.Set          // exercised by processes that may have been its own
}

// judge fills in the verdicts of a credential.
func (h *holder) judge(ix *inspect.Index, w watch) {
	h.Seconds = w.period.Seconds()
	sets, known := h.sets()
	all := sets.Union()
	counts := h.count()
	for c := range counts {
		all |= caps.Of(c)
	}
	reach, gain := h.reach(ix, sets)
	all.Each(func(c caps.Cap) {
		t := counts[c]
		if t == nil {
			t = &tally{}
		}
		j := Judgement{Cap: c, Name: c.String(), Held: heldIn(sets, c), Allowed: t.allowed, Perhaps: t.perhaps, Noise: t.noise, Denied: t.denied, Last: t.last, Why: []string{}}
		if h.Gone {
			j.Held = "effective"
			if !sets.Effective.Has(c) {
				j.Held = ""
			}
		}
		h.decide(&j, t, w, reach, gain)
		if j.Verdict == "" {
			return
		}
		if t.denied > 0 {
			h.Wanted |= caps.Of(c)
			j.Denial = h.denial(ix, c, t)
		}
		h.enter(j)
	})
	if !known {
		h.Notes = append(h.Notes, "its capability sets could not be read: only what it exercised is known")
	}
}

// enter puts a judgement into the lists.
func (l *Lists) enter(j Judgement) {
	one := caps.Of(j.Cap)
	switch j.Verdict {
	case Keep:
		l.Keep |= one
	case Drop:
		l.Drop |= one
		if j.NoEffect {
			l.NoEffect |= one
		}
	case Unknown:
		l.Unknown |= one
	}
	l.Capabilities = append(l.Capabilities, j)
}

// decide is the verdict on one capability.
func (h *holder) decide(j *Judgement, t *tally, w watch, reach *rules.Reach, gain string) {
	switch {
	case t.allowed > 0:
		j.Verdict, j.Confidence = Keep, Certain
	case t.perhaps > 0:
		j.Verdict, j.Confidence = Unknown, None
		j.Why = append(j.Why, t.why...)
	case j.Held == "" && t.denied > 0:
		j.Verdict, j.Confidence = Wanted, Certain
	case j.Held == "" || h.Gone: // noise about what is not held, or unused by who is gone
	case h.fileNeeds(j):
		j.Verdict, j.Confidence = Keep, Certain
	case reach != nil && reach.Works(j.Cap) == (rules.Works{}):
		j.Verdict, j.Confidence, j.NoEffect = Drop, Certain, true
		j.Why = append(j.Why, "it can do nothing: all that it is asked for is checked against another user namespace than the one it is held in")
	case onlyReach(j.Held) && gain != "" && (w.user || w.start.Or(false)):
		j.Verdict, j.Confidence, j.NoEffect = Drop, Certain, true
		j.Why = append(j.Why, gain)
	default:
		h.unused(j, t, w)
	}
}

// unused is the verdict on what was not exercised.
func (h *holder) unused(j *Judgement, t *tally, w watch) {
	m := momentsOf(j.Cap)
	start, known := w.start.Get()
	switch {
	case w.blind != "":
		j.Verdict, j.Confidence = Unknown, None
		j.Why = append(j.Why, w.blind)
		return
	case w.period == 0:
		j.Verdict, j.Confidence = Unknown, None
		j.Why = append(j.Why, "it began after what was watched")
		return
	case w.astray.Has(j.Cap):
		j.Verdict, j.Confidence = Unknown, None
		j.Why = append(j.Why, "exercised by processes that ended before it was known which container they were of")
		return
	case m&atStart != 0 && !start:
		j.Verdict, j.Confidence = Unknown, None
		seen := "was not seen"
		if !known {
			seen = "may not have been seen"
		}
		j.Why = append(j.Why, "not exercised, but programs ask for it at "+m.String()+", and its start-up "+seen)
		return
	}
	j.Verdict, j.Confidence = Drop, trust(w.period, m)
	j.Why = append(j.Why, "not exercised in "+duration(w.period))
	if later := m &^ atStart; later != 0 {
		j.Why = append(j.Why, "programs may ask for it at "+later.String()+", which need not have been seen")
	}
	if onlyReach(j.Held) {
		j.Why = append(j.Why, "it is not held, but an execve could give it: to root, by a set-user-ID program or by file capabilities")
	}
	if t.noise > 0 {
		j.Why = append(j.Why, t.why...)
	}
}

// trust grows with the time; what is asked for at rare moments is trusted less.
func trust(period time.Duration, m moments) Confidence {
	grades := []Confidence{Weak, Fair, Good}
	i := 0
	switch {
	case period >= 24*time.Hour:
		i = 2
	case period >= time.Hour:
		i = 1
	}
	if m&^atStart == 0 && period >= 10*time.Minute {
		i = min(i+1, len(grades)-1)
	}
	return grades[i]
}

// duration is a time as people say it: "30s", "2m", "1h5m".
func duration(d time.Duration) string {
	text := d.Round(time.Second).String()
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	if d >= time.Minute {
		text = strings.TrimSuffix(text, "0s")
		if d >= time.Hour {
			text = strings.TrimSuffix(text, "0m")
		}
	}
	return text
}

// reach is where the capabilities would work were all of them effective, and why those in the bounding set alone can
// never be gained; "" where they can.
func (h *holder) reach(ix *inspect.Index, sets caps.Sets) (_ *rules.Reach, gain string) {
	if h.p == nil {
		return nil, ""
	}
	u, t := ix.Users(), ix.Task(h.p)
	if ids, ok := h.UID.Get(); ok {
		t.UID = inspect.Some(rules.IDs(ids))
	}
	t.Caps = inspect.Some(caps.Sets{Effective: sets.Union()})
	if h.NNP.Or(false) {
		gain = "it is not held, and no_new_privs keeps every execve from giving it"
	}
	return rules.ReachOf(&u, &t, ix.HostNamespaces()), gain
}

// denial says what a denied check means, and whether holding the capability would have helped.
func (h *holder) denial(ix *inspect.Index, c caps.Cap, t *tally) string {
	text := "denied " + Times(t.denied)
	if t.lastDenied.Syscall != "" {
		text += ", last in " + t.lastDenied.Syscall
	}
	target, known := t.lastDenied.Target.Get()
	users := ix.Users()
	if known && h.Users != 0 && users.Within(target, h.Users) == fact.No {
		if target == users.Initial() {
			return text + ": it was asked for over the host, where nothing that is held in a user namespace of its own counts; it cannot be granted there"
		}
		return text + fmt.Sprintf(": it was asked for over user namespace %d, where what is held in its own does not count", target)
	}
	return text + "; whether the program does without cannot be told"
}

// Times is how often, in words: "once", "7 times".
func Times(n uint64) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}

// heldIn lists the sets that have c.
func heldIn(s caps.Sets, c caps.Cap) string {
	var in []string
	for _, set := range []struct {
		name string
		set  caps.Set
	}{{"effective", s.Effective}, {"permitted", s.Permitted}, {"inheritable", s.Inheritable}, {"ambient", s.Ambient}, {"bounding", s.Bounding}} {
		if set.set.Has(c) {
			in = append(in, set.name)
		}
	}
	return strings.Join(in, ",")
}

// onlyReach tells of a capability that is not held, but within reach of an execve.
func onlyReach(held string) bool {
	return held != "" && !strings.Contains(held, "effective") && !strings.Contains(held, "permitted")
}
