// Package proc is the Source that reads a live node's procfs: it needs no privilege to run, and says as Gaps what
// it may not read.
//
// Reading is apart from parsing: parse*.go are pure functions over bytes, the _linux files do the system calls.
// Everything about a process is read through one O_PATH descriptor of its /proc/PID directory, so that all facts
// are of one process even where its PID is used again meanwhile (the kernel answers ESRCH once it is gone).
package proc
