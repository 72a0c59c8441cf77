package seccomp

import "math/bits"

// state is where the way through a program stands.
type state struct {
	at     int
	a, x   value
	memory [memoryWords]value
}

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
