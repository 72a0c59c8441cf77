//go:build !linux

// Package lean lets go of privileges that the process does not need any more, on every thread.
package lean

import "capview/inspect/caps"

// Keep does nothing: only Linux has capabilities to let go of.
func Keep(caps.Set, bool) error { return nil }
