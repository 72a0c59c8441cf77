package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/creack/pty"
)

// Importing bubbletea v1 asks the terminal for its background (see package background): nothing may reach a terminal that
// was not asked for, and nothing may wait for an answer. This terminal never answers. The real binary is
// built, since the order in which packages are initialised is the linker's.
func TestNothingIsAskedOfTheTerminal(t *testing.T) {
	binary := buildBinary(t)
	node := filepath.Join(t.TempDir(), "fixtures")
	if err := os.Mkdir(node, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := writeFixtures(node); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"--help"},
		{"version"},
		{"decode", "a80425fb"},
		{"--color", "never", "list"},
		{"--from", filepath.Join(node, "node.json"), "--color", "never", "list"},
		{"__complete", "list", "--columns", ""},
	} {
		for _, term := range []string{"xterm-256color", "linux", "vt220"} {
			out := onTerminal(t, []string{"TERM=" + term, "PATH=" + os.Getenv("PATH")}, binary, args...)
			if len(out) == 0 {
				t.Errorf("%v printed nothing on %s", args, term)
			}
			if i := bytes.IndexByte(out, 0x1b); i >= 0 {
				t.Errorf("%v wrote an escape sequence to %s: %q", args, term, out[i:min(len(out), i+40)])
			}
		}
	}
}

// Colour is written to a terminal, unless something says no.
func TestColour(t *testing.T) {
	binary := buildBinary(t)
	dir := t.TempDir()
	if err := writeFixtures(dir); err != nil {
		t.Fatal(err)
	}
	list := []string{"--from", filepath.Join(dir, "node.json"), "list"}
	for _, c := range []struct {
		name    string
		env     []string
		args    []string
		colours bool
	}{
		{"a terminal", []string{"TERM=xterm"}, nil, true},
		{"NO_COLOR", []string{"TERM=xterm", "NO_COLOR=1"}, nil, false},
		{"an empty NO_COLOR", []string{"TERM=xterm", "NO_COLOR="}, nil, true},
		{"NO_COLOR and --color always", []string{"TERM=xterm", "NO_COLOR=1"}, []string{"--color", "always"}, true},
		{"a dumb terminal", []string{"TERM=dumb"}, nil, false},
		{"--color never", []string{"TERM=xterm"}, []string{"--color", "never"}, false},
	} {
		out := onTerminal(t, c.env, binary, append(c.args, list...)...)
		if got := bytes.Contains(out, []byte("\x1b[")); got != c.colours {
			t.Errorf("%s: colours %v, want %v", c.name, got, c.colours)
		}
	}
}

// A table is cut to the terminal's width.
func TestWidth(t *testing.T) {
	dir := t.TempDir()
	if err := writeFixtures(dir); err != nil {
		t.Fatal(err)
	}
	out := onTerminal(t, []string{"TERM=dumb"}, buildBinary(t), "--from", filepath.Join(dir, "node.json"), "list", "-o", "wide")
	for line := range bytes.Lines(out) {
		if n := len([]rune(string(bytes.TrimRight(line, "\r\n")))); n > 80 {
			t.Errorf("%d cells wide: %s", n, line)
		}
	}
}

// onTerminal runs a program on an 80x24 terminal that never answers, and returns what it wrote.
func onTerminal(t *testing.T, env []string, binary string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Env = env
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	out, err := io.ReadAll(terminal)
	if err != nil && !errors.Is(err, syscall.EIO) { // EIO: the last process that had it open has ended (pty(7))
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v: %v\n%s", args, err, out)
	}
	return out
}

// buildBinary builds capview as it is shipped.
func buildBinary(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("needs the go command")
	}
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil { // other users run it too
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "capview")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return binary
}
