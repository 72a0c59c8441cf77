package tty

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"golang.org/x/term"

	"capview/inspect/crash"
)

// CannotSuspendMsg is what a model gets in place of a suspension that CanSuspend does not allow.
type CannotSuspendMsg struct{}

// continuedMsg says that something stopped and continued the process without its doing.
type continuedMsg struct{}

// session is one run of a program on a terminal.
type session struct {
	o       Options
	in      *input
	screen  *screen
	program *tea.Program
	guard   *guard

	mu       sync.Mutex
	saved    *term.State // of the terminal while the program does not have it
	cause    error       // why the program was stopped; nil: it quit
	watchdog sync.Once
	ending   atomic.Bool   // one of end and abandon is restoring the terminal
	exited   chan struct{} // closed when abandon is through, for an Options.Exit that returns

	suspended atomic.Bool
	continued chan struct{} // SIGCONT while suspended
}

func newSession(keyboard *os.File, o Options) (*session, error) {
	saved, err := term.GetState(int(keyboard.Fd()))
	if err != nil {
		return nil, &TerminalError{fmt.Sprintf("cannot read the terminal's settings: %v", err)}
	}
	s := &session{o: o, saved: saved, exited: make(chan struct{}), continued: make(chan struct{}, 1)}
	s.guard = &guard{stop: s.stop}
	s.in = &input{File: keyboard, wait: escapeWait, gone: func(err error) { s.stop(&HangupError{err}) }}
	s.screen = &screen{
		File: o.Out, patience: o.Patience, modes: modes{},
		stall: func() { o.Log.Warn("the terminal stalled") },
		recover: func(torn bool) {
			o.Log.Info("the terminal takes output again", "repaint", torn)
			if torn {
				s.program.Send(tea.ClearScreen())
			}
		},
	}
	return s, nil
}

func (s *session) run(ctx context.Context, model tea.Model) error {
	s.program = tea.NewProgram(guarded{model, s.guard},
		tea.WithInput(s.in), tea.WithOutput(s.screen), tea.WithAltScreen(), tea.WithFPS(s.o.FPS),
		tea.WithFilter(s.filter), tea.WithoutSignalHandler(), tea.WithoutCatchPanics())
	signals := make(chan os.Signal, 8)
	listen(signals)
	defer signal.Stop(signals)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	crash.Handle(s.guard.catch)
	defer crash.Handle(nil)
	go s.watch(ctx, signals)
	return s.end(s.runProgram())
}

// runProgram turns a panic in bubbletea's own event loop into the end of the program like any other.
func (s *session) runProgram() (err error) {
	defer s.guard.recover()
	_, err = s.program.Run()
	return err
}

// watch stops the program for a signal or the end of ctx, until ctx ends.
func (s *session) watch(ctx context.Context, signals <-chan os.Signal) {
	for {
		select {
		case sig := <-signals:
			s.signal(sig)
		case <-ctx.Done():
			s.stop(cancelled(ctx, signals))
			return
		}
	}
}

// cancelled is why ctx ended. The caller may have bound ctx to a signal that comes here as well.
func cancelled(ctx context.Context, signals <-chan os.Signal) error {
	select {
	case sig := <-signals:
		return &SignalError{Signal: sig}
	case <-time.After(10 * time.Millisecond):
		return context.Cause(ctx)
	}
}

func (s *session) signal(sig os.Signal) {
	s.o.Log.Info("signal", "signal", sig.String())
	switch sig {
	case sigContinue:
		s.wake()
	case syscall.SIGQUIT:
		s.stop(&SignalError{sig, goroutines()})
	default:
		s.stop(&SignalError{Signal: sig})
	}
}

// goroutines are the stacks of all goroutines, which Go would print for SIGQUIT.
func goroutines() []byte {
	b := make([]byte, 1<<20)
	return b[:runtime.Stack(b, true)]
}

// stop ends the program because of cause, unless another came before. Program.Kill would not wait for the event loop,
// but it closes the input under its reader.
func (s *session) stop(cause error) {
	s.mu.Lock()
	if s.cause == nil {
		s.cause = cause
	}
	s.mu.Unlock()
	s.o.Log.Info("stopping", "cause", cause)
	s.arm()
	go s.program.Quit()
}

// arm sees to it that the process ends, whatever the program does.
func (s *session) arm() {
	s.watchdog.Do(func() { time.AfterFunc(s.o.Grace, s.abandon) })
}

// filter sees each message before the model does.
func (s *session) filter(_ tea.Model, msg tea.Msg) tea.Msg {
	switch msg.(type) {
	case tea.QuitMsg, tea.InterruptMsg:
		s.arm()
	case tea.SuspendMsg:
		return s.suspend()
	case continuedMsg:
		s.retake(func() {})
		return tea.ResumeMsg{}
	}
	return msg
}

// end is the end of a program that ended by itself.
func (s *session) end(err error) error {
	if !s.ending.CompareAndSwap(false, true) {
		<-s.exited // abandon is ending the process
		return s.why(err)
	}
	cause := s.why(err)
	s.finish(cause)
	return cause
}

// abandon ends the process without the program, which did not end in time.
func (s *session) abandon() {
	if !s.ending.CompareAndSwap(false, true) {
		return
	}
	cause := s.why(nil)
	s.o.Log.Error("the program did not end in time", "cause", cause, "goroutines", string(goroutines()))
	s.finish(cause)
	s.o.Exit(ExitCode(cause))
	close(s.exited)
}

// why is what ended the program, which itself returned err.
func (s *session) why(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.cause != nil:
		return s.cause
	case errors.Is(err, tea.ErrInterrupted):
		return &SignalError{Signal: os.Interrupt}
	case err != nil:
		return fmt.Errorf("the screen failed: %w", err)
	}
	return nil
}

// finish gives the terminal back and then tells what was caught. Another job's terminal is left alone: the kernel would
// stop this process for touching it.
func (s *session) finish(cause error) {
	s.mu.Lock()
	saved := s.saved
	s.mu.Unlock()
	if foreground(s.o.Out.Fd()) {
		_ = term.Restore(int(s.in.Fd()), saved)
		s.screen.giveBack(s.o.Grace / 2)
	}
	if text := trace(cause); text != "" {
		told := make(chan struct{})
		go func() {
			defer close(told)
			_, _ = s.o.Stderr.Write([]byte(text))
		}()
		within(told, s.o.Grace) // standard error may be the terminal that stalls
	}
}

// trace is what is worth printing of cause: stacks.
func trace(cause error) string {
	var (
		caught   *PanicError
		signaled *SignalError
	)
	switch {
	case errors.As(cause, &caught):
		return fmt.Sprintf("%v\n\n%s", caught, caught.Stack)
	case errors.As(cause, &signaled) && len(signaled.Goroutines) > 0:
		return fmt.Sprintf("%v\n\n%s\n", signaled, signaled.Goroutines)
	}
	return ""
}
