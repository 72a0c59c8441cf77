//go:build linux

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTraceAContainerInTheTerminalProgram traces a container by its row: what is started in its control group from outside,
// as by docker exec, and has ended before the next scan, lights it and stands in its Trace tab.
func TestTraceAContainerInTheTerminalProgram(t *testing.T) {
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("tmux is not installed")
	}
	if os.Geteuid() != 0 {
		t.Skip("root is needed to trace (CAP_BPF, CAP_PERFMON)")
	}
	id := fmt.Sprintf("%06x%058x", os.Getpid(), 0x7ace)
	enter := inControlGroup(t, id)
	sleeping := exec.Command("sh", "-c", enter+"exec sleep 600")
	if err := sleeping.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sleeping.Process.Kill(); sleeping.Wait() })

	term := start(t, 80, 24, program(t)+" -F container:"+id+`; echo "status $?"; exec cat`)
	term.shows("docker " + id[:12])
	onGroup := func() string {
		for line := range strings.Lines(term.tmux("capture-pane", "-p")) {
			if strings.HasPrefix(line, ">") && strings.Contains(line, "docker "+id[:6]) {
				return line
			}
		}
		return ""
	}
	term.until("the cursor on the container", func() bool { return onGroup() != "" })
	term.keys("t")
	term.shows("tracing docker " + id[:12] + "  ")
	term.until("the columns to be there", func() bool { return strings.Contains(onGroup(), " - ") })
	if strings.HasPrefix(onGroup(), ">!") {
		t.Error("it is lit before anything was denied")
	}
	nice := exec.Command("sh", "-c", enter+"exec setpriv --reuid 65534 --regid 65534 --clear-groups nice -n -20 true")
	if out, err := nice.CombinedOutput(); err == nil && !strings.Contains(string(out), "cannot set niceness") {
		t.Fatalf("it was not denied: %s", out)
	}
	term.until("the container to light", func() bool { return strings.HasPrefix(onGroup(), ">!") })
	term.keys("Enter")
	term.shows("Trace]")
	term.shows("sys_nice")
	term.shows("setpriority")
	term.keys("q")
	term.shows("status 0")
}

// inControlGroup makes the control groups of a docker container with that id, in the unified hierarchy and those of version
// 1, and returns the shell's words to enter them.
func inControlGroup(t *testing.T, id string) string {
	t.Helper()
	roots := []string{"/sys/fs/cgroup"}
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.procs"); err != nil {
		if roots, err = filepath.Glob("/sys/fs/cgroup/*"); err != nil {
			t.Fatal(err)
		}
	}
	var enter strings.Builder
	for _, root := range roots {
		dir := filepath.Join(root, "docker", id)
		if _, err := os.Stat(filepath.Join(root, "cgroup.procs")); err != nil {
			continue
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Skipf("a control group cannot be made (/sys/fs/cgroup is not writable): %v", err)
		}
		t.Cleanup(func() {
			os.Remove(dir)
			os.Remove(filepath.Dir(dir)) // where it is another's it stays
		})
		fmt.Fprintf(&enter, "echo $$ >%s/cgroup.procs 2>/dev/null; ", dir)
	}
	return enter.String()
}
