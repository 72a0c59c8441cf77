package seccomp

import (
	"fmt"
	"math/bits"
)

// The bounds of one decision: instructions followed, ways through the filters, steps of the search for data. A filter that
// somebody wrote stays a hundred times below each.
const (
	decideSteps  = 1 << 20
	decidePaths  = 1 << 12
	decideSearch = 1 << 21
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
	paths    int
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

// state is where the way through a program stands.
type state struct {
	at     int
	a, x   value
	memory [memoryWords]value
}

func (d *decider) decide(audit, nr uint32) Decision {
	d.steps, d.facts.solver.left = decideSteps, decideSearch
	return d.decideWithin(audit, nr)
}

// decideWithin is decide with what is left of the bounds.
func (d *decider) decideWithin(audit, nr uint32) Decision {
	d.arch, d.nr, d.why = audit, nr, ""
	d.paths = decidePaths
	d.forest.clear()
	result := d.forest.leaf(Allow)
	for i, program := range d.stack {
		if d.all != nil {
			d.chains = &d.all[i]
		}
		next := d.run(program)
		if d.why == "" {
			result = d.combine(result, next)
		}
		if d.why != "" && len(d.stack) > 1 {
			d.why = fmt.Sprintf("filter %d of %d, the newest first: %s", i+1, len(d.stack), d.why)
		}
		if d.why != "" {
			return Decision{Unknown: d.why}
		}
	}
	return Decision{Paths: d.pathsOf(result)}
}

// pathsOf is the tree's paths; where there is but one, the same for all system calls.
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

// follow goes on from a state until the program returns.
func (d *decider) follow(s *state) tree {
	for d.why == "" {
		d.glide(s)
		if s.at >= len(d.program) {
			break
		}
		if d.steps--; d.steps < 0 {
			return d.give(tooMany)
		}
		in := d.program[s.at]
		operand := number(in.K)
		if in.usesX() {
			operand = s.x
		}
		s.at++
		switch in.class() {
		case classALU:
			if in.operation() == aluDIV && (!operand.constant() || operand.fixed == 0) {
				if !operand.constant() {
					return d.give("instruction %d divides by what an argument says", s.at-1)
				}
				return d.forest.leaf(0)
			}
			s.a = compute(in.operation(), s.a, operand)
		case classJMP:
			if in.operation() == jumpJA {
				s.at += int(in.K)
				continue
			}
			c, ok := compare(in.operation(), s.a, operand)
			if !ok {
				return d.give("instruction %d compares what it computed from arguments", s.at-1)
			}
			if c.count > 0 {
				return d.branch(s, in, c)
			}
			if c.fixed {
				s.at += int(in.JT)
			} else {
				s.at += int(in.JF)
			}
		case classRET:
			return d.returned(s, in)
		default:
			d.move(s, in)
		}
	}
	return d.give("it does not end") // or something gave up before
}

// glide is follow as far as it goes with numbers alone, which is most of the way: A and the operand are numbers and the
// instruction is a jump, or loads the system call's number or architecture.
func (d *decider) glide(s *state) {
	if !s.a.constant() {
		return
	}
	at, a, steps := s.at, s.a.fixed, 0
loop:
	for at < len(d.program) {
		in := &d.program[at]
		steps++
		taken := false
		switch in.Code {
		case classJMP | jumpJEQ:
			if d.chains != nil {
				if next := d.chains.skip(d.program, at, a); next != at {
					at = next
					continue
				}
			}
			taken = a == in.K
		case classJMP | jumpJGT:
			taken = a > in.K
		case classJMP | jumpJGE:
			taken = a >= in.K
		case classJMP | jumpJSET:
			taken = a&in.K != 0
		case opJump:
			at += 1 + int(in.K)
			continue
		case opLoad:
			switch Word(in.K / 4) {
			case WordNr:
				a = d.nr
			case WordArch:
				a = d.arch
			default:
				break loop
			}
			at++
			continue
		default:
			break loop
		}
		if taken {
			at += int(in.JT)
		} else {
			at += int(in.JF)
		}
		at++
	}
	s.at, s.a = at, number(a)
	d.steps -= steps
}

// move is the instructions that load, store and copy.
func (d *decider) move(s *state, in Instruction) {
	switch in.Code {
	case opLoad:
		s.a = d.load(Word(in.K / 4))
	case opLoadLen:
		s.a = number(dataSize)
	case opLoadImm:
		s.a = number(in.K)
	case opLoadMem:
		s.a = s.memory[in.K]
	case opLoadXLen:
		s.x = number(dataSize)
	case opLoadXImm:
		s.x = number(in.K)
	case opLoadXMem:
		s.x = s.memory[in.K]
	case opStore:
		s.memory[in.K] = s.a
	case opStoreX:
		s.memory[in.K] = s.x
	case opTAX:
		s.x = s.a
	case opTXA:
		s.a = s.x
	}
}

func (d *decider) load(w Word) value {
	switch w {
	case WordNr:
		return number(d.nr)
	case WordArch:
		return number(d.arch)
	}
	return wordValue(w)
}

// branch goes both ways from a conditional jump, as far as the facts allow.
func (d *decider) branch(s *state, in Instruction, c condition) tree {
	at := s.at
	to := func(skip uint8) func() tree {
		return func() tree {
			next := *s
			next.at = at + int(skip)
			return d.follow(&next)
		}
	}
	yes, no := to(in.JT), to(in.JF)
	if c.count == 1 {
		return d.fork(c.tests[0], yes, no)
	}
	second := func() tree { return d.fork(c.tests[1], yes, no) }
	if c.both {
		return d.fork(c.tests[0], second, no)
	}
	return d.fork(c.tests[0], yes, second)
}

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
	if d.paths--; d.paths < 0 {
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

// returnable is how many bits of a value that a program returns may be open: each makes the ways twice as many.
const returnable = 4

func (d *decider) returned(s *state, in Instruction) tree {
	if in.Code == opReturn {
		return d.forest.leaf(Action(in.K))
	}
	return d.returnValue(s.a)
}

// returnValue is the tree of a value that is returned: its open bits are tested one after the other.
func (d *decider) returnValue(v value) tree {
	if v.constant() {
		return d.forest.leaf(Action(v.fixed))
	}
	if v.unknown || bits.OnesCount32(v.mask) > returnable {
		return d.give("it returns what it computed from arguments")
	}
	bit := v.mask & -v.mask
	without := func(set uint32) func() tree {
		return func() tree {
			next := v
			next.mask &^= bit
			next.fixed ^= set
			return d.returnValue(next.tidy())
		}
	}
	return d.fork(Test{v.word, v.input(bit), Equal, v.input(bit)}, without(bit), without(0))
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
