package seccomp

// Word is the index of a 32-bit word of struct seccomp_data as a little-endian machine lays it out; filters load words.
type Word uint8

// The words: number, architecture, then the instruction pointer and six arguments, the low half of each before the high.
const (
	WordNr   Word = 0
	WordArch Word = 1
	WordIP   Word = 2
	WordArgs Word = 4 // argument i: low half WordArgs+2i, high half WordArgs+2i+1
	Words    Word = 16
)

// Op is a comparison of unsigned 32-bit numbers.
type Op uint8

// The comparisons; of each pair one is the other's negation.
const (
	Equal Op = iota
	NotEqual
	Less
	GreaterEqual
	Greater
	LessEqual
)

// Test is a condition on one word: data[Word] & Mask, compared with Value.
type Test struct {
	Word  Word
	Mask  uint32
	Op    Op
	Value uint32
}

// Path is one way through a filter: where every test holds, it ends with Action.
type Path struct {
	Tests  []Test
	Action Action
}

// Decision is what a filter, or a stack of them, does with one system call of one architecture: paths that exclude each
// other and together cover all arguments. One path without tests: the arguments do not matter. Unknown is why it could
// not be found out ("" where it was): the program computes with arguments in ways that are no test of one word, or has
// too many ways through it.
type Decision struct {
	Paths   []Path
	Unknown string
}
