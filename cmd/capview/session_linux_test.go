package main

import (
	"bufio"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"capview/cmd/tty/ttytest"
	"capview/inspect/snapshot"
)

// sizes are the terminals that sessions are had on: the least comfortable one, and one with list and detail side by side.
var sizes = []struct{ cols, rows int }{{80, 24}, {140, 40}}

// Sessions as a person has them, on a real terminal: each file of testdata/sessions is one, played at each size.
func TestSessions(t *testing.T) {
	binary := buildBinary(t)
	for _, size := range sizes {
		at := fmt.Sprintf("%dx%d", size.cols, size.rows)
		t.Run("live "+at, func(t *testing.T) { liveSession(t, binary, size.cols, size.rows) })
		t.Run("snapshot "+at, func(t *testing.T) {
			term := ttytest.Open(t, size.cols, size.rows)
			term.Start(onFixture(t, binary))
			play(t, term, "snapshot", nil)
			term.Restored()
		})
	}
}

// liveSession finds a process of this node by its container, and checks the snapshot that it exports.
func liveSession(t *testing.T, binary string, cols, rows int) {
	id := fmt.Sprintf("%06x%04x%054x", os.Getpid(), cols, 0xc0ffee) // the short form is unique as well
	pid := contained(t, id)
	out := filepath.Join(t.TempDir(), "node.json.gz")
	term := ttytest.Open(t, cols, rows)
	term.Start(program(binary))
	play(t, term, "live", map[string]string{"PID": strconv.Itoa(pid), "ID": id, "SHORT": id[:12], "OUT": out})
	term.Restored()
	exported, err := snapshot.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range exported.Processes {
		if p.PID == pid {
			if p.Comm != "tty-session" || !strings.HasSuffix(p.Container, id) {
				t.Errorf("exported as %q in %q", p.Comm, p.Container)
			}
			if got, _ := p.Caps.Get(); got.Effective.Hex() != effective(t, pid) {
				t.Errorf("effective %s, the kernel says %s", got.Effective.Hex(), effective(t, pid))
			}
			return
		}
	}
	t.Errorf("process %d is not among the %d exported", pid, len(exported.Processes))
}

// effective is the mask in the kernel's own status.
func effective(t *testing.T, pid int) string {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "CapEff:\t")
	mask, _, _ := strings.Cut(rest, "\n")
	return mask
}

// Whatever ends it, capview gives the terminal back.
func TestSessionEnds(t *testing.T) {
	binary := buildBinary(t)
	for _, test := range []struct {
		name string
		end  func(*ttytest.Terminal)
		code int
	}{
		{"quit", func(term *ttytest.Terminal) { term.Keys("q") }, 0},
		{"ctrl+c", func(term *ttytest.Terminal) { term.Keys("\x03") }, 0},
		{"SIGTERM", func(term *ttytest.Terminal) { term.Signal(syscall.SIGTERM) }, 143},
		{"SIGINT", func(term *ttytest.Terminal) { term.Signal(syscall.SIGINT) }, 130},
		{"SIGHUP", func(term *ttytest.Terminal) { term.Signal(syscall.SIGHUP) }, 129},
		{"SIGQUIT", func(term *ttytest.Terminal) { term.Signal(syscall.SIGQUIT) }, 131},
		{"any size", anySize, 0},
		{"ctrl+z where nobody could continue it", func(term *ttytest.Terminal) {
			term.Keys("\x1a")
			term.Sees("cannot suspend")
			term.Keys("q")
		}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			term := ttytest.Open(t, 80, 24)
			term.Start(program(binary, "--interval", "100ms"))
			term.Sees("live 100ms")
			test.end(term)
			term.Ends(test.code)
			term.Restored()
		})
	}
	t.Run("hangup", func(t *testing.T) {
		term := ttytest.Open(t, 80, 24)
		term.Start(program(binary))
		term.Sees("live 2s")
		term.HangUp()
		term.Ends(129)
	})
}

// anySize resizes the terminal to what nobody has, and back.
func anySize(term *ttytest.Terminal) {
	for _, size := range []struct{ cols, rows int }{{1, 1}, {500, 200}, {2, 40}, {200, 2}, {80, 24}} {
		term.Resize(size.cols, size.rows)
		term.Keys("\x1b[B")
	}
	term.Sees("q quit")
	term.Keys("q")
}

// A terminal that takes nothing cannot keep capview.
func TestSessionStalled(t *testing.T) {
	binary := buildBinary(t)
	for _, test := range []struct {
		name string
		end  func(*ttytest.Terminal)
		code int
	}{
		{"quit", func(term *ttytest.Terminal) { term.Keys("q") }, 0},
		{"SIGTERM", func(term *ttytest.Terminal) { term.Signal(syscall.SIGTERM) }, 143},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			term := ttytest.Open(t, 400, 200)
			term.Start(program(binary, "--log", "/dev/fd/3"))
			term.Sees("live 2s")
			term.Stop()
			term.Eventually("the terminal to stall", func() bool {
				term.Keys("\x0c") // draw again, in full
				return strings.Contains(term.Log(), "the terminal stalled")
			})
			test.end(term)
			term.Ends(test.code)
			term.RestoredSettings()
			term.Resume()
			term.RestoredModes()
		})
	}
}

// Without colour the cursor and every state are there; without a terminal that can show the screen, capview says what can
// be done.
func TestSessionTerminals(t *testing.T) {
	binary := buildBinary(t)
	for _, env := range []string{"NO_COLOR=1", "TERM=screen", "TERM=linux", "TERM=vt220"} {
		t.Run(env, func(t *testing.T) {
			term := ttytest.Open(t, 80, 24)
			cmd := onFixture(t, binary)
			cmd.Env = append(cmd.Env, env)
			term.Start(cmd)
			term.Sees("web")
			term.Eventually("the cursor's row", func() bool { return regexp.MustCompile(`(?m)^> `).MatchString(term.Screen()) })
			term.Keys("q")
			term.Ends(0)
			term.Restored()
			if colour := regexp.MustCompile(`\x1b\[[0-9;]*[34][0-7]m`).FindString(term.Output()); env == "NO_COLOR=1" && colour != "" {
				t.Errorf("a colour: %q", colour)
			}
		})
	}
	t.Run("TERM=dumb", func(t *testing.T) {
		term := ttytest.Open(t, 80, 24)
		cmd := onFixture(t, binary)
		cmd.Env = append(cmd.Env, "TERM=dumb")
		term.Start(cmd)
		term.Ends(2)
		term.Sees("capview: this terminal cannot move the cursor (TERM=dumb)\n  use 'capview list'")
		if strings.Contains(term.Output(), "\x1b") {
			t.Errorf("an escape sequence: %q", term.Output())
		}
	})
}

// panicEnv makes the test binary capview with a clock that panics once the named file exists: deep in a scan.
const panicEnv = "CAPVIEW_SESSION_PANIC"

func init() {
	if file := os.Getenv(panicEnv); file != "" {
		os.Exit(runPanicking(file))
	}
}

func runPanicking(file string) int {
	clock := func() time.Time {
		if _, err := os.Stat(file); err == nil {
			panic("the clock \x1b[31m broke")
		}
		return time.Now()
	}
	a := &app{
		env: environ(os.Environ()), stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		out: bufio.NewWriter(os.Stdout), now: clock, log: slog.New(slog.DiscardHandler),
	}
	root := a.root()
	root.SetArgs([]string{"--interval", "100ms"})
	return a.report(root.Execute())
}

// A panic anywhere gives the terminal back, and then shows where it was.
func TestSessionPanics(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "now")
	term := ttytest.Open(t, 140, 40)
	cmd := program(self)
	cmd.Env = append(cmd.Env, panicEnv+"="+file)
	term.Start(cmd)
	term.Sees("live 100ms")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	term.Ends(2)
	term.Restored()
	for _, want := range []string{`panic: "the clock \x1b[31m broke"`, "runPanicking", "session_linux_test.go:"} {
		term.Eventually(want, func() bool { return strings.Contains(term.AfterScreen(), want) })
	}
}

// program is capview with an environment of its own.
func program(binary string, args ...string) *exec.Cmd {
	cmd := exec.Command(binary, args...)
	cmd.Env = []string{"TERM=xterm-256color", "LANG=C.UTF-8", "PATH=" + os.Getenv("PATH")}
	return cmd
}

// onFixture is capview on the fixture's node.
func onFixture(t *testing.T, binary string) *exec.Cmd {
	t.Helper()
	dir := t.TempDir()
	if err := writeFixtures(dir); err != nil {
		t.Fatal(err)
	}
	return program(binary, "--from", filepath.Join(dir, "node.json"))
}

// contained starts a process called tty-session in cgroups that are named as docker names its containers'.
func contained(t *testing.T, id string) (pid int) {
	t.Helper()
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Skip("needs sleep (coreutils)")
	}
	link := filepath.Join(t.TempDir(), "tty-session")
	if err := os.Symlink(sleep, link); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(link, "3600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	dirs := cgroups(id)
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		for _, dir := range dirs {
			_ = os.Remove(dir)
			_ = os.Remove(filepath.Dir(dir)) // if it was made here, it is empty
		}
	})
	for _, dir := range dirs {
		if os.MkdirAll(dir, 0o755) == nil {
			_ = os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(cmd.Process.Pid)), 0o644)
		}
	}
	joined, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", cmd.Process.Pid))
	if err != nil || !strings.Contains(string(joined), id) {
		t.Skip("needs leave to make a cgroup (root, and /sys/fs/cgroup writable)")
	}
	return cmd.Process.Pid
}

// cgroups are the directories of docker's container id, in the unified hierarchy and in those of version 1.
func cgroups(id string) []string {
	dirs := []string{filepath.Join("/sys/fs/cgroup/docker", id)}
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.procs"); err != nil {
		dirs = nil
		for _, name := range []string{"systemd", "pids", "unified"} {
			dirs = append(dirs, filepath.Join("/sys/fs/cgroup", name, "docker", id))
		}
	}
	return dirs
}

// pressed are the keys that a session names.
var pressed = map[string]string{"enter": "\r", "esc": "\x1b", "down": "\x1b[B", "up": "\x1b[A", "tab": "\t", "ctrl+u": "\x15"}

// play follows a session: "type TEXT", "press KEY", "see TEXT" and "unsee TEXT" on the screen, "match REGEXP", "exit N".
// $NAME is replaced from vars.
func play(t *testing.T, term *ttytest.Terminal, name string, vars map[string]string) {
	t.Helper()
	session, err := os.ReadFile(filepath.Join("testdata/sessions", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(os.Expand(string(session), func(name string) string { return vars[name] })) {
		if line = strings.TrimSuffix(line, "\n"); line == "" || line[0] == '#' {
			continue
		}
		step(t, term, line)
	}
}

func step(t *testing.T, term *ttytest.Terminal, line string) {
	t.Helper()
	verb, rest, _ := strings.Cut(line, " ")
	switch verb {
	case "type":
		term.Keys(rest)
	case "press":
		key, named := pressed[rest]
		if !named {
			key = rest
		}
		term.Keys(key)
	case "see":
		term.Sees(rest)
	case "unsee":
		term.Eventually("no "+rest, func() bool { return !strings.Contains(term.Screen(), rest) })
	case "match":
		row := regexp.MustCompile("(?m)" + rest)
		term.Eventually(line, func() bool { return row.MatchString(term.Screen()) })
	case "exit":
		code, err := strconv.Atoi(rest)
		if err != nil {
			t.Fatal(err)
		}
		term.Ends(code)
	default:
		t.Fatalf("unknown step %q", line)
	}
}
