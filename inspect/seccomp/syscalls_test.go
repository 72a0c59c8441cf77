package seccomp

import "testing"

// Numbers from the kernel's headers, those of x32 with bit 30.
func TestSyscallTables(t *testing.T) {
	for arch, calls := range map[Arch]map[string]uint32{
		X86_64:  {"read": 0, "clone": 56, "rt_sigaction": 13, "openat2": 437, "uprobe": 336, "mseal": 462, "file_setattr": 469},
		I386:    {"read": 3, "clone": 120, "socketcall": 102, "clock_settime64": 404, "mseal": 462},
		X32:     {"read": x32Bit, "clone": x32Bit | 56, "rt_sigaction": x32Bit | 512, "preadv2": x32Bit | 546, "ioctl": x32Bit | 514, "execveat": x32Bit | 545},
		AArch64: {"read": 63, "clone": 220, "renameat2": 276, "openat2": 437},
		ARM:     {"read": 3, "clone": 120, "set_tls": 983045, "openat2": 437},
	} {
		for name, nr := range calls {
			if have, ok := arch.Number(name); !ok || have != nr || arch.Name(nr) != name {
				t.Errorf("%v %s: %d, want %d; that is %q", arch, name, have, nr, arch.Name(nr))
			}
		}
		numbers := arch.Numbers()
		for i, nr := range numbers {
			if have, _ := arch.Number(arch.Name(nr)); have != nr {
				t.Errorf("%v %d: %s is %d", arch, nr, arch.Name(nr), have)
			}
			if !arch.Owns(nr) || i > 0 && numbers[i-1] >= nr {
				t.Errorf("%v %d is out of place", arch, nr)
			}
			if of, ok := ArchOf(arch.Audit(), nr); !ok || of != arch {
				t.Errorf("%v %d is %v's", arch, nr, of)
			}
		}
		t.Logf("%v: %d system calls", arch, len(numbers))
	}
	for arch := range Arches {
		if parsed, ok := ParseArch(arch.String()); !ok || parsed != arch {
			t.Errorf("%v is read as %v", arch, parsed)
		}
	}
	if _, ok := ParseArch("pdp11"); ok {
		t.Error("pdp11 is known")
	}
	if name := X32.Name(x32Bit | 13); name != "" {
		t.Errorf("x32 has no number 13, but %s", name)
	}
}
