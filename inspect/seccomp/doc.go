// Package seccomp tells what seccomp filters do. A filter is a classic BPF program over struct seccomp_data
// (seccomp(2)); this package decodes it, runs it on one system call, and finds by abstract interpretation what it does
// with every system call of an architecture, whatever the arguments. It is pure: reading filters is others' work.
package seccomp
