//go:build amd64 || arm64

package bpf

import (
	"context"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"capview/inspect/bpf/load"
	"capview/inspect/task"
)

// argReader reads the command lines of processes by their PIDs (c/args.bpf.c).
type argReader struct {
	prog  *ebpf.Program
	room  []byte
	texts []*argsText // in room, one for each run at a time
	lanes chan uint32 // those that nobody uses
}

func loadArgReader(spec *ebpf.CollectionSpec, into load.Func) (*argReader, error) {
	var o argsObjects
	if err := into(spec, &o); err != nil {
		return nil, err
	}
	defer o.argsMaps.Close() // the program holds it
	room, err := mapped(o.Texts)
	if err != nil {
		o.Args.Close()
		return nil, load.Refuse(err)
	}
	a := &argReader{prog: o.Args, room: room, lanes: make(chan uint32, o.Texts.MaxEntries())}
	for lane := range o.Texts.MaxEntries() {
		a.texts = append(a.texts, (*argsText)(unsafe.Pointer(&room[uintptr(lane)*unsafe.Sizeof(argsText{})])))
		a.lanes <- lane
	}
	return a, nil
}

func (a *argReader) close() {
	if a != nil {
		unix.Munmap(a.room)
		a.prog.Close()
	}
}

// read calls each for every command line of the processes, as it is in memory: see cmdlineSize. It is each's until it returns.
func (a *argReader) read(ctx context.Context, pids []int, each func([]byte)) error {
	lane := <-a.lanes
	defer func() { a.lanes <- lane }()
	text := a.texts[lane]
	for len(pids) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		b := argsBatch{Lane: lane, Count: uint32(min(len(pids), len(text.Pids)))}
		for i := range b.Count {
			text.Pids[i] = uint32(pids[i])
		}
		if err := load.Run(a.prog, &b); err != nil {
			return load.Refuse(err)
		}
		bytes := unsafe.Slice((*byte)(unsafe.Pointer(&text.Bytes)), len(text.Bytes))
		if err := cmdlines(bytes[:min(text.Used, uint64(len(bytes)))], each); err != nil {
			return err
		}
		pids = pids[b.Done:]
	}
	return nil
}

// Cmdlines implements task.Kernel.
func (e *Engine) Cmdlines(ctx context.Context, pids []int, each func(task.Cmdline)) error {
	decode := func(b []byte) {
		if c, ok := decodeCmdline(b); ok {
			each(c)
		}
	}
	switch {
	case e.args != nil:
		return e.args.read(ctx, pids, decode)
	case e.cmdlines != nil:
		return e.cmdlines.pass(ctx, cmdlineSize, decode)
	}
	return task.ErrNone
}

// Picks implements task.Kernel.
func (e *Engine) Picks() bool { return e.args != nil }
