package tty

import (
	"syscall"
	"testing"

	"capview/cmd/tty/ttytest"
)

// A terminal that takes nothing cannot keep the program, whether it is asked by a key or by a signal.
func TestStalled(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(*ttytest.Terminal)
		code int
	}{
		{"quit", func(term *ttytest.Terminal) { term.Keys("q") }, 0},
		{"SIGTERM", func(term *ttytest.Terminal) { term.Signal(syscall.SIGTERM) }, 143},
		{"SIGHUP", func(term *ttytest.Terminal) { term.Signal(syscall.SIGHUP) }, 129},
		{"panic", func(term *ttytest.Terminal) { term.Keys("u") }, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			term := stalled(t)
			test.end(term)
			term.Ends(test.code)
			term.RestoredSettings()
			term.Resume()
			term.Restored()
		})
	}
}

// SIGTERM ends the program also before it is noticed that the terminal stalls.
func TestStalledUnnoticed(t *testing.T) {
	term := ttytest.Open(t, 400, 200)
	start(term)
	term.Shows("READY 400x200")
	term.Stop()
	term.Keys("f")
	term.Logs("key f")
	term.Signal(syscall.SIGTERM)
	term.Ends(143)
	term.Resume()
	term.Restored()
}

// Once the terminal takes output again, the whole screen is painted: frames were dropped.
func TestStallPasses(t *testing.T) {
	term := stalled(t)
	term.Keys("x")
	term.Logs("key x")
	term.Resume()
	term.Logs("takes output again")
	term.Shows("<f> <x>")
	term.Keys("q")
	term.Ends(0)
	term.Restored()
}

// stalled is a terminal whose reader has stopped, with a program that writes until it blocks.
func stalled(t *testing.T) *ttytest.Terminal {
	t.Helper()
	term := ttytest.Open(t, 400, 200)
	start(term)
	term.Shows("READY 400x200")
	term.Stop()
	term.Keys("f")
	term.Logs("the terminal stalled")
	return term
}
