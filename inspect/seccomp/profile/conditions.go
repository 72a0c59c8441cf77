package profile

import (
	"math"
	"slices"

	"capview/inspect/seccomp"
)

// region is the arguments for which a decision has an action.
type region struct {
	action seccomp.Action
	args   [6]values
}

const (
	tooIntricate = "its conditions take more rules than are written"
	ofPointer    = "it depends on the instruction pointer, which profiles cannot compare"
)

// The bounds of what is written of one system call. A filter that a container began with has a handful of regions.
const (
	maxRules   = 256
	maxRegions = 128
)

// conditional is the rules whose actions a decision has besides the default. Why says what cannot be written, "" where
// nothing is in the way.
func conditional(d seccomp.Decision, fallback seccomp.Action, narrow bool) (rules []rule, why string) {
	regions, why := regionsOf(d, narrow)
	if why != "" {
		return nil, why
	}
	regions = merge(regions)
	for i := range regions {
		regions[i].widen(regions)
	}
	regions = merge(regions)
	for _, simple := range []bool{false, true} {
		rules = nil
		for _, r := range regions {
			if r.action != fallback {
				rules = append(rules, r.rules(simple)...)
			}
			if len(rules) > maxRules {
				return nil, tooIntricate
			}
		}
		rules = distinct(rules)
		if !mistaken(rules, true) && !mistaken(rules, false) {
			return rules, ""
		}
	}
	return rules, faulty
}

// regionsOf is a decision's paths.
func regionsOf(d seccomp.Decision, narrow bool) (regions []region, why string) {
	if d.Unknown != "" {
		return nil, d.Unknown
	}
	if len(d.Paths) > maxRegions {
		return nil, tooIntricate
	}
	for _, p := range d.Paths {
		r := region{action: p.Action.Effective()}
		for _, t := range p.Tests {
			if t.Word < seccomp.WordArgs {
				return nil, ofPointer
			}
		}
		for i := range r.args {
			var ok bool
			if r.args[i], ok = valuesOf(p.Tests, seccomp.Word(i), narrow); !ok {
				return nil, tooIntricate
			}
		}
		if !slices.ContainsFunc(r.args[:], values.empty) {
			regions = append(regions, r)
		}
	}
	return regions, ""
}

func (v values) empty() bool { return !v.all && len(v.spans) == 0 && len(v.cubes) == 0 }

// merge joins regions of one action that differ in one argument alone.
func merge(regions []region) []region {
	for again := true; again; {
		again = false
		for i := 0; i < len(regions); i++ {
			for j := i + 1; j < len(regions); j++ {
				if joined, ok := regions[i].join(&regions[j]); ok {
					regions[i] = joined
					regions = slices.Delete(regions, j, j+1)
					again = true
					j--
				}
			}
		}
	}
	return regions
}

func (r *region) join(other *region) (region, bool) {
	at := -1
	for i := range r.args {
		if r.args[i].equal(other.args[i]) {
			continue
		}
		if at >= 0 {
			return region{}, false
		}
		at = i
	}
	switch {
	case r.action != other.action:
		return region{}, false
	case at < 0:
		return *r, true
	}
	a, b := r.args[at], other.args[at]
	joined := *r
	switch {
	case a.all || b.all:
		joined.args[at] = values{all: true}
	case a.spans == nil || b.spans == nil:
		return region{}, false
	default:
		joined.args[at] = values{spans: tidy(slices.Concat(a.spans, b.spans)), narrow: a.narrow}
		if joined.args[at].spans[0] == (span{0, math.MaxUint64}) {
			joined.args[at] = values{all: true}
		}
	}
	return joined, true
}

// widen drops what a region says of an argument where no region of another action is in the way.
func (r *region) widen(regions []region) {
	for i := range r.args {
		if r.args[i].all {
			continue
		}
		was := r.args[i]
		r.args[i] = values{all: true}
		if slices.ContainsFunc(regions, func(o region) bool { return o.action != r.action && r.meets(&o) }) {
			r.args[i] = was
		}
	}
}

func (r *region) meets(other *region) bool {
	for i := range r.args {
		if !r.args[i].meets(other.args[i]) {
			return false
		}
	}
	return true
}

// rules writes the region. A rule has one condition an argument: what takes several is as many rules. Simple ones compare
// masked bits alone, which libseccomp gets right in any company.
func (r *region) rules(simple bool) []rule {
	rules := []rule{{nil, r.action}}
	for i, v := range r.args {
		if v.all {
			continue
		}
		var longer []rule
		for _, c := range v.conditions(uint32(i), simple) {
			for _, r := range rules {
				if longer = append(longer, rule{append(slices.Clone(r.conditions), c), r.action}); len(longer) > maxRules {
					return longer
				}
			}
		}
		rules = longer
	}
	return rules
}

// conditions is a set in the profile's words, any of which suffices.
func (v values) conditions(index uint32, simple bool) (args []Arg) {
	if v.spans == nil || simple {
		for _, c := range v.asCubes() {
			args = append(args, Arg{index, c.mask, c.value, opMaskedEQ})
		}
		return args
	}
	if n := v.allBut(); n != nil {
		return []Arg{{Index: index, Value: *n, Op: opNE}}
	}
	for _, s := range v.spans {
		switch {
		case s.from == s.to:
			args = append(args, Arg{Index: index, Value: s.from, Op: opEQ})
		case s.from == 0:
			args = append(args, Arg{Index: index, Value: s.to, Op: opLE})
		case s.to == math.MaxUint64:
			args = append(args, Arg{Index: index, Value: s.from, Op: opGE})
		default:
			middle := values{spans: []span{s}, narrow: v.narrow}
			args = append(args, middle.conditions(index, true)...)
		}
	}
	return args
}

// allBut is the one value that the set lacks, nil where it is not one.
func (v values) allBut() *uint64 {
	const top = math.MaxUint64
	var lacks uint64
	switch s := v.spans; {
	case len(s) == 2 && s[0].from == 0 && s[1].to == top && s[0].to+2 == s[1].from:
		lacks = s[0].to + 1
	case len(s) == 1 && s[0] == span{1, top}:
		lacks = 0
	case len(s) == 1 && s[0] == span{0, top - 1}:
		lacks = top
	default:
		return nil
	}
	return &lacks
}
