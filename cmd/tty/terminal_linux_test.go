package tty

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// patience bounds each wait; what a wait is for comes much sooner, or not at all.
const patience = 20 * time.Second

// terminal is a pseudo terminal with a process on it.
type terminal struct {
	t      *testing.T
	master *os.File
	fd     int // of master; asked once, because asking changes the file
	slave  *os.File
	before unix.Termios
	cmd    *exec.Cmd
	exit   chan struct{}
	output *record // what reached the terminal
	log    *record // what Run logged

	reading sync.Mutex // held while reading, and by stop
	stopped bool
	closed  bool
}

// record is what was read so far.
type record struct {
	mu   sync.Mutex
	data []byte
}

func (r *record) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.data = append(r.data, b...)
	return len(b), nil
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return string(r.data)
}

func openTerminal(t *testing.T, cols, rows uint16) *terminal {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatalf("no pseudo terminal: %v", err)
	}
	term := &terminal{t: t, master: master, fd: int(master.Fd()), slave: slave, exit: make(chan struct{}), output: new(record), log: new(record)}
	term.resize(cols, rows)
	term.before = term.settings()
	t.Cleanup(term.hangUp)
	go term.read()
	return term
}

// read copies what the process writes, until the terminal is closed.
func (term *terminal) read() {
	for buf := make([]byte, 1<<15); ; {
		term.reading.Lock()
		if term.closed {
			term.reading.Unlock()
			return
		}
		polled := []unix.PollFd{{Fd: int32(term.fd), Events: unix.POLLIN}}
		if n, err := unix.Poll(polled, 5); n > 0 && err == nil {
			n, _ := term.master.Read(buf)
			_, _ = term.output.Write(buf[:max(n, 0)])
		}
		term.reading.Unlock()
	}
}

// stop makes the terminal take nothing more.
func (term *terminal) stop() {
	term.reading.Lock()
	term.stopped = true
}

func (term *terminal) resume() {
	if term.stopped {
		term.stopped = false
		term.reading.Unlock()
	}
}

// hangUp takes the terminal away from the process.
func (term *terminal) hangUp() {
	term.resume()
	term.reading.Lock()
	defer term.reading.Unlock()
	if !term.closed {
		term.closed = true
		term.master.Close()
		term.slave.Close()
	}
}

func (term *terminal) resize(cols, rows uint16) {
	term.t.Helper()
	if err := pty.Setsize(term.master, &pty.Winsize{Cols: cols, Rows: rows}); err != nil {
		term.t.Fatal(err)
	}
}

func (term *terminal) settings() unix.Termios {
	term.t.Helper()
	settings, err := unix.IoctlGetTermios(int(term.slave.Fd()), unix.TCGETS)
	if err != nil {
		term.t.Fatal(err)
	}
	return *settings
}

// start runs the test binary as a child on the terminal, as the leader of a session that the terminal controls, through
// wrapper if there is one.
func (term *terminal) start(wrapper ...string) {
	term.t.Helper()
	self, err := os.Executable()
	if err != nil {
		term.t.Fatal(err)
	}
	argv := append(wrapper, self)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), childEnv+"=run", "TERM=xterm-256color")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = term.slave, term.slave, term.slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	term.launch(cmd)
}

// launch starts cmd with a pipe for the log, and kills it when the test ends.
func (term *terminal) launch(cmd *exec.Cmd) {
	term.t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		term.t.Fatal(err)
	}
	cmd.ExtraFiles = []*os.File{w}
	if err := cmd.Start(); err != nil {
		term.t.Fatal(err)
	}
	w.Close()
	go func() { _, _ = io.Copy(term.log, r) }()
	term.cmd = cmd
	go func() { _ = cmd.Wait(); close(term.exit) }()
	term.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-term.exit
	})
}

func (term *terminal) keys(text string) {
	term.t.Helper()
	if _, err := term.master.WriteString(text); err != nil {
		term.t.Fatal(err)
	}
}

func (term *terminal) signal(sig os.Signal) {
	term.t.Helper()
	if err := term.cmd.Process.Signal(sig); err != nil {
		term.t.Fatal(err)
	}
}

// eventually waits until ok.
func (term *terminal) eventually(what string, ok func() bool) {
	term.t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			term.t.Fatalf("waited in vain for %s\nscreen: %q\nlog: %s", what, tail(term.output.String()), term.log)
		}
	}
}

func (term *terminal) shows(text string) {
	term.t.Helper()
	term.eventually(text, func() bool { return strings.Contains(term.output.String(), text) })
}

func (term *terminal) logs(text string) {
	term.t.Helper()
	term.eventually("the log line "+text, func() bool { return strings.Contains(term.log.String(), text) })
}

// ends waits for the process to end and checks its exit status.
func (term *terminal) ends(code int) {
	term.t.Helper()
	select {
	case <-term.exit:
	case <-time.After(patience):
		term.t.Fatalf("the process did not end\nscreen: %q\nlog: %s", tail(term.output.String()), term.log)
	}
	if got := term.cmd.ProcessState; got.ExitCode() != code {
		term.t.Errorf("ended with %v, want exit status %d\nscreen: %q\nlog: %s", got, code, tail(term.output.String()), term.log)
	}
}

// restored checks that the terminal is as it was: its settings, the main screen, the cursor and every other mode.
func (term *terminal) restored() {
	term.t.Helper()
	if got := term.settings(); got != term.before {
		term.t.Errorf("settings\n%+v\nwant\n%+v", got, term.before)
	}
	term.eventually("the main screen", func() bool { return !term.modes()[modeAlt] })
	term.eventually("the cursor", func() bool { return term.modes()[modeCursor] })
	if undo := term.modes().undo(false); undo != "" {
		term.t.Errorf("modes are left on: %q would undo them", undo)
	}
}

// modes are those that reached the terminal.
func (term *terminal) modes() modes {
	m := modes{}
	m.note([]byte(term.output.String()))
	return m
}

// afterScreen is what was written after the main screen came back.
func (term *terminal) afterScreen() string {
	out := term.output.String()
	return out[strings.LastIndex(out, "\x1b[?1049l")+1:]
}

func tail(text string) string {
	const most = 2000
	return text[max(0, len(text)-most):]
}
