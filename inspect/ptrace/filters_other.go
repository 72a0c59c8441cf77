//go:build !linux

package ptrace

import (
	"context"
	"errors"

	"capview/inspect/seccomp"
)

// Filters needs Linux.
func Filters(context.Context, string, int, uint64) (seccomp.Stack, error) {
	return nil, errors.ErrUnsupported
}

// Start needs Linux.
func Start(string, int) (uint64, error) { return 0, errors.ErrUnsupported }
