//go:build amd64 || arm64

package bpf

import (
	"context"
	"encoding/binary"
	"sync"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"capview/inspect/bpf/load"
)

// walker walks over the kernel's list of threads (c/pass.bpf.c): in a third of the time that the iterator takes, where the
// kernel can.
type walker struct {
	prog *ebpf.Program
	room []byte                // for the records of one walk, mapped
	run  func(*passPass) error // one walk

	mu      sync.Mutex // of what follows: one pass at a time
	session uint64
	told    []threadID // in this pass, in the order of the list
}

// threadID is a thread, or what is left of one.
type threadID struct {
	pid   uint32
	start uint64 // nanoseconds since boot
}

func loadWalker(spec *ebpf.CollectionSpec, into load.Func) (*walker, error) {
	if err := setSecret(spec); err != nil {
		return nil, ownObject(err)
	}
	spec.Maps["records"].MaxEntries = room(spec.Maps["records"].MaxEntries)
	var o passObjects
	if err := into(spec, &o); err != nil {
		return nil, err
	}
	defer o.passMaps.Close() // the program holds them
	w := &walker{prog: o.Threads, run: func(p *passPass) error { return load.Run(o.Threads, p) }}
	var err error
	if w.room, err = mapped(o.Records); err != nil {
		w.prog.Close()
		return nil, load.Refuse(err)
	}
	return w, nil
}

// room is for how many records there is to be: least, and for a quarter of a node's threads, where those are more. Each walk begins at
// the list's beginning and goes over all that were told of before: with more walks for more threads they would take over.
func room(least uint32) uint32 {
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) != nil {
		return least
	}
	return max(least, uint32(info.Procs)/4+256)
}

// mapped is all that an array holds.
func mapped(array *ebpf.Map) ([]byte, error) {
	size := int(array.MaxEntries()) * int((array.ValueSize()+7)&^7)
	return unix.Mmap(array.FD(), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
}

func (w *walker) close() {
	if w != nil {
		unix.Munmap(w.room)
		w.prog.Close()
	}
}

// pass calls each for every record: of a thread that lives from before it begins until it has ended there is one. The record is
// each's until it returns.
func (w *walker) pass(ctx context.Context, each func(record []byte)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.session++
	w.told = w.told[:0]
	behind := 0 // how many of told the next walk is to go on behind
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		p := passPass{Session: w.session}
		if behind > 0 {
			p.After, p.AfterStart = w.told[behind-1].pid, w.told[behind-1].start
		}
		if err := w.run(&p); err != nil {
			return load.Refuse(err)
		}
		if p.Found == 0 {
			behind-- // it has ended. Who is behind it was so behind the one before, and is there still
			continue
		}
		behind = w.take(int(p.Count), behind, each)
		if p.More == 0 {
			return nil
		}
	}
}

// take hands out the records of a walk that went on behind so many of told. Those that were handed out before are not again. It
// tells where the last of them is in told, plus one.
func (w *walker) take(count, behind int, each func([]byte)) int {
	var known map[threadID]int
	if behind < len(w.told) {
		known = make(map[threadID]int, len(w.told)-behind)
		for i, id := range w.told[behind:] {
			known[id] = behind + i
		}
	}
	for i := range min(count, len(w.room)/recordSize) {
		record := w.room[i*recordSize:][:recordSize]
		id := idOf(record)
		at, before := known[id]
		if !before {
			at = len(w.told)
			w.told = append(w.told, id)
			each(record)
		}
		behind = at + 1
	}
	return behind
}

// idOf is whose a record is.
func idOf(record []byte) threadID {
	return threadID{
		pid:   binary.LittleEndian.Uint32(record[unsafe.Offsetof(taskRecord{}.Pid):]),
		start: binary.LittleEndian.Uint64(record[unsafe.Offsetof(taskRecord{}.StartBoottime):]),
	}
}
