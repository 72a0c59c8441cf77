package tty

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"golang.org/x/term"
)

// neverStopped is after how long a process that runs cannot have been stopped.
const neverStopped = time.Second

// suspend stops the process group as a shell's ctrl+z does, and returns once it is continued. It runs in the event loop,
// so nothing is drawn meanwhile. bubbletea's own way waits for ever where the kernel discards the signal.
func (s *session) suspend() tea.Msg {
	if !CanSuspend() {
		return CannotSuspendMsg{}
	}
	s.retake(func() {
		s.suspended.Store(true)
		defer s.suspended.Store(false)
		stopGroup()
		select {
		case <-s.continued:
		case <-time.After(neverStopped):
			s.o.Log.Warn("the kernel did not stop this process group")
		}
	})
	return tea.ResumeMsg{}
}

// wake tells of SIGCONT: to suspend where it waits, else to the event loop, because who stopped the process may have
// changed the terminal.
func (s *session) wake() {
	if s.suspended.Load() {
		select {
		case s.continued <- struct{}{}:
		default:
		}
		return
	}
	go s.program.Send(continuedMsg{})
}

// retake gives the terminal back while away runs, and then takes it again and repaints.
func (s *session) retake(away func()) {
	mouse := s.screen.has(modeMouse)
	if err := s.program.ReleaseTerminal(); err != nil {
		s.o.Log.Warn("giving the terminal back", "err", err)
	}
	away()
	if state, err := term.GetState(int(s.in.Fd())); err == nil {
		s.mu.Lock()
		s.saved = state
		s.mu.Unlock()
	}
	if err := s.program.RestoreTerminal(); err != nil {
		s.o.Log.Warn("taking the terminal again", "err", err)
	}
	if mouse { // bubbletea forgets it
		go s.program.Send(tea.EnableMouseCellMotion())
	}
}
