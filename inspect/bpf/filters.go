//go:build linux && (amd64 || arm64)

package bpf

import (
	"bytes"
	"encoding/binary"
	"errors"

	"capview/inspect/task"
)

// maxTexts bounds what the filters of a node may make capview hold, in bytes.
const maxTexts = 64 << 20

// The layouts of struct chain and struct text (c/filters.bpf.c).
const (
	chainHead   = 24
	chainMax    = 128 // keys
	textHead    = 16
	textLongest = 4096 // instructions
	instruction = 8    // bytes
)

// The values of chain.changed.
const (
	chainChanged = 1
	chainDeep    = 2
)

var errFilters = errors.New("the iterator wrote filters that are none")

// chainSize is how long the chain is that b begins with.
func chainSize(b []byte) (int, error) {
	if len(b) < chainHead {
		return 0, nil
	}
	n := binary.LittleEndian.Uint32(b[16:])
	if n > chainMax {
		return 0, errFilters
	}
	return chainHead + int(n)*8, nil
}

func decodeChain(b []byte) task.Stack {
	s := task.Stack{
		StartTime: binary.LittleEndian.Uint64(b), PID: int(binary.LittleEndian.Uint32(b[8:])), TGID: int(binary.LittleEndian.Uint32(b[12:])),
	}
	switch binary.LittleEndian.Uint32(b[20:]) {
	case chainChanged:
		s.Why = "it got another filter while they were read"
	case chainDeep:
		s.Why = "there are more than 128 of them"
	}
	s.Keys = make([]uint64, binary.LittleEndian.Uint32(b[16:]))
	for i := range s.Keys {
		s.Keys[i] = binary.LittleEndian.Uint64(b[chainHead+i*8:])
	}
	return s
}

// textSet is the texts of filters, by key, with the thread under which each was read.
type textSet struct {
	texts   map[uint64][]byte
	holders map[uint64]uint32
	size    int // bytes
}

func newTextSet() *textSet {
	return &textSet{texts: map[uint64][]byte{}, holders: map[uint64]uint32{}}
}

// add reads the used part of the arena.
func (t *textSet) add(b []byte) error {
	for len(b) > 0 {
		if len(b) < textHead {
			return errFilters
		}
		key, length, holder := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint32(b[12:])
		if length > textLongest || int(length)*instruction > len(b)-textHead {
			return errFilters
		}
		end := textHead + int(length)*instruction
		t.texts[key], t.holders[key] = nil, holder
		if length > 0 {
			t.texts[key] = bytes.Clone(b[textHead:end])
		}
		t.size += end
		b = b[end:]
	}
	return nil
}

// confirm joins the texts with the stacks, which were read after them. A key is made of the filter's address, which may be
// another's once the filter is gone. It was not gone meanwhile where the thread under which the text was read still has
// it: filters are never taken from a thread that lives. Whole tells that no stack lacks a text for want of that.
func (t *textSet) confirm(stacks []task.Stack) (f *task.Filters, whole bool) {
	held := make(map[uint64]bool, len(t.texts))
	for i := range stacks {
		for _, key := range stacks[i].Keys {
			if t.holders[key] == uint32(stacks[i].PID) {
				held[key] = true
			}
		}
	}
	f, whole = &task.Filters{Stacks: stacks, Texts: make(map[uint64][]byte, len(t.texts))}, true
	for i := range stacks {
		s := &stacks[i]
		for _, key := range s.Keys {
			text, read := t.texts[key]
			switch {
			case s.Why != "":
			case !read && t.size >= maxTexts:
				s.Why = "the filters of this node are larger than capview reads"
			case !held[key]:
				s.Why, whole = "a thread ended while its filters were read", false
			case text == nil:
				s.Why = "the kernel does not keep filters as they were attached (CONFIG_CHECKPOINT_RESTORE)"
			}
			if held[key] {
				f.Texts[key] = text
			}
		}
	}
	return f, whole
}
