package tty

import (
	"syscall"
	"testing"
)

// A terminal that takes nothing cannot keep the program, whether it is asked by a key or by a signal.
func TestStalled(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(*terminal)
		code int
	}{
		{"quit", func(term *terminal) { term.keys("q") }, 0},
		{"SIGTERM", func(term *terminal) { term.signal(syscall.SIGTERM) }, 143},
		{"SIGHUP", func(term *terminal) { term.signal(syscall.SIGHUP) }, 129},
		{"panic", func(term *terminal) { term.keys("u") }, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			term := stalled(t)
			test.end(term)
			term.ends(test.code)
			if got := term.settings(); got != term.before {
				t.Errorf("settings\n%+v\nwant\n%+v", got, term.before)
			}
			term.resume()
			term.restored()
		})
	}
}

// SIGTERM ends the program also before it is noticed that the terminal stalls.
func TestStalledUnnoticed(t *testing.T) {
	term := openTerminal(t, 400, 200)
	term.start()
	term.shows("READY 400x200")
	term.stop()
	term.keys("f")
	term.logs("key f")
	term.signal(syscall.SIGTERM)
	term.ends(143)
	term.resume()
	term.restored()
}

// Once the terminal takes output again, the whole screen is painted: frames were dropped.
func TestStallPasses(t *testing.T) {
	term := stalled(t)
	term.keys("x")
	term.logs("key x")
	term.resume()
	term.logs("takes output again")
	term.shows("<f> <x>")
	term.keys("q")
	term.ends(0)
	term.restored()
}

// stalled is a terminal whose reader has stopped, with a program that writes until it blocks.
func stalled(t *testing.T) *terminal {
	t.Helper()
	term := openTerminal(t, 400, 200)
	term.start()
	term.shows("READY 400x200")
	term.stop()
	term.keys("f")
	term.logs("the terminal stalled")
	return term
}
