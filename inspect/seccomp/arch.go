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

// String is the name in capview's output: "x86_64", "i386", "x32", "aarch64", "arm".
func (a Arch) String() string {
	return [...]string{"x86_64", "i386", "x32", "aarch64", "arm"}[a]
}

// Audit is the AUDIT_ARCH_* number that the kernel puts into seccomp_data (linux/audit.h).
func (a Arch) Audit() uint32 {
	return [...]uint32{0xC000003E, 0x40000003, 0xC000003E, 0xC00000B7, 0x40000028}[a]
}

// x32Bit marks an x32 system call's number (__X32_SYSCALL_BIT, arch/x86/include/uapi/asm/unistd.h).
const x32Bit = 0x40000000
