package trace

import (
	"strings"

	"capview/inspect"
)

// Options is what a Tracer is to look for.
type Options struct {
	// Root is where the kernel shows processes ("/proc").
	Root string
	// Targets is whom to look at; none: the whole node. capview itself is never looked at.
	Targets []Target

	Events bool // single checks, besides the totals
	Denied bool // of these: only denials
	Unique bool // of these: the first of each capability, verdict and container
	Hidden bool // of these: also those that Check.Hidden tells of
	Stack  bool // of these: with kernel and user stack
	// FirstStack is Stack for the first of each capability, verdict and container alone, with names for the kernel's part.
	FirstStack bool

	// Rung forces one way to see checks, for tests; "" takes the first that works.
	Rung Rung
	// RingBytes is the size of the ring for single checks, a power of two of pages; 0 is 8 MiB.
	RingBytes int
	// Keys is how many checks are told apart between two calls of Drain; 0 is 32,768.
	Keys int

	self bool // capview's own checks too, for its benchmarks
}

// Target is what to look at, with all that descends from it: processes, control groups or user namespaces.
type Target struct {
	Processes []inspect.ProcessID
	Cgroups   []uint64 // ids (inodes), in the hierarchy that Hierarchy tells of
	UserNS    []uint64 // inodes
}

// Rung is a way to see capability checks.
type Rung string

// The ways, the best first. Fexit shows the options word; the tracepoint (Linux 6.14) shows who granted; kprobes show the
// options, and cost more.
const (
	Fexit      Rung = "fexit"
	Tracepoint Rung = "tracepoint"
	Kprobe     Rung = "kprobe"
)

// Rungs is all of them, in the order in which they are tried.
var Rungs = []Rung{Fexit, Tracepoint, Kprobe}

// Refused is why one way could not be had.
type Refused struct {
	Rung Rung
	Why  string
}

// NoRung is that no way to see capability checks could be had.
type NoRung struct{ Refused []Refused }

func (e *NoRung) Error() string { return "capability checks cannot be traced here: " + e.Why() }

// Why is the cause alone.
func (e *NoRung) Why() string {
	// Most often all have one cause.
	first := e.Refused[0].Why
	for _, r := range e.Refused {
		if r.Why != first {
			var all []string
			for _, r := range e.Refused {
				all = append(all, string(r.Rung)+": "+r.Why)
			}
			return strings.Join(all, "; ")
		}
	}
	return first
}
