package trace

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"

	"capview/inspect/seccomp"
)

// Recorded is what system calls a target made, by the numbers that seccomp filters see, ascending.
type Recorded struct {
	// Calls reached the kernel.
	Calls map[seccomp.Arch][]uint32
	// Blocked never did, and returned an error: a seccomp filter, or a tracer, refused them. A call that is refused by its
	// arguments alone is in Calls too; see Refused.
	Blocked map[seccomp.Arch][]uint32
	// Refused is how often a call returned EPERM, EACCES or ENOSYS, whoever refused it.
	Refused []RefusedCall
}

// RefusedCall is a system call that returned an error which refuses it.
type RefusedCall struct {
	Arch   seccomp.Arch
	Number uint32 // as filters see it
	Errno  int
	Count  uint64
}

// The layout of c/record.h.
const (
	words       = numbers / 64
	recordSize  = 2 * 3 * words * 8
	refusedSize = 16
)

// record reads a struct record.
func (d *decoder) record(b []byte) (Recorded, error) {
	if len(b) != recordSize {
		return Recorded{}, fmt.Errorf("record of %d bytes: want %d", len(b), recordSize)
	}
	r := Recorded{Calls: map[seccomp.Arch][]uint32{}, Blocked: map[seccomp.Arch][]uint32{}}
	for i, abi := range d.abis {
		var calls, blocked []uint32
		for w := range words {
			at := 8 * (i*words + w)
			entered := binary.LittleEndian.Uint64(b[at:])
			failed := binary.LittleEndian.Uint64(b[recordSize/2+at:])
			calls = appendNumbers(calls, abi, w, entered)
			blocked = appendNumbers(blocked, abi, w, failed&^entered)
		}
		if calls != nil {
			r.Calls[abi] = calls
		}
		if blocked != nil {
			r.Blocked[abi] = blocked
		}
	}
	return r, nil
}

// appendNumbers appends the numbers that are set in a word.
func appendNumbers(list []uint32, abi seccomp.Arch, word int, set uint64) []uint32 {
	for ; set != 0; set &= set - 1 {
		number := int32(64*word + bits.TrailingZeros64(set))
		list = append(list, uint32(syscallOf(abi, number).Number))
	}
	return list
}

// refused reads a struct refused_key and its count; target is the index of whose it is.
func (d *decoder) refused(key []byte, count uint64) (target uint64, r RefusedCall, err error) {
	if len(key) != refusedSize {
		return 0, r, fmt.Errorf("refusal of %d bytes: want %d", len(key), refusedSize)
	}
	abi, number := int(key[14]), int32(binary.LittleEndian.Uint32(key[8:]))
	if abi >= len(d.abis) || number < 0 {
		return 0, r, fmt.Errorf("refusal of ABI %d, number %d", abi, number)
	}
	call := syscallOf(d.abis[abi], number)
	return binary.LittleEndian.Uint64(key), RefusedCall{
		Arch: call.Arch, Number: uint32(call.Number), Errno: int(binary.LittleEndian.Uint16(key[12:])), Count: count,
	}, nil
}

// addRefused counts a call that is in the list already together with it.
func addRefused(list []RefusedCall, call RefusedCall) []RefusedCall {
	for i := range list {
		if one := &list[i]; one.Arch == call.Arch && one.Number == call.Number && one.Errno == call.Errno {
			one.Count += call.Count
			return list
		}
	}
	return append(list, call)
}

// sortRefused orders by ABI, number and error.
func sortRefused(list []RefusedCall) {
	slices.SortFunc(list, func(a, b RefusedCall) int {
		return cmp.Or(cmp.Compare(a.Arch, b.Arch), cmp.Compare(a.Number, b.Number), cmp.Compare(a.Errno, b.Errno))
	})
}
