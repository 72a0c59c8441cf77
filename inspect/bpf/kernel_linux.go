//go:build amd64 || arm64

package bpf

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"sync"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"capview/inspect/bpf/load"
	"capview/inspect/task"
)

// bufferSize is more than a read of an iterator gives (32 KiB: eight pages, kernel/bpf/bpf_iter.c) and any part is.
const bufferSize = 64 << 10

// iterator is a loaded and attached task iterator. Each open is a pass over all threads.
type iterator struct {
	prog *ebpf.Program
	link *link.Iter
	mu   sync.Mutex // of what follows: one pass at a time
	buf  []byte
}

// attach makes an iterator of a loaded program, which is then the iterator's.
func attach(prog *ebpf.Program) (*iterator, error) {
	it, err := link.AttachIter(link.IterOptions{Program: prog})
	if err != nil {
		prog.Close()
		return nil, load.Refuse(err)
	}
	return &iterator{prog: prog, link: it, buf: make([]byte, bufferSize)}, nil
}

func (it *iterator) open() (io.ReadCloser, error) { return it.link.Open() }

// pass reads everything the iterator writes in one pass: see parts.
func (it *iterator) pass(ctx context.Context, size func([]byte) (int, error), each func([]byte)) error {
	it.mu.Lock()
	defer it.mu.Unlock()
	in, err := it.open()
	if err != nil {
		return load.Refuse(err)
	}
	defer in.Close()
	return parts(ctx, in, it.buf, size, each)
}

func (it *iterator) close() {
	if it != nil {
		it.link.Close()
		it.prog.Close()
	}
}

// loadRecords loads the iterator that tells of every thread.
func loadRecords(into load.Func) (*iterator, error) {
	spec, err := loadTask()
	if err != nil {
		return nil, ownObject(err)
	}
	if err := setSecret(spec); err != nil {
		return nil, ownObject(err)
	}
	var o taskObjects
	if err := into(spec, &o); err != nil {
		return nil, err
	}
	o.taskMaps.Close() // the program holds them
	return attach(o.TaskRecords)
}

// loadCmdlines loads the iterator that tells of every command line.
func loadCmdlines(into load.Func) (*iterator, error) {
	spec, err := loadCmdline()
	if err != nil {
		return nil, ownObject(err)
	}
	var o cmdlineObjects
	if err := into(spec, &o); err != nil {
		return nil, err
	}
	o.cmdlineMaps.Close()
	return attach(o.Cmdlines)
}

// setSecret chooses what the kernel's pointers are mixed with before they leave it.
func setSecret(spec *ebpf.CollectionSpec) error {
	var b [8]byte
	rand.Read(b[:])
	return spec.Variables["secret"].Set(binary.LittleEndian.Uint64(b[:]))
}

func ownObject(err error) error { return fmt.Errorf("capview's own program: %w", err) }

var _ task.Kernel = (*Engine)(nil)

// Try tells whether a pass can begin.
func (e *Engine) Try() error {
	if e.args != nil {
		if err := load.Run(e.args.prog, &argsBatch{}); err != nil {
			return load.Refuse(err)
		}
	}
	if e.walk != nil {
		return load.Refuse(e.walk.run(&passPass{}))
	}
	in, err := e.records.open()
	if err != nil {
		return load.Refuse(err)
	}
	return in.Close()
}

// Threads implements task.Kernel.
func (e *Engine) Threads(ctx context.Context, each func(*task.Record)) error {
	var r task.Record
	decode := func(b []byte) {
		e.decoder.decode(b, &r)
		each(&r)
	}
	if e.walk != nil {
		return e.walk.pass(ctx, decode)
	}
	return e.records.pass(ctx, func([]byte) (int, error) { return recordSize, nil }, decode)
}
