package tty

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	controllingTerminal = "CONIN$"
	sigContinue         = syscall.Signal(-1) // never sent
)

// listen asks for the signals that Go makes of console events: ctrl+c, and closing, logging off and shutting down.
func listen(c chan<- os.Signal) { signal.Notify(c, os.Interrupt, syscall.SIGTERM) }

// foreground is true: consoles have no job control.
func foreground(uintptr) bool { return true }

func stopGroup() {}

// CanSuspend is false: there is no job control.
func CanSuspend() bool { return false }

// flushOutput does nothing: a console takes what is written.
func flushOutput(uintptr) {}

// readable is false: the console reports keys, not bytes.
func readable(uintptr, time.Duration) bool { return false }
