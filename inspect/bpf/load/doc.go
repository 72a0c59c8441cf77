// Package load brings BPF programs into the kernel. What a kernel takes is found out by loading it: a refusal means that
// the next, lesser way is tried, and its cause is kept in words.
package load
