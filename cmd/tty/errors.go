package tty

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
)

// TerminalError says why a program that needs a screen cannot run here.
type TerminalError struct{ What string }

func (e *TerminalError) Error() string { return e.What }

// Hint names what works without a screen.
func (e *TerminalError) Hint() string { return "use 'capview list'" }

// ExitCode is 2, trouble.
func (e *TerminalError) ExitCode() int { return 2 }

// SignalError is the signal that ended the program. It needs no message: who sent it knows.
type SignalError struct {
	Signal     os.Signal
	Goroutines []byte // all stacks, for SIGQUIT; Run has written them to Options.Stderr
}

func (e *SignalError) Error() string { return "ended by a signal: " + e.Signal.String() }

// ExitCode is 128 and the signal's number, as a shell reports a process that the signal killed.
func (e *SignalError) ExitCode() int {
	if n, ok := e.Signal.(syscall.Signal); ok {
		return 128 + int(n)
	}
	return 130
}

// HangupError says that the terminal is gone: its input ended, and nothing will be seen or typed any more.
type HangupError struct{ Err error }

func (e *HangupError) Error() string { return fmt.Sprintf("the terminal is gone: %v", e.Err) }

func (e *HangupError) Unwrap() error { return e.Err }

// ExitCode is that of SIGHUP, which this stands for where SIGHUP is ignored.
func (e *HangupError) ExitCode() int { return 128 + int(syscall.SIGHUP) }

// PanicError is a panic that was caught. Run has written its trace to Options.Stderr.
type PanicError struct {
	Value any
	Stack []byte // as of debug.Stack where the panic was caught
}

// Error quotes the value: it may hold bytes of others' making, which must not reach the terminal.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %q", fmt.Sprint(e.Value)) }

// ExitCode is 2, trouble.
func (e *PanicError) ExitCode() int { return 2 }

// ExitCode is the exit status for what Run returned: 0 for nil, 130 for a cancelled context, 2 for what is unknown.
func ExitCode(err error) int {
	var coded interface{ ExitCode() int }
	switch {
	case err == nil:
		return 0
	case errors.As(err, &coded):
		return coded.ExitCode()
	case errors.Is(err, context.Canceled):
		return 130
	}
	return 2
}
