package main

import (
	"bytes"
	"errors"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// The terminal program is wired: it shows a snapshot, obeys a key, and gives the terminal back.
func TestTerminalProgram(t *testing.T) {
	dir := t.TempDir()
	if err := writeFixtures(dir); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), buildBinary(t), "--from", filepath.Join(dir, "node.json"), "-F", "nginx")
	cmd.Env = []string{"TERM=xterm", "LANG=C.UTF-8"}
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	seen := &screen{terminal: terminal.Read}
	seen.until(t, "web")
	if bytes.Contains(seen.all, []byte("\x1b]11;?")) {
		t.Error("asked the terminal for its background")
	}
	if _, err := terminal.WriteString("q"); err != nil {
		t.Fatal(err)
	}
	seen.until(t, "\x1b[?1049l")
	seen.drain()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// screen is what a program wrote to its terminal so far.
type screen struct {
	terminal func([]byte) (int, error)
	all      []byte
}

// until reads until want was written.
func (s *screen) until(t *testing.T, want string) {
	t.Helper()
	buf := make([]byte, 4096)
	for limit := time.Now().Add(time.Minute); !bytes.Contains(s.all, []byte(want)); {
		n, err := s.terminal(buf)
		s.all = append(s.all, buf[:n]...)
		if err != nil || time.Now().After(limit) {
			t.Fatalf("%q was not written: %v\n%q", want, err, s.all)
		}
	}
}

// drain reads until the program has closed its terminal.
func (s *screen) drain() {
	buf := make([]byte, 4096)
	for {
		n, err := s.terminal(buf)
		s.all = append(s.all, buf[:n]...)
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return
		}
	}
}
