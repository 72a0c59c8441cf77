package tty

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// Each way to end gives the terminal back.
func TestRestores(t *testing.T) {
	for _, test := range []struct {
		name  string
		end   func(*terminal)
		code  int
		shows string // after the main screen is back
	}{
		{"quit", func(term *terminal) { term.keys("q") }, 0, ""},
		{"quit with the mouse on", func(term *terminal) { term.keys("m"); term.shows("\x1b[?1002h"); term.keys("q") }, 0, ""},
		{"SIGTERM", func(term *terminal) { term.signal(syscall.SIGTERM) }, 143, ""},
		{"SIGINT", func(term *terminal) { term.signal(syscall.SIGINT) }, 130, ""},
		{"SIGHUP", func(term *terminal) { term.signal(syscall.SIGHUP) }, 129, ""},
		{"SIGQUIT", func(term *terminal) { term.signal(syscall.SIGQUIT) }, 131, "goroutine 1 ["},
		{"panic in Update", func(term *terminal) { term.keys("u") }, 2, `panic: "in Update"`},
		{"panic in View", func(term *terminal) { term.keys("v") }, 2, `panic: "in View"`},
		{"panic in a command", func(term *terminal) { term.keys("c") }, 2, `panic: "in a command \x1b[31m"`},
		{"panic in a batch in a sequence", func(term *terminal) { term.keys("b") }, 2, `panic: "in a command \x1b[31m"`},
		{"panic in a goroutine", func(term *terminal) { term.keys("g") }, 2, `panic: "in a goroutine"`},
		{"Update hangs", func(term *terminal) {
			term.keys("l")
			term.logs("key l")
			term.signal(syscall.SIGTERM)
		}, 143, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			term := openTerminal(t, 80, 24)
			term.start()
			term.shows("READY 80x24")
			test.end(term)
			term.ends(test.code)
			term.restored()
			term.eventually(test.shows, func() bool { return strings.Contains(term.afterScreen(), test.shows) })
			if test.code == 2 && !strings.Contains(term.afterScreen(), "child_linux_test.go:") {
				t.Errorf("no stack trace after the main screen: %q", term.afterScreen())
			}
		})
	}
}

// The alternate screen is used, in raw mode, and the mouse stays the terminal's.
func TestTakesTheTerminal(t *testing.T) {
	term := openTerminal(t, 80, 24)
	term.start()
	term.shows("READY 80x24")
	modes := term.modes()
	if !modes[modeAlt] || modes[modeCursor] || modes[modeMouse] {
		t.Errorf("modes %v: want the alternate screen, no cursor, no mouse", modes)
	}
	if term.settings().Lflag&syscall.ICANON != 0 {
		t.Error("not in raw mode")
	}
	if strings.Contains(term.output.String(), "\x1b]11;?") || strings.Contains(term.output.String(), "\x1b[6n") {
		t.Error("the terminal was asked something")
	}
	term.keys("q")
	term.ends(0)
}

// The keyboard is the controlling terminal where standard input is something else.
func TestInputElsewhere(t *testing.T) {
	term := openTerminal(t, 80, 24)
	term.start("sh", "-c", `exec "$0" < /dev/null`)
	term.shows("READY 80x24")
	term.keys("q")
	term.ends(0)
	term.restored()
}

func TestResize(t *testing.T) {
	term := openTerminal(t, 80, 24)
	term.start()
	term.shows("READY 80x24")
	term.resize(140, 40)
	term.shows("READY 140x40")
	term.keys("q")
	term.ends(0)
}

// A hangup ends the program also where SIGHUP is ignored, as under nohup(1).
func TestHangup(t *testing.T) {
	for name, wrapper := range map[string][]string{
		"SIGHUP":         nil,
		"SIGHUP ignored": {"sh", "-c", `trap "" HUP; exec "$0"`},
	} {
		t.Run(name, func(t *testing.T) {
			term := openTerminal(t, 80, 24)
			term.start(wrapper...)
			term.shows("READY 80x24")
			term.hangUp()
			term.ends(129)
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
			term := openTerminal(t, 80, 24)
			term.start("sh", "-c", test.script)
			term.ends(2)
			term.shows(test.want)
			if got := term.output.String(); got != test.want {
				t.Errorf("wrote %q, want %q", got, test.want)
			}
		})
	}
}

// A program that imports this package, and bubbletea with it, writes nothing before it says so, and asks the terminal
// nothing: here nobody would answer.
func TestQuietStart(t *testing.T) {
	term := openTerminal(t, 80, 24)
	term.start("env", childEnv+"=quiet")
	term.ends(0)
	if _, err := term.slave.WriteString("|"); err != nil {
		t.Fatal(err)
	}
	term.shows("|")
	if got := term.output.String(); got != "|" {
		t.Errorf("wrote %q", got)
	}
}
