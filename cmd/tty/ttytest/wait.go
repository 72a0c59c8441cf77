//go:build linux

package ttytest

import (
	"strings"
	"time"
)

// Eventually waits until ok.
func (term *Terminal) Eventually(what string, ok func() bool) {
	term.t.Helper()
	for end := time.Now().Add(Patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			term.t.Fatalf("waited in vain for %s\n%s", what, term.state())
		}
	}
}

// Sees waits until text is on the screen.
func (term *Terminal) Sees(text string) {
	term.t.Helper()
	term.Eventually(text+" on the screen", func() bool { return strings.Contains(term.Screen(), text) })
}

// Shows waits until text was written, as it is, with its escape sequences.
func (term *Terminal) Shows(text string) {
	term.t.Helper()
	term.Eventually(text, func() bool { return strings.Contains(term.Output(), text) })
}

// Logs waits until text is in the log.
func (term *Terminal) Logs(text string) {
	term.t.Helper()
	term.Eventually(text+" in the log", func() bool { return strings.Contains(term.Log(), text) })
}

// Ends waits for the process to end and checks its exit status.
func (term *Terminal) Ends(code int) {
	term.t.Helper()
	select {
	case <-term.exit:
	case <-time.After(Patience):
		term.t.Fatalf("the process did not end\n%s", term.state())
	}
	if got := term.cmd.ProcessState; got.ExitCode() != code {
		term.t.Errorf("ended with %v, want exit status %d\n%s", got, code, term.state())
	}
}

// Restored checks that the terminal is as it was: its settings, the main screen, the cursor and every other mode.
func (term *Terminal) Restored() {
	term.t.Helper()
	term.RestoredSettings()
	term.RestoredModes()
}

// RestoredSettings checks that the terminal's settings are as they were.
func (term *Terminal) RestoredSettings() {
	term.t.Helper()
	if got := term.Settings(); got != term.before {
		term.t.Errorf("settings\n%+v\nwant\n%+v", got, term.before)
	}
}

// RestoredModes checks all of Restored but the settings, which a shell has its own of.
func (term *Terminal) RestoredModes() {
	term.t.Helper()
	term.Eventually("the main screen", func() bool { return !term.Modes()[ModeAlt] })
	term.Eventually("the cursor", func() bool { return term.Modes()[ModeCursor] })
	for mode, set := range term.Modes() {
		if set && mode != ModeCursor {
			term.t.Errorf("mode %s is left on", mode)
		}
	}
}

// state is what helps to see why a wait was in vain.
func (term *Terminal) state() string {
	const most = 2000
	out := term.Output()
	end := out[max(0, len(out)-most):]
	return strings.Join([]string{"screen:", term.Screen(), "the end of the output:", quote(end), "log:", term.Log()}, "\n")
}

// quote makes control bytes visible, and keeps lines.
func quote(text string) string {
	return strings.NewReplacer("\x1b", `\e`, "\r", "", "\x00", `\0`).Replace(text)
}
