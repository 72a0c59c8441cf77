package seccomp

import (
	"maps"
	"slices"
	"sync"

	"github.com/elastic/go-seccomp-bpf/arch"
)

// tables is the library's, by ABI; of Linux 6.15.
var tables = [Arches]*arch.Info{X86_64: arch.X86_64, I386: arch.I386, X32: arch.X32, AArch64: arch.AARCH64, ARM: arch.ARM}

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
	bit := uint32(tables[a].SeccompMask)
	names := make(map[uint32]string, len(tables[a].SyscallNumbers)+len(later)+1)
	for number, name := range later {
		names[number|bit] = name
	}
	if a == X86_64 || a == X32 {
		names[336|bit] = "uprobe" // Linux 6.18
	}
	for number, name := range tables[a].SyscallNumbers {
		names[uint32(number)|bit] = name
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
