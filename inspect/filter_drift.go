package inspect

import (
	"fmt"
	"slices"
	"strings"

	"capview/inspect/fact"
)

// compileDrift: yes, no, or the kind of a finding.
func compileDrift(v value) (test, error) {
	if ask, isBool := parseYes(v); isBool {
		return func(ix *Index, p *Process) fact.Answer {
			a := drifts(ix, p, func(f *Finding) bool { return f.Sort == SortDrift })
			if !ask {
				a = a.Not()
			}
			return a
		}, nil
	}
	kind := FindingKind(strings.ToLower(v.text))
	if v.regexp || !slices.Contains(FindingKinds, kind) {
		return nil, fmt.Errorf("%q is not yes, no or a kind of finding: %s", v.text, strings.Join(words(FindingKinds), " "))
	}
	return func(ix *Index, p *Process) fact.Answer {
		return drifts(ix, p, func(f *Finding) bool { return f.Kind == kind })
	}, nil
}

// drifts is Yes where any finding of p or of its container is such, Unknown where what was asked for is not known or
// p could not be read.
func drifts(ix *Index, p *Process, such func(*Finding) bool) fact.Answer {
	c := ix.Container(p.Container)
	if c == nil && p.Entered == "" {
		return unless(p.Cgroup.Known() || p.KernelThread)
	}
	known := true
	fs := ix.Drift(p)
	if c != nil && p.Role != RoleHelper {
		fs = append(slices.Clone(fs), containerFindings(ix, c)...)
	}
	for i := range fs {
		if such(&fs[i]) {
			return fact.Yes
		}
		known = known && (fs[i].Sort != SortUnknown || fs[i].Gravity == GravityInfo)
	}
	return unless(known)
}
