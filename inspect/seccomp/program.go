package seccomp

// Instruction is one of a classic BPF program (struct sock_filter, linux/filter.h).
type Instruction struct {
	Code   uint16
	JT, JF uint8 // how many instructions a conditional jump skips: where true, where false
	K      uint32
}

// Program is one filter as it was attached: 1 to 4,096 instructions (BPF_MAXINSNS).
type Program []Instruction

// Stack is the filters of a thread, the newest first, as the kernel runs them. Each runs; the action that takes
// precedence wins, of equal ones the newest filter's (kernel/seccomp.c, seccomp_run_filters).
type Stack []Program

// Data is a system call as a filter sees it (struct seccomp_data).
type Data struct {
	Nr   uint32 // x32 calls carry bit 30 (__X32_SYSCALL_BIT)
	Arch uint32 // AUDIT_ARCH_*, linux/audit.h
	IP   uint64
	Args [6]uint64
}
