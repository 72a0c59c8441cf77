// Package tty runs a bubbletea program so that the terminal is always given back: after quitting, a signal, a panic, a
// hangup, and when the terminal does not take what is written to it.
//
// bubbletea v1 alone does not: it knows SIGINT and SIGTERM only, swallows the end of its input, prints the trace of a
// panicking command on the screen that it then leaves, and waits for ever for a stalled terminal, or for the shell of an
// orphaned process group to continue it.
package tty

import (
	"context"
	"io"
	"log/slog"
	"os"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"golang.org/x/term"

	_ "capview/cmd/capview/background" // before bubbletea: see its documentation
)

// The defaults of Options.
const (
	defaultFPS      = 15              // frames a second: enough for the eye, little for a slow line and for who only waits (each wakes the program)
	defaultGrace    = 2 * time.Second // from asking the program to end to ending the process
	defaultPatience = time.Second     // for the terminal to take one write
)

// Options says where and how a program runs. Only Out is needed.
type Options struct {
	In  *os.File // the keyboard; where it is nil or no terminal, the controlling terminal is opened
	Out *os.File // the screen
	// Stderr gets the trace of a panic, and the goroutines after SIGQUIT, once the main screen is back. Nil: os.Stderr.
	Stderr io.Writer
	Term   string       // the environment's TERM
	FPS    int          // most frames a second; 0 is 15
	Log    *slog.Logger // what happened to the terminal; nil discards it

	Grace    time.Duration  // how long ending may take before the process is ended without the program; 0 is 2 s
	Patience time.Duration  // how long a write may block before frames are skipped; 0 is 1 s
	Exit     func(code int) // ends the process when the program does not; nil: os.Exit
}

func (o Options) filled() Options {
	if o.Stderr == nil {
		o.Stderr = os.Stderr
	}
	if o.FPS == 0 {
		o.FPS = defaultFPS
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Grace == 0 {
		o.Grace = defaultGrace
	}
	if o.Patience == 0 {
		o.Patience = defaultPatience
	}
	if o.Exit == nil {
		o.Exit = os.Exit
	}
	return o
}

// Run runs model on the alternate screen until it quits (nil), ctx ends (its cause), or one of *SignalError,
// *HangupError and *PanicError ends it; *TerminalError says that there is no terminal to run on, and nothing was
// written. ExitCode turns the error into an exit status. The mouse is left to the terminal until model asks for it.
//
// When Run returns, the terminal is as it was. When the program does not end within Options.Grace of being asked to,
// Run restores the terminal and ends the process.
//
// Panics are caught in model, in its commands, and in goroutines that defer crash.Recover.
//
// tea.Suspend is carried out where CanSuspend allows it; otherwise model gets a CannotSuspendMsg.
func Run(ctx context.Context, model tea.Model, o Options) error {
	o = o.filled()
	if err := usable(o); err != nil {
		return err
	}
	in, done, err := keyboard(o.In)
	if err != nil {
		return err
	}
	defer done()
	s, err := newSession(in, o)
	if err != nil {
		return err
	}
	return s.run(ctx, model)
}

// usable checks that Out is a terminal that understands what bubbletea writes.
func usable(o Options) error {
	if o.Out == nil || !term.IsTerminal(int(o.Out.Fd())) {
		return &TerminalError{"standard output is not a terminal"}
	}
	if o.Term == "dumb" || o.Term == "unknown" {
		return &TerminalError{"this terminal cannot move the cursor (TERM=" + o.Term + ")"}
	}
	return nil
}

// keyboard is in, or the controlling terminal where in is none; done closes what keyboard opened.
func keyboard(in *os.File) (f *os.File, done func(), err error) {
	if in != nil && term.IsTerminal(int(in.Fd())) {
		return in, func() {}, nil
	}
	f, err = os.OpenFile(controllingTerminal, os.O_RDWR, 0)
	if err != nil {
		return nil, nil, &TerminalError{"standard input is not a terminal, and there is no controlling one"}
	}
	return f, func() { f.Close() }, nil
}
