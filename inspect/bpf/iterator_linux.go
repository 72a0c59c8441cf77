package bpf

import (
	"io"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"capview/inspect/bpf/load"
)

// iterator is a loaded and attached task iterator. Each open is a pass over all threads.
type iterator struct {
	prog *ebpf.Program
	link *link.Iter
}

// attach makes an iterator of a loaded program, which is then the iterator's.
func attach(prog *ebpf.Program) (*iterator, error) {
	it, err := link.AttachIter(link.IterOptions{Program: prog})
	if err != nil {
		prog.Close()
		return nil, load.Refuse(err)
	}
	return &iterator{prog, it}, nil
}

func (it *iterator) open() (io.ReadCloser, error) { return it.link.Open() }

func (it *iterator) close() {
	it.link.Close()
	it.prog.Close()
}
