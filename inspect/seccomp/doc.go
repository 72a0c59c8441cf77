// Package seccomp tells what seccomp filters do. A filter is a classic BPF program over struct seccomp_data
// (seccomp(2)); this package decodes it, runs it on one system call, and finds by abstract interpretation what it does
// with every system call of an architecture, whatever the arguments. It is pure: reading filters is others' work.
//
// Program.Check is the kernel's own check, Program.Eval and Stack.Eval run filters as the kernel does. Decide follows a
// filter with the arguments left open and gives a Decision: paths of tests of 32-bit words, which exclude each other and
// cover everything, or why there is none. Nothing in it is approximate; what cannot be followed exactly is unknown, and
// bounds on steps, not on time, end what a hostile filter would draw out. Decisions are compared by Difference, which
// gives arguments for which they differ, and are written by Conditions as people write them. Policy is the decisions of a
// whole architecture, with numbers that have no name.
//
// A filter sees all 64 bits of an argument where the kernel may take 32 (Conditions.Wide).
package seccomp
