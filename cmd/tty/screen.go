package tty

import (
	"bytes"
	"os"
	"sync"
	"time"
)

// home is how bubbletea begins a frame on the alternate screen; no other write of its has it and more.
const home = "\x1b[H"

// screen is the terminal as bubbletea writes to it: still the terminal's file, but a terminal that takes nothing, behind a
// dead connection or a stopped reader, does not stop the program. bubbletea writes under a lock that Update needs.
//
// A write that blocks longer than patience goes on by itself, and until it ends frames are dropped. They are differences
// to the frame before, so then recover asks for a whole one. Other writes, which set modes, are kept in order.
type screen struct {
	*os.File
	patience time.Duration
	stall    func()          // a write blocks
	recover  func(torn bool) // the terminal takes writes again; torn: frames were dropped

	mu    sync.Mutex
	modes modes
	busy  chan struct{} // closed when what blocks is out; nil while nothing does
	torn  bool          // frames were dropped
	later []byte        // to be written after what blocks
	over  bool          // drop everything
}

// Write writes b to the terminal, in bounded time. It never fails: a terminal that is gone is noticed by reading.
func (s *screen) Write(b []byte) (int, error) {
	if s.postponed(b) {
		return len(b), nil
	}
	done := s.start(bytes.Clone(b)) // the caller may reuse b once Write returns
	if within(done, s.patience) {
		return len(b), nil
	}
	s.mu.Lock()
	s.busy = make(chan struct{})
	s.mu.Unlock()
	s.stall()
	go s.drain(done)
	return len(b), nil
}

// WriteString makes io.WriteString come here rather than to the file.
func (s *screen) WriteString(text string) (int, error) { return s.Write([]byte(text)) }

// postponed notes what b changes, and reports whether it must not be written now.
func (s *screen) postponed(b []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return true
	}
	frame := len(b) > len(home) && bytes.HasPrefix(b, []byte(home))
	if !frame {
		s.modes.note(b)
	}
	if s.busy == nil {
		return false
	}
	if frame {
		s.torn = true
	} else {
		s.later = append(s.later, b...)
	}
	return true
}

// start writes b, however long it takes, and then closes done.
func (s *screen) start(b []byte) (done chan struct{}) {
	done = make(chan struct{})
	go func() {
		defer close(done)
		_, _ = s.File.Write(b)
	}()
	return done
}

// drain waits for the write that blocks, then writes what was kept, until all is out.
func (s *screen) drain(blocked <-chan struct{}) {
	<-blocked
	for {
		rest, torn := s.kept()
		if rest == nil {
			s.recover(torn)
			return
		}
		_, _ = s.File.Write(rest)
	}
}

// kept takes what is to be written next. Nil: nothing blocks any more, and torn tells whether frames were dropped.
func (s *screen) kept() (rest []byte, torn bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if rest, s.later = s.later, nil; rest != nil {
		return rest, false
	}
	if s.busy != nil {
		close(s.busy)
		s.busy = nil
	}
	torn, s.torn = s.torn, false
	return nil, torn
}

// has reports whether the DEC private mode is set.
func (s *screen) has(mode string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.modes[mode]
}

// giveBack leaves the modes that are still set, and writes nothing else from now on. What the terminal has not taken of a
// stalled frame is thrown away, so that the end of it cannot be lost behind it. It takes at most about limit.
func (s *screen) giveBack(limit time.Duration) {
	s.mu.Lock()
	s.over = true
	busy, undo := s.busy, s.modes.undo(s.busy != nil)
	s.mu.Unlock()
	if busy != nil {
		discard(s.Fd(), busy, limit/2)
	}
	if undo != "" {
		discard(s.Fd(), s.start([]byte(undo)), limit/2)
	}
}

// discardStep is how long a terminal gets to take what is written before it is thrown away.
const discardStep = 50 * time.Millisecond

// discard waits for done, throwing away what the terminal does not take.
func discard(fd uintptr, done <-chan struct{}, limit time.Duration) {
	for range limit / discardStep {
		if within(done, discardStep) {
			return
		}
		flushOutput(fd)
	}
}

func within(done <-chan struct{}, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}
