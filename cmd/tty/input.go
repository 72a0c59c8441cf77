package tty

import (
	"io"
	"os"
	"time"
)

// escapeWait is how long the rest of a key's bytes may take: more than a network's jitter, less than a person notices.
const escapeWait = 50 * time.Millisecond

// input is the keyboard as bubbletea reads it: still the terminal's file for raw mode, but a key split over several
// reads arrives whole, and the end of the input ends the program.
type input struct {
	*os.File
	wait time.Duration // for the rest of a key
	gone func(error)   // told once reading fails: the terminal hung up
}

// Read reads at least one byte, and then what belongs to the same key if it comes within wait. bubbletea v1 takes
// the end of a read for the end of a key, so it would see the up arrow, split after its ESC, as Esc and "[A".
func (in *input) Read(b []byte) (n int, err error) {
	n, err = in.read(b)
	for err == nil && n < len(b) && unfinished(b[:n]) && readable(in.Fd(), in.wait) {
		var more int
		more, err = in.read(b[n:])
		if held(b[:n], b[n:n+more]) {
			break
		}
		n += more
	}
	if n > 0 {
		return n, nil // an error comes back at the next read
	}
	return 0, err
}

// held reports whether before and next are Esc pressed again, or held down: one Esc says as much, and together they
// would read as alt+esc.
func held(before, next []byte) bool {
	return before[len(before)-1] == esc && len(next) == 1 && next[0] == esc
}

// read tells gone of failures. In raw mode end of file means that the terminal hung up; bubbletea would ignore it and run
// on without a keyboard.
func (in *input) read(b []byte) (int, error) {
	n, err := in.File.Read(b)
	if err != nil {
		in.gone(err)
		return n, io.EOF
	}
	return n, nil
}
