package seccomp

import (
	_ "embed"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// listed is the tables of github.com/elastic/go-seccomp-bpf/arch (Apache License 2.0), of Linux 6.15: a line "ABI NUMBER NAME" a system
// call. The library makes all of its tables before main begins; of these, each is made when it is asked for.
//
//go:embed syscalls.txt
var listed string

//go:generate go test -run ^TestListed$ . -update

// later is what Linux 6.16 to 7.0 added: new system calls have one number on every architecture
// (include/uapi/asm-generic/unistd.h).
var later = map[uint32]string{468: "file_getattr", 469: "file_setattr", 470: "listns", 471: "rseq_slice_yield"}

// table is one ABI's system calls both ways.
type table struct {
	names   map[uint32]string
	numbers map[string]uint32
	sorted  []uint32
}

var loaded [Arches]struct {
	once sync.Once
	table
}

// table builds the ABI's table when it is first asked for.
func (a Arch) table() *table {
	entry := &loaded[a]
	entry.once.Do(func() {
		names := a.known()
		sorted := slices.Sorted(maps.Keys(names))
		numbers := make(map[string]uint32, len(names))
		for _, number := range sorted {
			numbers[names[number]] = number
		}
		entry.table = table{names, numbers, sorted}
	})
	return &entry.table
}

// known is the ABI's names by number as filters see it.
func (a Arch) known() map[uint32]string {
	var bit uint32
	if a == X32 {
		bit = x32Bit
	}
	names := make(map[uint32]string, 512)
	for number, name := range later {
		names[number|bit] = name
	}
	if a == X86_64 || a == X32 {
		names[336|bit] = "uprobe" // Linux 6.18
	}
	for line := range strings.Lines(listed) {
		if abi, call, ok := strings.Cut(line, " "); ok && abi == a.String() {
			number, name, _ := strings.Cut(strings.TrimSpace(call), " ")
			n, _ := strconv.ParseUint(number, 10, 32)
			names[uint32(n)|bit] = name
		}
	}
	if a == X32 {
		dropOnly64(names)
	}
	return names
}

// dropOnly64 takes out the numbers that the library's x32 table has and x32 has not: those of calls that have another
// for x32, from 512 up, and what arch/x86/entry/syscalls/syscall_64.tbl marks as of the 64-bit ABI alone.
func dropOnly64(names map[uint32]string) {
	for _, number := range []uint32{134, 156, 174, 177, 178, 180, 205, 211, 214, 215, 236} {
		delete(names, number|x32Bit)
	}
	own := map[string]bool{}
	for number, name := range names {
		own[name] = own[name] || number >= 512|x32Bit
	}
	for number, name := range names {
		if own[name] && number < 512|x32Bit {
			delete(names, number)
		}
	}
}

// Name is a system call's name by the number that filters see, "" where it has none.
func (a Arch) Name(nr uint32) string { return a.table().names[nr] }

// Number is Name's reverse; x32 numbers carry bit 30.
func (a Arch) Number(name string) (uint32, bool) {
	nr, ok := a.table().numbers[name]
	return nr, ok
}

// Numbers is every system call that has a name, as filters see them, ascending. It belongs to the package.
func (a Arch) Numbers() []uint32 { return a.table().sorted }
