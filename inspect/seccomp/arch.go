package seccomp

// Arch is a system call ABI that filters tell apart.
type Arch uint8

// The ABIs. X32 shares AUDIT_ARCH_X86_64 with X86_64; its numbers carry bit 30.
const (
	X86_64 Arch = iota
	I386
	X32
	AArch64
	ARM
	Arches
)

var archNames = [...]string{"x86_64", "i386", "x32", "aarch64", "arm"}

// String is the name in capview's output: "x86_64", "i386", "x32", "aarch64", "arm".
func (a Arch) String() string { return archNames[a] }

// ParseArch is String's reverse.
func ParseArch(name string) (Arch, bool) {
	for arch, known := range archNames {
		if known == name {
			return Arch(arch), true
		}
	}
	return 0, false
}

// Audit is the AUDIT_ARCH_* number that the kernel puts into seccomp_data (linux/audit.h).
func (a Arch) Audit() uint32 {
	return [...]uint32{0xC000003E, 0x40000003, 0xC000003E, 0xC00000B7, 0x40000028}[a]
}

// ArchOf is the ABI of a system call, from what a filter sees of it.
func ArchOf(audit, nr uint32) (Arch, bool) {
	for arch := range Arches {
		if arch.Audit() == audit && arch.Owns(nr) {
			return arch, true
		}
	}
	return 0, false
}

// x32Bit marks an x32 system call's number (__X32_SYSCALL_BIT, arch/x86/include/uapi/asm/unistd.h).
const x32Bit = 0x40000000

// Owns tells whether a number is one of this ABI, where its AUDIT_ARCH_* number is given.
func (a Arch) Owns(nr uint32) bool {
	switch a {
	case X86_64:
		return nr&x32Bit == 0
	case X32:
		return nr&x32Bit != 0
	}
	return true
}
