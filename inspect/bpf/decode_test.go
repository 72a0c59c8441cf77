//go:build linux && (amd64 || arm64)

package bpf

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"testing"
	"testing/iotest"
	"unsafe"

	"capview/inspect/task"
)

// A record is decoded field by field into what procfs would have shown.
func TestDecodeRecord(t *testing.T) {
	k := taskRecord{Pid: 7, Tgid: 6, Ppid: 1, StartBoottime: 5, ExecId: 9, Caps: [5]uint64{1, 2, 3, 4, 5}, Uid: [4]uint32{10, 11, 12, 13}, Gid: [4]uint32{20, 21, 22, 23},
		Securebits: 0x2f, SeccompMode: 2, SeccompFilters: 3, Bits: bitNoNewPrivs | bitNoSUID | bitHasExe, State: 0x402, ExeDevice: 8<<20 | 1, Groups: 40, UserLevel: 2, UserNs: 99}
	for i, c := range "kworker/0:1-events" {
		k.Comm[i] = int8(c)
	}
	raw := unsafe.Slice((*byte)(unsafe.Pointer(&k)), recordSize)
	var r task.Record
	newRecordDecoder().decode(raw, &r)
	switch {
	case r.PID != 7, r.TGID != 6, r.PPID != 1, r.Caps.Ambient != 5, r.UID.FS != 13, r.GID.Saved != 22, r.SecureBits != 0x2f, !r.NoNewPrivs,
		r.Filters != -1, r.State != 'I', r.Comm != "kworker/0:1-events", r.GroupCount != 40, len(r.Groups) != task.MaxGroups, r.User.Level != 2,
		r.Exe.Device != 0x801, !r.Exe.NoSUID, r.Changed:
		t.Errorf("%+v", r)
	}
}

// The letters are those of fs/proc/array.c: the highest bit that is reported decides.
func TestStateLetter(t *testing.T) {
	for _, c := range []struct {
		state, exit uint32
		want        byte
	}{{0, 0, 'R'}, {1, 0, 'S'}, {2, 0, 'D'}, {4, 0, 'T'}, {8, 0, 't'}, {0x80, 0x10, 'X'}, {0x80, 0x20, 'Z'}, {0x40, 0, 'P'}, {0x402, 0, 'I'},
		{0x100 | 2, 0, 'D'}, {0x1000, 0, 'D'}, {0x8000, 0, 'D'}, {0x2001, 0, 'S'}} {
		if got := stateLetter(c.state, c.exit); got != c.want {
			t.Errorf("state %#x, exit state %#x: %c, want %c", c.state, c.exit, got, c.want)
		}
	}
}

// Whatever the bytes are, a record is decoded, and nothing of it grows beyond its bounds.
func FuzzDecodeRecord(f *testing.F) {
	f.Add(make([]byte, recordSize))
	f.Add(bytes.Repeat([]byte{0xff}, recordSize))
	d := newRecordDecoder()
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < recordSize {
			return
		}
		var r task.Record
		d.decode(b[:recordSize], &r)
		if len(r.Comm) > longestComm || len(r.Groups) > task.MaxGroups || r.State == 0 || r.GroupCount < 0 {
			t.Errorf("%+v", r)
		}
	})
}

// However the kernel's answer is cut into reads, the parts are the same; what is no command line is refused.
func FuzzCmdlines(f *testing.F) {
	one := binary.LittleEndian.AppendUint32(make([]byte, 28), 5)
	f.Add(append(append(one, "sleep"...), append(binary.LittleEndian.AppendUint32(make([]byte, 28), cmdlineNot), one...)...))
	f.Add(binary.LittleEndian.AppendUint32(make([]byte, 28), cmdlineMax+1))
	f.Fuzz(func(t *testing.T, b []byte) {
		var whole, cut []string
		read := func(into *[]string) func([]byte) {
			return func(p []byte) {
				c, ok := decodeCmdline(p)
				if ok && len(c.Text) > cmdlineMax {
					t.Errorf("%d bytes", len(c.Text))
				}
				*into = append(*into, string(p))
			}
		}
		err1 := parts(context.Background(), bytes.NewReader(b), make([]byte, bufferSize), cmdlineSize, read(&whole))
		err2 := parts(context.Background(), iotest.OneByteReader(bytes.NewReader(b)), make([]byte, bufferSize), cmdlineSize, read(&cut))
		if (err1 == nil) != (err2 == nil) || !slices.Equal(whole, cut) {
			t.Errorf("%v, %v: %d and %d parts", err1, err2, len(whole), len(cut))
		}
	})
}

// Chains and texts of any bytes are decoded within their bounds, or refused.
func FuzzFilters(f *testing.F) {
	chain := make([]byte, chainHead+16)
	binary.LittleEndian.PutUint32(chain[16:], 2)
	text := make([]byte, textHead+16)
	binary.LittleEndian.PutUint32(text[8:], 2)
	f.Add(chain, text)
	f.Add([]byte("short"), bytes.Repeat([]byte{0xff}, textHead))
	f.Fuzz(func(t *testing.T, chains, arena []byte) {
		var stacks []task.Stack
		parts(context.Background(), bytes.NewReader(chains), make([]byte, bufferSize), chainSize, func(b []byte) { stacks = append(stacks, decodeChain(b)) })
		texts := newTextSet()
		err := texts.add(arena)
		if err == nil && texts.size != len(arena) {
			t.Errorf("%d of %d bytes", texts.size, len(arena))
		}
		got, _ := texts.confirm(stacks)
		for key, text := range got.Texts {
			if len(text)%instruction != 0 || len(text) > textLongest*instruction {
				t.Errorf("key %d: %d bytes", key, len(text))
			}
		}
		for _, s := range got.Stacks {
			for _, key := range s.Keys {
				if _, ok := got.Texts[key]; s.Why == "" && (!ok || got.Texts[key] == nil) {
					t.Errorf("the text of %d is missing, and no one says why", key)
				}
			}
		}
	})
}

// A key is confirmed by the thread under which its text was read, and by no other.
func TestConfirm(t *testing.T) {
	text := func(key uint64, holder uint32) []byte {
		b := binary.LittleEndian.AppendUint64(nil, key)
		b = binary.LittleEndian.AppendUint32(b, 1)
		b = binary.LittleEndian.AppendUint32(b, holder)
		return append(b, 6, 0, 0, 0, 0, 0, 0xff, 0x7f)
	}
	texts := newTextSet()
	if err := texts.add(slices.Concat(text(1, 10), text(2, 11))); err != nil {
		t.Fatal(err)
	}
	got, whole := texts.confirm([]task.Stack{{PID: 10, Keys: []uint64{1}}, {PID: 12, Keys: []uint64{1}}, {PID: 13, Keys: []uint64{2}}})
	if whole || got.Stacks[0].Why != "" || got.Stacks[1].Why != "" || got.Stacks[2].Why == "" || len(got.Texts) != 1 {
		t.Errorf("%v %+v", whole, got)
	}
}
