//go:build linux && !amd64 && !arm64

package bpf

import (
	"context"
	"errors"

	"capview/inspect/bpf/load"
	"capview/inspect/task"
)

// Engine is the programs that the kernel took: none, for there are no objects for this architecture.
type Engine struct{}

// Options says what to load and how.
type Options struct {
	Root string
	Load load.Func
}

// Part is one of the engine's programs.
type Part struct{ Name, Why string }

// New fails.
func New(Options) (*Engine, error) {
	return nil, &load.Refusal{Why: "capview has no programs for this architecture", Err: errors.ErrUnsupported}
}

// Parts is none.
func (e *Engine) Parts() []Part { return nil }

// Close does nothing.
func (e *Engine) Close() error { return nil }

// Try fails.
func (e *Engine) Try() error { return task.ErrNone }

// Threads implements task.Kernel.
func (e *Engine) Threads(context.Context, func(*task.Record)) error { return task.ErrNone }

// Cmdlines implements task.Kernel.
func (e *Engine) Cmdlines(context.Context, []int, func(task.Cmdline)) error { return task.ErrNone }

// Picks implements task.Kernel.
func (e *Engine) Picks() bool { return false }

// Filters implements task.Kernel.
func (e *Engine) Filters(context.Context) (*task.Filters, error) { return nil, task.ErrNone }
