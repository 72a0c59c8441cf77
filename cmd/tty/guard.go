package tty

import (
	"runtime/debug"
	"sync"
)

// Guard keeps the first panic of the goroutines that run under it, so that the terminal can be restored before the
// trace is printed. Go ends the process for a panic that nothing recovers, with the terminal as it is. The zero Guard
// is ready.
type Guard struct {
	mu     sync.Mutex
	caught *PanicError
	stop   func(error) // ends the program that runs under this guard
}

// Go runs f in a goroutine; a panic in it ends the program with a *PanicError.
func (g *Guard) Go(f func()) {
	go func() {
		defer g.Recover()
		f()
	}()
}

// Recover, deferred directly, turns a panic of its goroutine into the end of the program.
func (g *Guard) Recover() {
	if v := recover(); v != nil {
		g.catch(&PanicError{Value: v, Stack: debug.Stack()})
	}
}

// catch keeps e, if it is the first, and ends the program.
func (g *Guard) catch(e *PanicError) {
	g.mu.Lock()
	if g.caught == nil {
		g.caught = e
	}
	stop, first := g.stop, g.caught
	g.mu.Unlock()
	if stop != nil {
		stop(first)
	}
}

// attach makes stop end the program for a panic, also for one that came before.
func (g *Guard) attach(stop func(error)) {
	g.mu.Lock()
	g.stop = stop
	caught := g.caught
	g.mu.Unlock()
	if caught != nil {
		stop(caught)
	}
}

// panicked is the panic that was caught, or nil.
func (g *Guard) panicked() *PanicError {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.caught
}
