package tty

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// In an orphaned process group, as under "ssh -t" and "docker run -it", ctrl+z must not hang.
func TestSuspendOrphaned(t *testing.T) {
	term := openTerminal(t, 80, 24)
	term.start()
	term.shows("READY 80x24")
	term.keys("z")
	term.shows("cannot-suspend")
	term.keys("q")
	term.ends(0)
	term.restored()
}

// A shell stops the program and continues it.
func TestSuspendInShell(t *testing.T) {
	term := shell(t)
	term.keys("z")
	term.shows("Stopped")
	modes := term.modes()
	if modes[modeAlt] || !modes[modeCursor] {
		t.Errorf("stopped with modes %v", modes)
	}
	if term.settings().Lflag&syscall.ICANON == 0 {
		t.Error("stopped in raw mode")
	}
	term.keys("echo stat''us $?; fg; x=$?; echo left=$x\n")
	term.shows("status 148")
	term.shows("<z> resumed")
	if !term.modes()[modeAlt] {
		t.Error("continued without the alternate screen")
	}
	term.keys("q")
	term.shows("left=0")
	if got := term.modes().undo(false); got != "" {
		t.Errorf("modes are left on: %q would undo them", got)
	}
}

// Something else stops and continues the program: it takes the terminal again.
func TestContinuedByOthers(t *testing.T) {
	term := openTerminal(t, 80, 24)
	term.start()
	term.shows("READY 80x24")
	term.signal(syscall.SIGSTOP)
	before := len(term.output.String())
	term.signal(syscall.SIGCONT)
	term.eventually("a repaint", func() bool { return strings.Contains(term.output.String()[before:], "resumed") })
	term.keys("q")
	term.ends(0)
	term.restored()
}

// shell runs the child as a job of an interactive shell.
func shell(t *testing.T) *terminal {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("needs bash, for its job control")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	term := openTerminal(t, 80, 24)
	cmd := exec.Command(bash, "--norc", "--noprofile", "--noediting", "-i")
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "PS1=$ ", "CHILD="+self)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = term.slave, term.slave, term.slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	term.launch(cmd)
	term.shows("$ ")
	term.keys(childEnv + `=run "$CHILD"` + "\n")
	term.shows("READY 80x24")
	return term
}
