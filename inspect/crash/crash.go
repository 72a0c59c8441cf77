// Package crash lets a goroutine's panic wait until the terminal is restored. Go ends the process at once for a panic that
// its goroutine does not recover, with the terminal as it is: in raw mode, on the alternate screen, where the trace is
// lost. So the goroutines that a scan or a reader starts defer Recover, and who runs the terminal calls Handle.
package crash

import (
	"runtime/debug"
	"sync/atomic"
)

// Handler is told of a panic: its value, and the stack as of debug.Stack. The goroutine ends after it; what waits for the
// goroutine may wait for ever, so the handler has to end the program.
type Handler func(value any, stack []byte)

var handler atomic.Pointer[Handler]

// Handle makes h the handler; nil leaves panics to Go.
func Handle(h Handler) {
	if h == nil {
		handler.Store(nil)
		return
	}
	handler.Store(&h)
}

// Recover, deferred directly, hands a panic of its goroutine to the handler. Without one the panic goes on as if Recover
// were not there.
func Recover() {
	h := handler.Load()
	if h == nil {
		return
	}
	if value := recover(); value != nil {
		(*h)(value, debug.Stack())
	}
}
