//go:build linux

// Package ttytest is a terminal for tests: a real pseudo terminal with a process as its session's leader, an emulator that
// shows what a person would see, and a reader that can be stopped.
package ttytest

import (
	"io"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
	"golang.org/x/sys/unix"
)

// Patience bounds each wait; what a wait is for comes much sooner, or not at all.
const Patience = 30 * time.Second

// Terminal is a pseudo terminal with a process on it. Its methods end the test when they fail; they are for the test's own
// goroutine.
type Terminal struct {
	t      *testing.T
	master *os.File
	slave  *os.File
	before unix.Termios
	cmd    *exec.Cmd
	exit   chan struct{}
	output record // what reached the terminal
	log    record // what the process wrote to descriptor 3

	reading  sync.Mutex // held while reading, and by Stop
	stopped  bool
	closed   bool
	emulator vt10x.Terminal
}

// Open makes a terminal of cols by rows cells, as a login shell finds it.
func Open(t *testing.T, cols, rows int) *Terminal {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatalf("no pseudo terminal: %v", err)
	}
	term := &Terminal{
		t: t, master: master, slave: slave, exit: make(chan struct{}),
		emulator: vt10x.New(vt10x.WithSize(cols, rows)),
	}
	term.Resize(cols, rows)
	term.before = term.Settings()
	t.Cleanup(term.HangUp)
	go term.read(int(master.Fd()))
	return term
}

// read takes what the process writes, until the terminal is closed.
func (term *Terminal) read(fd int) {
	for buf := make([]byte, 1<<15); ; {
		term.reading.Lock()
		if term.closed {
			term.reading.Unlock()
			return
		}
		polled := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		if n, err := unix.Poll(polled, 5); n > 0 && err == nil {
			n, _ := term.master.Read(buf)
			term.output.add(buf[:max(n, 0)])
			_, _ = term.emulator.Write(buf[:max(n, 0)])
		}
		term.reading.Unlock()
	}
}

// Stop makes the terminal take nothing more, until Resume.
func (term *Terminal) Stop() {
	term.reading.Lock()
	term.stopped = true
}

// Resume ends what Stop began.
func (term *Terminal) Resume() {
	if term.stopped {
		term.stopped = false
		term.reading.Unlock()
	}
}

// HangUp takes the terminal away from the process.
func (term *Terminal) HangUp() {
	term.Resume()
	term.reading.Lock()
	defer term.reading.Unlock()
	if !term.closed {
		term.closed = true
		term.master.Close()
		term.slave.Close()
	}
}

// Resize gives the terminal another size.
func (term *Terminal) Resize(cols, rows int) {
	term.t.Helper()
	if err := pty.Setsize(term.master, &pty.Winsize{Cols: uint16(cols), Rows: uint16(rows)}); err != nil {
		term.t.Fatal(err)
	}
	term.emulator.Resize(cols, rows)
}

// Settings are the terminal's, as stty(1) shows them.
func (term *Terminal) Settings() unix.Termios {
	term.t.Helper()
	settings, err := unix.IoctlGetTermios(int(term.slave.Fd()), unix.TCGETS)
	if err != nil {
		term.t.Fatal(err)
	}
	return *settings
}

// Start runs cmd on the terminal, as the leader of a session that the terminal controls, with descriptor 3 as its log.
// Its process group is orphaned: its parent, the test, is in another session. The process is killed when the test ends.
func (term *Terminal) Start(cmd *exec.Cmd) {
	term.t.Helper()
	heed()
	r, w, err := os.Pipe()
	if err != nil {
		term.t.Fatal(err)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = term.slave, term.slave, term.slave
	cmd.ExtraFiles = []*os.File{w}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		term.t.Fatal(err)
	}
	w.Close()
	go func() { _, _ = io.Copy(writer{&term.log}, r) }()
	term.cmd = cmd
	go func() { _ = cmd.Wait(); close(term.exit) }()
	term.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-term.exit
	})
}

// heed has the processes that are started from here on take the signals that end one, also where this one was told to ignore
// them (nohup(1), a shell's background): what is ignored stays so after execve(2), what is caught does not.
func heed() {
	for _, sig := range []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT} {
		if signal.Ignored(sig) {
			signal.Notify(make(chan os.Signal, 1), sig)
		}
	}
}

// Keys types text.
func (term *Terminal) Keys(text string) {
	term.t.Helper()
	if _, err := term.master.WriteString(text); err != nil {
		term.t.Fatal(err)
	}
}

// Signal sends sig to the process.
func (term *Terminal) Signal(sig os.Signal) {
	term.t.Helper()
	if err := term.cmd.Process.Signal(sig); err != nil {
		term.t.Fatal(err)
	}
}

// Output is all that reached the terminal.
func (term *Terminal) Output() string { return term.output.String() }

// Log is all that the process wrote to descriptor 3.
func (term *Terminal) Log() string { return term.log.String() }

// Screen is what a person sees: the rows, without trailing blanks.
func (term *Terminal) Screen() string {
	var rows []string
	for row := range strings.Lines(term.emulator.String()) {
		rows = append(rows, strings.TrimRight(row, " \n"))
	}
	return strings.TrimRight(strings.Join(rows, "\n"), "\n")
}

var modeSequence = regexp.MustCompile(`\x1b\[\?([0-9]+)([hl])`)

// The DEC private modes that tests ask for.
const (
	ModeCursor = "25"
	ModeAlt    = "1049"
	ModeMouse  = "1002"
)

// Modes are the DEC private modes that reached the terminal, by number, and whether they are set.
func (term *Terminal) Modes() map[string]bool {
	modes := map[string]bool{}
	for _, match := range modeSequence.FindAllStringSubmatch(term.Output(), -1) {
		modes[match[1]] = match[2] == "h"
	}
	return modes
}

// AfterScreen is what was written after the main screen came back.
func (term *Terminal) AfterScreen() string {
	out := term.Output()
	if i := strings.LastIndex(out, "\x1b[?1049l"); i >= 0 {
		return out[i:]
	}
	return ""
}

// record is what was read so far.
type record struct {
	mu   sync.Mutex
	data []byte
}

func (r *record) add(b []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.data = append(r.data, b...)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return string(r.data)
}

type writer struct{ *record }

func (w writer) Write(b []byte) (int, error) { w.add(b); return len(b), nil }
