package tty

import (
	"runtime/debug"
	"sync"
)

// guard keeps the first panic under it, and ends the program for it, so that the terminal is restored before the trace is
// printed.
type guard struct {
	mu     sync.Mutex
	caught *PanicError
	stop   func(error) // ends the program; set before anything can panic
}

// recover, deferred directly, turns a panic into the end of the program.
func (g *guard) recover() {
	if v := recover(); v != nil {
		g.catch(v, debug.Stack())
	}
}

// catch keeps a panic, if it is the first, and ends the program.
func (g *guard) catch(value any, stack []byte) {
	g.mu.Lock()
	if g.caught == nil {
		g.caught = &PanicError{Value: value, Stack: stack}
	}
	first := g.caught
	g.mu.Unlock()
	g.stop(first)
}

// panicked is the panic that was caught, or nil.
func (g *guard) panicked() *PanicError {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.caught
}
