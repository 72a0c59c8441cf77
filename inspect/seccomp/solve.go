package seccomp

import (
	"errors"
	"slices"
)

// ErrIntricate is why a question about tests stays open: whether they can hold at once took too many steps to find out.
// It is not met with comparisons of whole words or of single flags, however many.
var ErrIntricate = errors.New("too intricate conditions")

// solverSteps bounds one search, in tests looked at.
const solverSteps = 1 << 18

// holds tells whether the test holds for a word.
func (t Test) holds(word uint32) bool {
	word &= t.Mask
	switch t.Op {
	case Equal:
		return word == t.Value
	case NotEqual:
		return word != t.Value
	case Less:
		return word < t.Value
	case GreaterEqual:
		return word >= t.Value
	case Greater:
		return word > t.Value
	default:
		return word <= t.Value
	}
}

// Holds tells whether the test holds for a system call.
func (t Test) Holds(data *Data) bool { return t.holds(data.word(t.Word)) }

// Holds tells whether the system call goes this way.
func (p Path) Holds(data *Data) bool {
	for _, t := range p.Tests {
		if !t.Holds(data) {
			return false
		}
	}
	return true
}

// Satisfy finds a system call for which every test holds; words that none looks at are 0. It tells false where there is
// none, and ErrIntricate where it did not find out.
func Satisfy(tests []Test) (Data, bool, error) {
	s := solver{left: solverSteps}
	return s.satisfy(tests, nil)
}

// solver finds words by trying bits from the top; it keeps its memory from one to the next.
type solver struct {
	left  int // steps; negative: it gave up
	tests []Test
	words [Words][]Test
}

// satisfy is Satisfy for the tests of both lists, within the steps that are left.
func (s *solver) satisfy(a, b []Test) (Data, bool, error) {
	for w := range s.words {
		s.words[w] = s.words[w][:0]
	}
	for _, tests := range [][]Test{a, b} {
		for _, t := range tests {
			s.words[t.Word] = append(s.words[t.Word], t)
		}
	}
	s.left -= 1 + len(a) + len(b)
	var data Data
	for word, tests := range s.words {
		if len(tests) == 0 {
			continue
		}
		value, ok := s.word(tests)
		if s.left < 0 {
			break
		}
		if !ok {
			return Data{}, false, nil
		}
		data.setWord(Word(word), value)
	}
	if s.left < 0 {
		return Data{}, false, ErrIntricate
	}
	return data, true, nil
}

// allHold tells whether every test holds for a word.
func (s *solver) allHold(tests []Test, word uint32) bool {
	for i, t := range tests {
		if !t.holds(word) {
			s.left -= i
			return false
		}
	}
	s.left -= len(tests)
	return true
}

// word finds a value for one word, the smallest, for which every test holds.
func (s *solver) word(tests []Test) (uint32, bool) {
	known, value := uint32(0), uint32(0)
	for _, t := range tests {
		if t.Op != Equal {
			continue
		}
		if (value^t.Value)&known&t.Mask != 0 || t.Value&^t.Mask != 0 {
			return 0, false
		}
		known |= t.Mask
		value |= t.Value
	}
	s.left -= len(tests)
	s.tests = s.tests[:0]
	for _, t := range tests {
		switch {
		case t.Op == Equal:
		case t.Mask&^known != 0:
			s.tests = append(s.tests, t)
		case !t.holds(value):
			return 0, false
		}
	}
	return s.search(31, 0, len(s.tests), known, value)
}

// search decides the bits from one downwards. Of the tests, those that are open stand in s.tests from one index to
// another: their word and their value are equal so far. One whose bits differ is settled by that.
func (s *solver) search(bit, from, to int, known, value uint32) (uint32, bool) {
	if from == to {
		return value & known, true
	}
	if bit < 0 {
		return value, !slices.ContainsFunc(s.tests[from:to], func(t Test) bool {
			return t.Op != GreaterEqual && t.Op != LessEqual
		})
	}
	s.left -= to - from
	matters := slices.ContainsFunc(s.tests[from:to], func(t Test) bool { return t.Mask>>bit&1 != 0 })
	for choice := uint32(0); choice <= 1 && s.left >= 0; choice++ {
		if known>>bit&1 != 0 && value>>bit&1 != choice {
			continue
		}
		if choice == 1 && !matters && known>>bit&1 == 0 {
			break
		}
		if s.narrow(bit, choice, from, to) {
			found, ok := s.search(bit-1, to, len(s.tests), known|1<<bit, value&^(1<<bit)|choice<<bit)
			if ok {
				return found, true
			}
		}
		s.tests = s.tests[:to]
	}
	return 0, false
}

// narrow appends the tests that stay open when a bit of the word is chosen; false where one fails.
func (s *solver) narrow(bit int, choice uint32, from, to int) bool {
	for i := from; i < to; i++ {
		t := s.tests[i]
		have, want := choice&(t.Mask>>bit), t.Value>>bit&1
		switch {
		case have == want:
			s.tests = append(s.tests, t)
		case t.Op == NotEqual:
		case (have < want) != (t.Op == Less || t.Op == LessEqual):
			return false
		}
	}
	return true
}
