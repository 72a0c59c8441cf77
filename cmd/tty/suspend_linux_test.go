package tty

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"capview/cmd/tty/ttytest"
)

// In an orphaned process group, as under "ssh -t" and "docker run -it", ctrl+z must not hang.
func TestSuspendOrphaned(t *testing.T) {
	term := ttytest.Open(t, 80, 24)
	start(term)
	term.Shows("READY 80x24")
	term.Keys("z")
	term.Shows("cannot-suspend")
	term.Keys("q")
	term.Ends(0)
	term.Restored()
}

// A shell stops the program and continues it.
func TestSuspendInShell(t *testing.T) {
	term := shell(t)
	term.Keys("z")
	term.Shows("Stopped")
	modes := term.Modes()
	if modes[ttytest.ModeAlt] || !modes[ttytest.ModeCursor] {
		t.Errorf("stopped with modes %v", modes)
	}
	if term.Settings().Lflag&syscall.ICANON == 0 {
		t.Error("stopped in raw mode")
	}
	term.Keys("echo stat''us $?; fg; x=$?; echo left=$x\n")
	term.Shows("status 148")
	term.Shows("<z> resumed")
	if !term.Modes()[ttytest.ModeAlt] {
		t.Error("continued without the alternate screen")
	}
	term.Keys("q")
	term.Shows("left=0")
	term.RestoredModes()
}

// Something else stops and continues the program: it takes the terminal again.
func TestContinuedByOthers(t *testing.T) {
	term := ttytest.Open(t, 80, 24)
	start(term)
	term.Shows("READY 80x24")
	term.Signal(syscall.SIGSTOP)
	before := len(term.Output())
	term.Signal(syscall.SIGCONT)
	term.Eventually("a repaint", func() bool { return strings.Contains(term.Output()[before:], "resumed") })
	term.Keys("q")
	term.Ends(0)
	term.Restored()
}

// shell runs the child as a job of an interactive shell.
func shell(t *testing.T) *ttytest.Terminal {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("needs bash, for its job control")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	term := ttytest.Open(t, 80, 24)
	cmd := exec.Command(bash, "--norc", "--noprofile", "--noediting", "-i")
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "PS1=$ ", "CHILD="+self)
	term.Start(cmd)
	term.Shows("$ ")
	term.Keys(childEnv + `=run "$CHILD"` + "\n")
	term.Shows("READY 80x24")
	return term
}
