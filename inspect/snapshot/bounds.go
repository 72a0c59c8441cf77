package snapshot

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"

	"capview/inspect"
)

// The bounds on what a file can make a reader hold. A node of 50,000 processes makes 90 MB of JSON.
const (
	maxBytes   = 1 << 30 // of the JSON
	maxElement = 32 << 20
	maxMemory  = 1 << 30
	maxCommas  = 1 << 20 // in an element: each can make a thread, whose bytes in memory are a hundredfold
	maxDepth   = 100
)

var (
	errTooLarge = errors.New("larger than 1 GiB: no node makes that much")
	errElement  = errors.New("one element is larger than 32 MiB: no process makes that much")
	errMemory   = errors.New("it would need more than 1 GiB of memory: no node makes that much")
)

// bounded reads no more than left in all and element since that was last set.
type bounded struct {
	in            io.Reader
	left, element int64
}

func (b *bounded) Read(p []byte) (int, error) {
	limit := min(b.left, b.element)
	if limit <= 0 {
		return 0, sourceError{b.beyond()}
	}
	n, err := b.in.Read(p[:min(int64(len(p)), limit)])
	b.left -= int64(n)
	b.element -= int64(n)
	if err != nil && err != io.EOF {
		err = sourceError{err}
	}
	return n, err
}

func (b *bounded) beyond() error {
	if b.left <= 0 {
		return errTooLarge
	}
	return errElement
}

// sourceError is an error of the file, not of the JSON in it.
type sourceError struct{ err error }

func (e sourceError) Error() string { return e.err.Error() }
func (e sourceError) Unwrap() error { return e.err }

func isSource(err error) bool {
	var s sourceError
	return errors.As(err, &s)
}

// spend accounts for memory.
func (r *reader) spend(n int64) error {
	if r.cost += n; r.cost > maxMemory {
		return errMemory
	}
	return nil
}

// elementFits tells whether an element's JSON cannot become unduly large in memory.
func elementFits(raw []byte) error {
	if len(raw) > maxCommas && bytes.Count(raw, []byte{','}) > maxCommas {
		return fmt.Errorf("one element has more than %d parts", maxCommas)
	}
	return nil
}

// Bytes in memory.
var (
	processSize = int64(reflect.TypeFor[inspect.Process]().Size())
	threadSize  = int64(reflect.TypeFor[inspect.Thread]().Size())
	gapSize     = int64(reflect.TypeFor[inspect.Gap]().Size())
	stringSize  = int64(reflect.TypeFor[string]().Size())
)

// memory is what p takes, in bytes, text of size JSON bytes included.
func memory(p *inspect.Process, size int) int64 {
	n := int64(size) + processSize
	n += int64(len(p.Threads)) * threadSize
	n += int64(len(p.Gaps)) * gapSize
	args, _ := p.Cmdline.Get()
	groups, _ := p.Groups.Get()
	return n + int64(len(args))*stringSize + int64(len(groups))*4
}
