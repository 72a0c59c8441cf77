package tty

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"capview/cmd/tty/ttytest"
)

// Each way to end gives the terminal back.
func TestRestores(t *testing.T) {
	for _, test := range []struct {
		name  string
		end   func(*ttytest.Terminal)
		code  int
		shows string // after the main screen is back
	}{
		{"quit", func(term *ttytest.Terminal) { term.Keys("q") }, 0, ""},
		{"quit with the mouse on", func(term *ttytest.Terminal) { term.Keys("m"); term.Shows("\x1b[?1002h"); term.Keys("q") }, 0, ""},
		{"SIGTERM", func(term *ttytest.Terminal) { term.Signal(syscall.SIGTERM) }, 143, ""},
		{"SIGINT", func(term *ttytest.Terminal) { term.Signal(syscall.SIGINT) }, 130, ""},
		{"SIGHUP", func(term *ttytest.Terminal) { term.Signal(syscall.SIGHUP) }, 129, ""},
		{"SIGQUIT", func(term *ttytest.Terminal) { term.Signal(syscall.SIGQUIT) }, 131, "goroutine 1 ["},
		{"panic in Update", func(term *ttytest.Terminal) { term.Keys("u") }, 2, `panic: "in Update"`},
		{"panic in View", func(term *ttytest.Terminal) { term.Keys("v") }, 2, `panic: "in View"`},
		{"panic in a command", func(term *ttytest.Terminal) { term.Keys("c") }, 2, `panic: "in a command \x1b[31m"`},
		{"panic in a batch in a sequence", func(term *ttytest.Terminal) { term.Keys("b") }, 2, `panic: "in a command \x1b[31m"`},
		{"panic in a goroutine", func(term *ttytest.Terminal) { term.Keys("g") }, 2, `panic: "in a goroutine"`},
		{"Update hangs", func(term *ttytest.Terminal) {
			term.Keys("l")
			term.Logs("key l")
			term.Signal(syscall.SIGTERM)
		}, 143, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			term := ttytest.Open(t, 80, 24)
			start(term)
			term.Shows("READY 80x24")
			test.end(term)
			term.Ends(test.code)
			term.Restored()
			term.Eventually(test.shows, func() bool { return strings.Contains(term.AfterScreen(), test.shows) })
			if test.code == 2 && !strings.Contains(term.AfterScreen(), "child_linux_test.go:") {
				t.Errorf("no stack trace after the main screen: %q", term.AfterScreen())
			}
		})
	}
}

// The alternate screen is used, in raw mode, and the mouse stays the terminal's.
func TestTakesTheTerminal(t *testing.T) {
	term := ttytest.Open(t, 80, 24)
	start(term)
	term.Shows("READY 80x24")
	modes := term.Modes()
	if !modes[ttytest.ModeAlt] || modes[ttytest.ModeCursor] || modes[ttytest.ModeMouse] {
		t.Errorf("modes %v: want the alternate screen, no cursor, no mouse", modes)
	}
	if term.Settings().Lflag&syscall.ICANON != 0 {
		t.Error("not in raw mode")
	}
	if strings.Contains(term.Output(), "\x1b]11;?") || strings.Contains(term.Output(), "\x1b[6n") {
		t.Error("the terminal was asked something")
	}
	term.Keys("q")
	term.Ends(0)
}

// The keyboard is the controlling terminal where standard input is something else.
func TestInputElsewhere(t *testing.T) {
	term := ttytest.Open(t, 80, 24)
	start(term, "sh", "-c", `exec "$0" < /dev/null`)
	term.Shows("READY 80x24")
	term.Keys("q")
	term.Ends(0)
	term.Restored()
}

func TestResize(t *testing.T) {
	term := ttytest.Open(t, 80, 24)
	start(term)
	term.Shows("READY 80x24")
	term.Resize(140, 40)
	term.Shows("READY 140x40")
	term.Keys("q")
	term.Ends(0)
}

// A hangup ends the program also where SIGHUP is ignored, as under nohup(1).
func TestHangup(t *testing.T) {
	for name, wrapper := range map[string][]string{
		"SIGHUP":         nil,
		"SIGHUP ignored": {"sh", "-c", `trap "" HUP; exec "$0"`},
	} {
		t.Run(name, func(t *testing.T) {
			term := ttytest.Open(t, 80, 24)
			start(term, wrapper...)
			term.Shows("READY 80x24")
			term.HangUp()
			term.Ends(129)
		})
	}
}

func TestNoTerminal(t *testing.T) {
	for _, test := range []struct{ name, script, want string }{
		{"dumb", `TERM=dumb exec "$0"`, "this terminal cannot move the cursor (TERM=dumb)\r\n  use 'capview list'\r\n"},
		{"output elsewhere", `exec "$0" > /dev/null`, "standard output is not a terminal\r\n  use 'capview list'\r\n"},
		{"none to control", `exec setsid -w "$0" < /dev/null`,
			"standard input is not a terminal, and there is no controlling one\r\n  use 'capview list'\r\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if strings.Contains(test.script, "setsid") {
				if _, err := exec.LookPath("setsid"); err != nil {
					t.Skip("needs setsid (util-linux)")
				}
			}
			term := ttytest.Open(t, 80, 24)
			start(term, "sh", "-c", test.script)
			term.Ends(2)
			term.Shows(test.want)
			if got := term.Output(); got != test.want {
				t.Errorf("wrote %q, want %q", got, test.want)
			}
		})
	}
}

// A program that imports this package, and bubbletea with it, writes nothing before it says so, and asks the terminal
// nothing: here nobody would answer.
func TestQuietStart(t *testing.T) {
	term := ttytest.Open(t, 80, 24)
	start(term, "env", childEnv+"=quiet")
	term.Ends(0)
	term.Keys("|") // the terminal echoes it after whatever was written before
	term.Shows("|")
	if got := term.Output(); got != "|" {
		t.Errorf("wrote %q", got)
	}
}
