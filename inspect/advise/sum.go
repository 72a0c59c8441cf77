package advise

import (
	"fmt"
	"slices"

	"capview/inspect/caps"
)

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
		s.Notes = append(s.Notes, fmt.Sprintf("%d checks were made by its runtime or with more than it was given (by who entered it, or in a user namespace of their own): they do not count", setup))
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
