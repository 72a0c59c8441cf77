// Package trace watches the kernel's capability checks as they happen, and records which system calls are made. Its
// programs count in the kernel, so that nothing is lost from totals at any rate; single checks come through a ring whose
// losses are counted.
//
// Of the ways to see a check (Rungs) the first that the kernel loads and attaches is taken; none is decided by the
// kernel's version. All need Linux 5.15 with its type information (BTF), for bpf_task_pt_regs and atomic operations.
//
// Which checks the kernel makes for its own sake (probes) is told by the options word where the way shows it. The
// tracepoint does not: there the program looks among the callers for the functions that ask without audit (quiet), for
// the capabilities that these ask for (probed), unless the system call asks for that capability itself (asking).
//
// Decoding is pure.
package trace
