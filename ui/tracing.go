package ui

import (
	"context"
	"time"

	"capview/inspect"
	"capview/inspect/advise"
	"capview/ui/view"
)

// Whom is whose capability checks are meant: processes with what they start, a container with what is started in it, or
// the whole node.
type Whom struct {
	Name      string // in words, clean
	Node      bool
	Container string // its key
	Processes []inspect.ProcessID
}

// Trace is a watch of the kernel's capability checks. Its methods may be called beside each other; those without a context
// take no longer than a look at what is in memory.
type Trace interface {
	// Look hands over a newer snapshot of the node.
	Look(ix *inspect.Index)
	// Report is where it stands.
	Report() Report
	// Checks is what was seen of some of those that are traced; hidden ones (inspect.Check.Hidden) only where all is set.
	Checks(of Whom, all bool) *view.Checks
	// Advise compares what was exercised with what is held, of a container or one process.
	Advise(ctx context.Context, of Whom) (*inspect.Index, *advise.Advice, error)
	// Hidden asks for single checks that are hidden, too, or no longer.
	Hidden(ctx context.Context, on bool) error
	// Stop ends the watching; nothing of it stays in the kernel. What was seen can still be asked for.
	Stop() error
}

// Report is where a trace stands.
type Report struct {
	Rung         string // the way by which checks are seen
	Since, Until time.Time
	Checks       uint64 // hidden ones left out
	Denied       uint64 // of Checks
	Lost         inspect.Losses
	Seen         *inspect.Seen // the same one as long as nothing has changed
	// Ended is why it has ended by itself; "" while it goes on, and where it was stopped.
	Ended string
}
