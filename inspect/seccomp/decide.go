package seccomp

import "fmt"

// The bounds of one decision: instructions followed, tests in its paths, steps of the search for data. A filter
// that is not meant to reach them stays far below each.
const (
	decideSteps  = 1 << 20
	forkSteps    = 64 // what a fork costs, next to following an instruction
	decideTests  = 1 << 15
	decideSearch = 1 << 22
)

// Decide finds what the program does with a system call, given by its ABI and its number as filters see it (x32 numbers
// carry bit 30), for all arguments. The program has passed Check.
func (p Program) Decide(arch Arch, nr uint32) Decision {
	return Stack{p}.Decide(arch, nr)
}

// Decide is Program's for a stack: how the values of all filters combine.
func (s Stack) Decide(arch Arch, nr uint32) Decision {
	return newDecider(s).decide(arch.Audit(), nr)
}

// decider follows programs. It keeps its memory from one system call to the next.
type decider struct {
	stack  Stack
	forest forest
	facts  facts

	program  Program
	chains   *chains  // the program's, where it is run often
	all      []chains // of every program, or nil
	nr, arch uint32
	steps    int
	why      string // why there is no decision

	alike map[Action][]Path // the decisions that do not depend on arguments
}

func newDecider(s Stack) *decider { return &decider{stack: s, alike: map[Action][]Path{}} }

// often prepares for deciding many system calls.
func (d *decider) often() {
	for _, p := range d.stack {
		d.all = append(d.all, chainsOf(p))
	}
}

func (d *decider) decide(audit, nr uint32) Decision {
	d.steps, d.facts.solver.left = decideSteps, decideSearch
	return d.decideWithin(audit, nr)
}

// decideWithin is decide with what is left of the bounds.
func (d *decider) decideWithin(audit, nr uint32) Decision {
	d.arch, d.nr, d.why = audit, nr, ""
	d.forest.clear()
	result, unknown := d.forest.leaf(Allow), ""
	for i, program := range d.stack {
		if d.all != nil {
			d.chains = &d.all[i]
		}
		d.why = ""
		next := d.run(program)
		if d.why == "" && d.kills(next) {
			return Decision{Paths: d.pathsOf(next)}
		}
		if d.why == "" && unknown == "" {
			result = d.combine(result, next)
		}
		if d.why != "" && unknown == "" {
			unknown = d.reason(i)
		}
	}
	if unknown != "" {
		return Decision{Unknown: unknown}
	}
	paths := d.pathsOf(result)
	if paths == nil {
		return Decision{Unknown: tooMany}
	}
	return Decision{Paths: paths}
}

// kills tells a filter that kills the process whatever the arguments: no other matters then, known or not.
func (d *decider) kills(t tree) bool {
	n := d.forest.nodes[t]
	return n.leaf && n.action.Kind() == KillProcess
}

// reason is why there is no decision, with the filter it is for.
func (d *decider) reason(filter int) string {
	if len(d.stack) == 1 {
		return d.why
	}
	return fmt.Sprintf("filter %d of %d, the newest first: %s", filter+1, len(d.stack), d.why)
}

// pathsOf is the tree's paths, nil where they have too many tests; where there is but one, the same for all system calls.
func (d *decider) pathsOf(t tree) []Path {
	n := d.forest.nodes[t]
	if !n.leaf {
		return d.forest.paths(t)
	}
	if d.alike[n.action] == nil {
		d.alike[n.action] = []Path{{Action: n.action}}
	}
	return d.alike[n.action]
}

// run is the tree of one program.
func (d *decider) run(p Program) tree {
	d.program = p
	d.facts.reset()
	return d.follow(&state{a: number(0), x: number(0)})
}

// give up: the decision stays open.
func (d *decider) give(why string, arguments ...any) tree {
	if d.why == "" {
		d.why = fmt.Sprintf(why, arguments...)
	}
	return 0
}

const tooMany = "too many ways through it"

// fork goes on where a test holds and where it does not; a way that the facts exclude is not followed, and needs no test.
func (d *decider) fork(t Test, yes, no func() tree) tree {
	hit, can := d.facts.can(t)
	miss, cannot := d.facts.can(t.not())
	switch {
	case d.facts.solver.left < 0:
		return d.give("%s", ErrIntricate)
	case !cannot:
		return yes()
	case !can:
		return no()
	}
	if d.steps -= forkSteps; d.steps < 0 {
		return d.give(tooMany)
	}
	var a, b tree
	d.facts.with(t, hit, func() { a = yes() })
	if d.why != "" {
		return 0
	}
	d.facts.with(t.not(), miss, func() { b = no() })
	if d.why != "" {
		return 0
	}
	return d.forest.fork(t, a, b)
}

// combine is the tree of a newer filter's value and an older one's.
func (d *decider) combine(newer, older tree) tree {
	d.facts.reset()
	return d.walk(newer, func(a Action) tree {
		return d.walk(older, func(b Action) tree { return d.forest.leaf(a.over(b)) })
	})
}

// walk goes through a tree as far as the facts allow, and on from its leaves.
func (d *decider) walk(t tree, then func(Action) tree) tree {
	if d.why != "" {
		return 0
	}
	if d.steps--; d.steps < 0 {
		return d.give(tooMany)
	}
	n := d.forest.nodes[t]
	if n.leaf {
		return then(n.action)
	}
	return d.fork(n.test,
		func() tree { return d.walk(n.yes, then) },
		func() tree { return d.walk(n.no, then) })
}
