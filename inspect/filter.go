package inspect

import (
	"capview/inspect/fact"
)

// Filter is a parsed filter expression. The zero Filter matches everything.
//
// An expression is terms apart by white space, all of which must hold. A term is a value or key:value;
// "!" before it negates it; "," between values is or; a value that begins with "~" is a regular expression
// (RE2, without regard to case); "..." keeps spaces, commas and colons, \" and \\ inside it stand for
// themselves. A value without a key matches what a process and its container are called. Text matches without regard
// to case, anywhere, unless the key's documentation says otherwise: see FilterKeys.
//
// What one thread may do the whole process can be made to do, so the keys about credentials hold for a process where
// they hold for any of its threads.
type Filter struct {
	expr  string
	terms []term
}

// term is a part of an expression: any of its tests, or with not, none of them.
type term struct {
	not   bool
	tests []test
}

// test asks one thing of a process.
type test func(ix *Index, p *Process) fact.Answer

// Match tells whether f keeps p; Unknown where that hangs on a fact that could not be read.
func (f Filter) Match(ix *Index, p *Process) fact.Answer {
	a := fact.Yes
	for i := range f.terms {
		if a = a.And(f.terms[i].match(ix, p)); a == fact.No {
			break
		}
	}
	return a
}

func (t *term) match(ix *Index, p *Process) fact.Answer {
	a := fact.No
	for _, test := range t.tests {
		if a = a.Or(test(ix, p)); a == fact.Yes {
			break
		}
	}
	if t.not {
		return a.Not()
	}
	return a
}

// Select is the processes of ix that f keeps, in ix's order, and how many more it may keep: those of which it cannot tell.
func (f Filter) Select(ix *Index) (kept []*Process, unknown int) {
	kept = make([]*Process, 0, len(ix.Processes))
	for i := range ix.Processes {
		switch p := ix.Processes[i]; f.Match(ix, p) {
		case fact.Yes:
			kept = append(kept, p)
		case fact.Unknown:
			unknown++
		}
	}
	return kept, unknown
}

// Empty tells whether f matches everything.
func (f Filter) Empty() bool { return len(f.terms) == 0 }

// String is the expression f was parsed from.
func (f Filter) String() string { return f.expr }

// And keeps what both keep.
func (f Filter) And(g Filter) Filter {
	switch {
	case f.Empty():
		return g
	case g.Empty():
		return f
	}
	return Filter{
		expr:  f.expr + " " + g.expr,
		terms: append(f.terms[:len(f.terms):len(f.terms)], g.terms...),
	}
}

// ContainerFilter is the filter container:name with name taken as it stands; "" matches everything.
func ContainerFilter(name string) Filter {
	if name == "" {
		return Filter{}
	}
	return Filter{
		expr:  "container:" + quoteValue(name),
		terms: []term{{tests: []test{matchContainer(substring(name), true)}}},
	}
}
