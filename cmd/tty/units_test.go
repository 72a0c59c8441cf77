package tty

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
)

func TestModes(t *testing.T) {
	m := modes{}
	m.note([]byte("\x1b[?25l\x1b[?2004h"))
	m.note([]byte("\x1b[?1049h\x1b[2J"))
	m.note([]byte("\x1b[?1002h\x1b[?1006h\x1b[?1002l"))
	if got, want := m.undo(false), "\x1b[?1006l\x1b[?2004l\x1b[?1049l\x1b[?25h"; got != want {
		t.Errorf("undo %q, want %q", got, want)
	}
	m.note([]byte(m.undo(false)))
	if got := m.undo(false); got != "" {
		t.Errorf("undo %q when all is undone", got)
	}
	if got, want := m.undo(true), "\x1b[m\x1b[?1002l\x1b[?1006l\x1b[?2004l\x1b[?1049l\x1b[?25h"; got != want {
		t.Errorf("undo of all %q, want %q", got, want)
	}
}

func TestExitCode(t *testing.T) {
	for _, test := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{&SignalError{Signal: syscall.SIGTERM}, 143},
		{fmt.Errorf("run: %w", &SignalError{Signal: os.Interrupt}), 130},
		{&HangupError{}, 129},
		{&PanicError{}, 2},
		{&TerminalError{}, 2},
		{context.Canceled, 130},
		{errors.New("other"), 2},
	} {
		if got := ExitCode(test.err); got != test.want {
			t.Errorf("%v: %d, want %d", test.err, got, test.want)
		}
	}
}

// Commands that carry commands are guarded through and through; messages pass as they are.
func TestCommandsAreGuarded(t *testing.T) {
	explode := func() tea.Msg { panic("inside") }
	m := guarded{guard: &guard{stop: func(error) {}}}
	batch, ok := m.message(tea.BatchMsg{explode, nil}).(tea.BatchMsg)
	if !ok || len(batch) != 2 || batch[1] != nil {
		t.Fatalf("a batch became %#v", batch)
	}
	batch[0]()
	if caught := m.guard.panicked(); caught == nil || caught.Value != "inside" {
		t.Errorf("caught %v", caught)
	}
	sequence := tea.Sequence(explode, explode)()
	if got, want := fmt.Sprintf("%T", m.message(sequence)), fmt.Sprintf("%T", sequence); got != want {
		t.Errorf("a sequence became %s, want %s", got, want)
	}
	if got := m.message([]string{"x"}); fmt.Sprint(got) != "[x]" {
		t.Errorf("a list of strings became %v", got)
	}
	if m.message(nil) != nil || m.command(nil) != nil {
		t.Error("nil must stay nil")
	}
}

// The first panic is the one that is told.
func TestGuard(t *testing.T) {
	var told error
	g := &guard{stop: func(err error) { told = err }}
	g.catch(1, nil)
	g.catch(2, nil)
	var caught *PanicError
	if !errors.As(told, &caught) || caught.Value != 1 {
		t.Errorf("told %v", told)
	}
}
