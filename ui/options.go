// Package ui is the terminal program: a tree of groups and processes, pages of detail, and the keys to walk them.
//
// The model does no I/O and reads no clock: what it needs comes through Options, and everything slow (a scan, a
// sort, an export) runs in commands beside it, at most one of each kind at a time.
package ui

import (
	"context"
	"time"

	"capview/inspect"
	"capview/inspect/rules"
	"capview/ui/theme"
)

// Options is what the program is made of and starts with. Only Source and Now are needed. The functions are called
// from commands, so beside Update, but never two of the same kind at once; Now may be called by several.
type Options struct {
	Source   inspect.Source
	Live     bool          // the source gives something new each time
	Origin   string        // the file's name where it is not live
	Interval time.Duration // between the end of a scan and the next; 0 is two seconds

	Filter    string // in the filter language
	Container string // a container's name, as --container has it
	Sort      string // a column's key, "power", or "" for the groups' own order
	GroupBy   inspect.GroupBy

	Now func() time.Time
	// Detail reads one process with all threads and its status text; nil where that cannot be had.
	Detail func(ctx context.Context, pid int, start uint64) (inspect.Process, error)
	// Ask answers whether p may do something, Exec which credentials executing a file would leave it, by the kernel's rules.
	// p is as Detail gives it, or of ix where that is nil. Nil where that cannot be answered.
	Ask  func(ctx context.Context, ix *inspect.Index, p *inspect.Process, action rules.Action) (rules.Result, error)
	Exec func(ctx context.Context, ix *inspect.Index, p *inspect.Process, path string) (rules.Result, error)
	// Complete lists a directory of a process's root, the names of directories with a slash at their end; nil where
	// there is no file system to look into.
	Complete func(ctx context.Context, pid int, start uint64, dir string) ([]string, error)
	// Export writes a snapshot and returns the path it wrote; nil where there is nowhere to write.
	Export     func(ctx context.Context, path string, s *inspect.Snapshot, progress func(done, total int)) (string, error)
	ExportName func(*inspect.Snapshot) string
	// Trace begins to watch capability checks of those that are meant, of whom ix tells; nil where nothing can be watched. Its
	// error is one line.
	Trace func(ctx context.Context, ix *inspect.Index, of Whom) (Trace, error)
	// CanSuspend tells whether a shell would wake a suspended program; nil is no.
	CanSuspend func() bool

	Notice string // what is missing and how to get it, in one line; "" if nothing is
	Theme  theme.Theme
	ASCII  bool // the terminal has no glyphs but ASCII's (the Linux console, a locale that is not UTF-8)
}
