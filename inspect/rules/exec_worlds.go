package rules

import (
	"slices"
	"strings"

	"capview/inspect/fact"
)

// world is one state of what is not known: the answers it gives, in the order they are asked for.
type world struct {
	given []bool
	asked []supposition
}

// supposition is an unknown fact that a run had to suppose.
type supposition struct {
	gap     string // what is not known: "its securebits"
	yes, no string // the fact, said either way
	value   bool
}

// is tells what a known fact is, and supposes an unknown one: always the same within a world.
func (w *world) is(a fact.Answer, gap, yes, no string) bool {
	if a != fact.Unknown {
		return a == fact.Yes
	}
	for _, s := range w.asked {
		if s.yes == yes {
			return s.value
		}
	}
	n := len(w.asked)
	value := n < len(w.given) && w.given[n]
	w.asked = append(w.asked, supposition{gap, yes, no, value})
	return value
}

// leaf is what comes of it in a world.
type leaf struct {
	answer     fact.Answer
	errno      Errno
	after      Creds // of a Yes
	gap        string
	steps      []Step
	unmodelled []string
}

// like tells whether the same comes of it; how does not count.
func (l *leaf) like(o *leaf) bool {
	return l.answer == o.answer && l.errno == o.errno && l.after == o.after && l.gap == o.gap
}

// tree is every world that could be, by what is supposed first.
type tree struct {
	leaf
	hangs   *supposition // on this; nil for a leaf
	yes, no *tree
}

// mostSuppositions bounds how many unknown facts one answer may hang on.
const mostSuppositions = 6

// explore runs through every world that begins with given.
func explore(given []bool, run func(*world) leaf) *tree {
	w := &world{given: given}
	l := run(w)
	if len(w.asked) <= len(given) {
		return &tree{leaf: l}
	}
	hangs := &w.asked[len(given)]
	if len(given) == mostSuppositions {
		return &tree{leaf: leaf{gap: hangs.gap, steps: l.steps}}
	}
	t := &tree{
		hangs: hangs,
		yes:   explore(append(slices.Clone(given), true), run),
		no:    explore(append(slices.Clone(given), false), run),
	}
	if t.yes.hangs == nil && t.no.hangs == nil && t.yes.like(&t.no.leaf) {
		return t.no
	}
	t.steps = common(t.yes.steps, t.no.steps)
	return t
}

// common is the steps that both begin with.
func common(a, b []Step) []Step {
	n := 0
	for n < min(len(a), len(b)) && a[n].Rule == b[n].Rule && a[n].Because == b[n].Because {
		n++
	}
	return a[:n:n]
}

// result sums the worlds up.
func (t *tree) result() Result {
	r := Result{Steps: t.steps}
	if t.hangs == nil {
		r.Answer, r.Errno, r.Unmodelled = t.answer, t.errno, t.unmodelled
		r.After = t.leaf.creds()
		r.gaps(t.gap)
		return r
	}
	t.each(nil, func(ifs []string, l *leaf) { r.add(ifs, l) })
	t.hung(&r)
	return r
}

// creds is what a leaf leaves; nil where it fails.
func (l *leaf) creds() *Creds {
	if l.answer != fact.Yes {
		return nil
	}
	after := l.after
	return &after
}

// each visits the leaves with what is supposed on the way there.
func (t *tree) each(ifs []string, visit func([]string, *leaf)) {
	if t.hangs == nil {
		visit(ifs, &t.leaf)
		return
	}
	t.yes.each(append(slices.Clip(ifs), t.hangs.yes), visit)
	t.no.each(append(slices.Clip(ifs), t.hangs.no), visit)
}

// hung notes what the answer hangs on.
func (t *tree) hung(r *Result) {
	if t.hangs == nil {
		r.gaps(t.gap)
		return
	}
	r.gaps(t.hangs.gap)
	t.yes.hung(r)
	t.no.hung(r)
}

// add takes up one outcome: the answer stays one only where all agree.
func (r *Result) add(ifs []string, l *leaf) {
	if len(r.Outcomes) == 0 {
		r.Answer, r.Errno = l.answer, l.errno
	}
	if r.Answer != l.answer {
		r.Answer = fact.Unknown
	}
	if r.Answer != fact.No || r.Errno != l.errno {
		r.Errno = ""
	}
	rest := l.steps[min(len(r.Steps), len(l.steps)):]
	r.Outcomes = append(r.Outcomes, Outcome{strings.Join(ifs, " and "), l.answer, l.errno, l.creds(), rest})
	for _, what := range l.unmodelled {
		if !slices.Contains(r.Unmodelled, what) {
			r.Unmodelled = append(r.Unmodelled, what)
		}
	}
}

func (r *Result) gaps(what string) {
	if what != "" && !slices.Contains(r.Gaps, what) {
		r.Gaps = append(r.Gaps, what)
	}
}
