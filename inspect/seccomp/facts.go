package seccomp

// facts is what holds of the data on the way that is being followed: the tests passed, by word, and words for which they
// hold.
type facts struct {
	tests   [Words][]Test
	witness [Words]uint32
	solver  solver
}

// reset forgets everything.
func (f *facts) reset() {
	for w := range f.tests {
		f.tests[w] = f.tests[w][:0]
	}
	f.witness = [Words]uint32{}
}

// can tells whether a test can hold along with the facts, and the word that makes it.
func (f *facts) can(t Test) (uint32, bool) {
	have := f.witness[t.Word]
	if t.holds(have) {
		return have, true
	}
	tests := append(f.tests[t.Word], t)
	f.tests[t.Word] = tests[:len(tests)-1] // with the room that append made
	for _, guess := range [...]uint32{^have, have ^ 0x5a5a5a5a} {
		if f.solver.allHold(tests, guess) {
			return guess, true
		}
	}
	return f.solver.word(tests)
}

// with calls then with the test added to the facts, word being what makes it hold.
func (f *facts) with(t Test, word uint32, then func()) {
	before := f.witness[t.Word]
	f.tests[t.Word] = append(f.tests[t.Word], t)
	f.witness[t.Word] = word
	then()
	f.tests[t.Word] = f.tests[t.Word][:len(f.tests[t.Word])-1]
	f.witness[t.Word] = before
}
