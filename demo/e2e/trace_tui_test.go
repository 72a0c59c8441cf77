//go:build linux

package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// denied asks again and again for what the kernel refuses a user without privilege, and, as root, for what it allows.
const denied = `#!/bin/bash
while :; do
	setpriv --reuid 65534 --regid 65534 --clear-groups nice -n -20 true
	: >"$1/file"; chown 1 "$1/file"; rm -f "$1/file"
	sleep 0.3
done 2>/dev/null
`

// TestTraceInTheTerminalProgram traces a program that is refused a capability: its row lights, its checks are shown, the
// rules say why, and what it could do without is told. However the terminal program is left, none of its programs stays.
func TestTraceInTheTerminalProgram(t *testing.T) {
	for _, tool := range []string{"tmux", "setpriv", "nice"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	if os.Geteuid() != 0 {
		t.Skip("root is needed to trace (CAP_BPF, CAP_PERFMON)")
	}
	capview := program(t)
	for i, leave := range []struct {
		name string
		how  func(*terminal, int)
	}{
		{"q", func(term *terminal, _ int) { term.keys("q") }},
		{"ctrl-c", func(term *terminal, _ int) { term.keys("C-c") }},
		{"SIGTERM", func(_ *terminal, pid int) { syscall.Kill(pid, syscall.SIGTERM) }},
		{"SIGKILL", func(_ *terminal, pid int) { syscall.Kill(pid, syscall.SIGKILL) }},
	} {
		size := []struct{ columns, rows int }{{80, 24}, {140, 40}}[i%2]
		t.Run(fmt.Sprintf("%s %dx%d", leave.name, size.columns, size.rows), func(t *testing.T) {
			traceSession(t, capview, size.columns, size.rows, leave.how)
		})
	}
}

func traceSession(t *testing.T, capview string, columns, rows int, leave func(*terminal, int)) {
	dir := t.TempDir()
	worker := startDenied(t, dir)
	pidFile := filepath.Join(dir, "pid")
	term := start(t, columns, rows, fmt.Sprintf(`sh -c 'echo $$ >%s; exec %s'; echo "status $?"; exec cat`, pidFile, capview))
	term.shows("q quit")
	term.shows(" processes  ")
	text, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	term.types("", worker)
	term.keys("Enter")
	term.shows("> ")
	term.until("the cursor on the process", func() bool { return cursorOn(term, worker) != "" })
	before := programsOf(t, pid)

	term.keys("t")
	term.shows("tracing " + worker + " denied")
	term.until("the row to light", func() bool { return strings.HasPrefix(cursorOn(term, worker), ">!") })
	while := programsOf(t, pid)
	if len(while) <= len(before) {
		t.Errorf("it has the programs %v while it traces, %v before", while, before)
	}

	term.keys("Enter")
	term.shows("Trace]")
	term.shows("The last ones")
	nice := regexp.MustCompile(`>deny +sys_nice +[0-9]+ +host +setpriority +nice`)
	term.until("a row that was denied sys_nice to be picked", func() bool {
		if nice.MatchString(term.tmux("capture-pane", "-p")) {
			return true
		}
		term.keys("j")
		time.Sleep(100 * time.Millisecond)
		return false
	})
	term.keys("Enter")
	term.shows("Why]")
	term.shows("cap:sys_nice@host")
	term.shows("no, EPERM")
	term.shows("the kernel said deny")
	term.keys("v")
	term.shows("Trace]")
	term.keys("Tab")
	term.shows("Advice]")
	term.until("chown to be kept", func() bool {
		return regexp.MustCompile(`keep +chown`).MatchString(term.tmux("capture-pane", "-p"))
	})
	term.shows("sys_nice")

	term.keys("Escape")
	term.shows("/ filter")
	term.keys("t")
	term.shows("traced " + worker + " denied")
	term.until("the tracer's programs to be gone", func() bool { return slices.Equal(programsOf(t, pid), before) })
	term.keys("T")
	term.shows("tracing the whole node  ")
	if while = programsOf(t, pid); len(while) <= len(before) {
		t.Errorf("it has the programs %v while it traces the node, %v before", while, before)
	}
	leave(term, pid)
	term.shows("status ")
	for _, id := range while {
		term.until(fmt.Sprintf("program %d to be unloaded", id), func() bool { return !isLoaded(t, id) })
	}
	t.Logf("%d programs were loaded, none is left", len(while))
}

// cursorOn is the line of the list that the cursor is on, if it is a process's; "" if it is not.
func cursorOn(term *terminal, pid string) string {
	for line := range strings.Lines(term.tmux("capture-pane", "-p")) {
		if fields := strings.Fields(line); strings.HasPrefix(line, ">") && len(fields) > 1 && fields[1] == pid {
			return line
		}
	}
	return ""
}

// startDenied runs it until the test ends, and returns its PID.
func startDenied(t *testing.T, dir string) string {
	t.Helper()
	script := filepath.Join(dir, "denied")
	if err := os.WriteFile(script, []byte(denied), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(script, dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return strconv.Itoa(cmd.Process.Pid)
}

// programsOf is the ids of the BPF programs that a process has open, or that a link of its runs (proc_pid_fdinfo(5)).
func programsOf(t *testing.T, pid int) (ids []int) {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fdinfo", pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			continue // closed meanwhile
		}
		for line := range strings.Lines(string(text)) {
			if value, ok := strings.CutPrefix(line, "prog_id:"); ok {
				if id, err := strconv.Atoi(strings.TrimSpace(value)); err == nil {
					ids = append(ids, id)
				}
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// isLoaded asks the kernel for a program by its id (bpf(2) BPF_PROG_GET_FD_BY_ID).
func isLoaded(t *testing.T, id int) bool {
	t.Helper()
	attr := struct{ id, next, flags, _ uint32 }{id: uint32(id)}
	fd, _, errno := unix.Syscall(unix.SYS_BPF, unix.BPF_PROG_GET_FD_BY_ID, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr))
	if errors.Is(errno, unix.ENOENT) {
		return false
	}
	if errno != 0 {
		t.Fatalf("program %d: %v", id, errno)
	}
	unix.Close(int(fd))
	return true
}
