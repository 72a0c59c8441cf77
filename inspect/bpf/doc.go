// Package bpf asks the kernel itself: a pass over every thread that stops none, and that knows what procfs does not print. It
// needs the kernel's type information (BTF) and the right to load programs.
//
// Where the kernel can run programs that walk over its list of threads and look processes up by PID (6.10), these do it; else its
// task iterators (5.8).
//
// The programs are in the folder c, their objects are committed beside their Go names. Whether a program can be had is
// decided by loading it, never by the kernel's version. Decoding what they write is pure.
package bpf
