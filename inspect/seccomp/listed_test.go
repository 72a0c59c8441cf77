package seccomp

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/elastic/go-seccomp-bpf/arch"
)

// The tables of system calls are the library's.
func TestListed(t *testing.T) {
	var text strings.Builder
	for abi, info := range []*arch.Info{X86_64: arch.X86_64, I386: arch.I386, X32: arch.X32, AArch64: arch.AARCH64, ARM: arch.ARM} {
		abi := Arch(abi)
		if mask := uint32(info.SeccompMask); (mask != 0) != (abi == X32) || mask != mask&x32Bit {
			t.Errorf("numbers of %v carry %#x", abi, mask)
		}
		if len(info.SyscallNumbers) < 300 {
			t.Errorf("%v has only %d system calls", abi, len(info.SyscallNumbers))
		}
		for _, number := range slices.Sorted(maps.Keys(info.SyscallNumbers)) {
			fmt.Fprintf(&text, "%v %d %s\n", abi, number, info.SyscallNumbers[number])
		}
	}
	if *update {
		if err := os.WriteFile("syscalls.txt", []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if text.String() != listed {
		t.Error("syscalls.txt is not what the library has: 'go generate' makes it anew")
	}
}
