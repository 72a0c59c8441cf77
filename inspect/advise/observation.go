package advise

import (
	"time"

	"capview/inspect"
	"capview/inspect/caps"
)

// Observation is what a tracer saw of capability checks (kernel: cap_capable), and how far it looked.
type Observation struct {
	// Since and Until is the time that was watched without a break. Where either is zero it is not known, and nothing is
	// called unused.
	Since, Until time.Time
	// Lost is how many checks are missing from the counts.
	Lost uint64
	// Only says in words what alone was watched of the checks ("denials only"); "" is all of them.
	Only string
	// Targets is all that was watched: the containers (by key, label, name or id) and PIDs with what they started; Everywhere is the whole node.
	Targets    []string
	Everywhere bool
	Uses       []Use
}

// Use is one check of a capability, or many of the same kind that were counted together.
type Use struct {
	PID, TID  int
	StartTime uint64 // of the process, as inspect.Process.StartTime; 0 unknown
	PPID      int    // of the process; 0 unknown
	Comm      string
	UID, GID  inspect.Opt[uint32] // in the reader's user namespace
	Container string              // its key, label, name or id; "" where there is none
	Effective inspect.Opt[caps.Set]

	Cap     caps.Cap
	Allowed bool
	Audit   inspect.Opt[bool] // false: CAP_OPT_NOAUDIT, the kernel asked without wanting to tell
	InSetID inspect.Opt[bool] // CAP_OPT_INSETID: in a set*id system call
	// Probe: the tracer tells by the kernel's stack that it asked for itself, without audit, where Audit is unknown.
	Probe inspect.Opt[bool]
	// Overridden: made while the task acts with other credentials than its own (override_creds), as overlayfs does.
	Overridden inspect.Opt[bool]
	// Foreign: what was asked about is not the credentials the task acts with: those that a file was opened with, another
	// task's. UID, GID, Effective and Current are theirs, PID, TID and Comm the task's.
	Foreign inspect.Opt[bool]

	Current, Target, Granting inspect.Opt[uint64] // inodes of user namespaces

	Syscall     string   // "" unknown, or outside of any
	Stack       []string // the kernel's, innermost first; functions' names may carry an offset
	Count       uint64   // at least 1
	First, Last time.Time
}

// watched is how long; 0 where that is not known.
func (o *Observation) watched() time.Duration {
	if o.Since.IsZero() || o.Until.IsZero() || o.Until.Before(o.Since) {
		return 0
	}
	return o.Until.Sub(o.Since)
}
