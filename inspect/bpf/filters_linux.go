//go:build amd64 || arm64

package bpf

import (
	"context"
	"slices"

	"github.com/cilium/ebpf"

	"capview/inspect/bpf/load"
	"capview/inspect/task"
)

// attempts is how often the filters are read while threads that hold them end meanwhile.
const attempts = 3

// filterReader is the iterator of filters with what it and capview share.
type filterReader struct {
	*iterator
	arena            *ebpf.Map
	memory           *ebpf.Memory
	scan, used, full *ebpf.Variable
	scans            uint32
}

func loadFilterReader(spec *ebpf.CollectionSpec, into load.Func) (*filterReader, error) {
	if err := setSecret(spec); err != nil {
		return nil, ownObject(err)
	}
	var o filtersObjects
	if err := into(spec, &o); err != nil {
		return nil, err
	}
	arena, err := o.Arena.Clone()
	if err == nil {
		f := &filterReader{arena: arena, scan: o.Scan, used: o.Used, full: o.Full}
		if f.memory, err = arena.Memory(); err == nil {
			o.filtersMaps.Close()
			f.iterator, err = attach(o.Filters)
			return f, err
		}
		arena.Close()
	}
	o.Close()
	return nil, load.Refuse(err)
}

func (f *filterReader) close() {
	if f != nil {
		f.iterator.close()
		f.arena.Close()
	}
}

// Filters implements task.Kernel.
func (e *Engine) Filters(ctx context.Context) (*task.Filters, error) {
	if e.filters == nil {
		return nil, task.ErrNone
	}
	var got *task.Filters
	for range attempts {
		texts := newTextSet()
		if err := e.filters.read(ctx, texts); err != nil {
			return nil, err
		}
		stacks, err := e.filters.stacks(ctx)
		if err != nil {
			return nil, err
		}
		var whole bool
		if got, whole = texts.confirm(stacks); whole {
			break
		}
	}
	return got, nil
}

// read fills texts in as many passes as the arena takes.
func (f *filterReader) read(ctx context.Context, texts *textSet) error {
	f.scans++
	if err := f.scan.Set(f.scans); err != nil {
		return err
	}
	for texts.size < maxTexts {
		var used, full uint32
		if err := f.empty(); err != nil {
			return err
		}
		if err := f.pass(ctx, chainSize, func([]byte) {}); err != nil {
			return err
		}
		if err := f.used.Get(&used); err != nil {
			return err
		}
		b := make([]byte, used)
		if _, err := f.memory.ReadAt(b, 0); err != nil {
			return err
		}
		if err := texts.add(b); err != nil {
			return err
		}
		if err := f.full.Get(&full); err != nil || full == 0 {
			return err
		}
	}
	return f.empty()
}

func (f *filterReader) empty() error {
	if err := f.full.Set(uint32(0)); err != nil {
		return err
	}
	return f.used.Set(uint32(0))
}

// stacks reads which filters each thread has.
func (f *filterReader) stacks(ctx context.Context) (stacks []task.Stack, err error) {
	err = f.pass(ctx, chainSize, func(b []byte) { stacks = append(stacks, decodeChain(b)) })
	return slices.Clip(stacks), err
}
