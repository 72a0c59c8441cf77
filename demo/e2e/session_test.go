//go:build linux

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestSession is a person's session on a real terminal (tmux is the emulator): find a process by its container, open
// it, see its capabilities, export, quit. On the recorded node, and where the lab is up on this one.
func TestSession(t *testing.T) {
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("tmux is not installed")
	}
	recorded, err := filepath.Abs("../node.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	nodes := map[string][]string{"recorded": {"--from", recorded}}
	if os.Getenv("CAPVIEW_LAB") != "" {
		nodes["live"] = nil
	}
	for node, args := range nodes {
		for _, size := range []struct{ columns, rows int }{{80, 24}, {140, 40}} {
			t.Run(fmt.Sprintf("%s %dx%d", node, size.columns, size.rows), func(t *testing.T) {
				if node == "live" {
					needsLab(t)
				}
				session(t, args, size.columns, size.rows)
			})
		}
	}
}

func session(t *testing.T, args []string, columns, rows int) {
	capview := program(t)
	found := strings.Fields(output(t, capview, append(args, "list", "-F", "runtime:docker exe:/opt/bind", "--columns", "container")...))
	id := found[len(found)-1]
	exported := filepath.Join(t.TempDir(), "session.json.gz")
	line := strings.Join(append([]string{capview}, args...), " ")
	term := start(t, columns, rows, `before=$(stty -g); `+line+`; echo "status $?"; [ "$before" = "$(stty -g)" ] && echo restored; exec cat`)

	term.shows("q quit")
	term.types("/", "container:"+id)
	term.keys("Enter")
	term.shows("container:" + id)
	term.shows("httpd")
	term.keys("j")
	term.shows("> ")
	term.keys("Enter")
	term.shows("/opt/bind/httpd")
	term.keys("2")
	term.shows("permitted")
	term.keys("e")
	term.shows("json")
	term.keys("C-u")
	term.types("", exported)
	term.keys("Enter")
	term.shows("exported to")
	term.until("the snapshot to be written", func() bool { _, err := os.Stat(exported); return err == nil })
	term.keys("q")
	term.shows("status 0")
	term.shows("restored")
	if state := term.tmux("display-message", "-p", "#{alternate_on} #{cursor_flag}"); state != "0 1" {
		t.Errorf("alternate screen and cursor afterwards: %q, want \"0 1\"", state)
	}
	if out := output(t, capview, "--from", exported, "list", "-F", "container:"+id, "--columns", "name"); !strings.Contains(out, "httpd") {
		t.Errorf("the exported snapshot lists %q", out)
	}
}

// program is the capview to run: TestMain builds one only where the lab is up.
func program(t *testing.T) string {
	t.Helper()
	if built != "" {
		return built
	}
	path := filepath.Join(t.TempDir(), "capview")
	output(t, "go", "build", "-o", path, "capview/cmd/capview")
	return path
}

// terminal is a terminal that a program runs in.
type terminal struct {
	t      *testing.T
	socket string
}

func start(t *testing.T, columns, rows int, script string) *terminal {
	t.Helper()
	term := &terminal{t, filepath.Join(t.TempDir(), "tmux")}
	t.Cleanup(func() { exec.Command("tmux", "-S", term.socket, "kill-server").Run() })
	term.tmux("-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(columns), "-y", fmt.Sprint(rows), script)
	return term
}

func (term *terminal) tmux(args ...string) string {
	term.t.Helper()
	return strings.TrimSpace(output(term.t, "tmux", append([]string{"-S", term.socket}, args...)...))
}

func (term *terminal) keys(names ...string) {
	term.t.Helper()
	term.tmux(append([]string{"send-keys"}, names...)...)
}

// types presses a key, where one is given, and types text.
func (term *terminal) types(key, text string) {
	term.t.Helper()
	if key != "" {
		term.keys(key)
	}
	term.tmux("send-keys", "-l", text)
}

// shows waits until the screen has the text.
func (term *terminal) shows(text string) {
	term.t.Helper()
	term.until(fmt.Sprintf("%q on the screen", text), func() bool {
		return strings.Contains(term.tmux("capture-pane", "-p"), text)
	})
}

func (term *terminal) until(what string, holds func() bool) {
	term.t.Helper()
	for limit := time.Now().Add(20 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(limit) {
			term.t.Fatalf("waited in vain for %s:\n%s", what, term.tmux("capture-pane", "-p"))
		}
	}
}
