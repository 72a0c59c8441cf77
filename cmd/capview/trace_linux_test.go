package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// seeds asks for capabilities, again and again until its input ends: allowed and denied, in the host's user namespace and
// in one of its own.
const seeds = `
while :; do
	read -t 0.2 x; [ $? -gt 128 ] || break
	touch file; chown 1 file; chmod 600 file; chroot / true; nice -n -20 true
	setpriv --reuid 1000 --regid 1000 --clear-groups nice -n -20 true
	unshare -Urm mount -t tmpfs none /mnt
	unshare -Urf mount -t tmpfs none /mnt
done 2>/dev/null`

func startSeeds(t *testing.T) (pid string, in io.Closer) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-c", seeds)
	cmd.Dir = t.TempDir()
	pipe, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go cmd.Wait()
	t.Cleanup(func() { pipe.Close(); cmd.Process.Kill() })
	return strconv.Itoa(cmd.Process.Pid), pipe
}

// Each seed's check is a line with what it was about; when all that was watched has ended, so does the trace, with totals.
func TestTraceSeeds(t *testing.T) {
	needsRoot(t)
	pid, in := startSeeds(t)
	cmd := exec.CommandContext(t.Context(), buildBinary(t), "trace", pid, "-o", "json")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaint strings.Builder
	cmd.Stderr = &complaint
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{
		"chown cap_chown allow 0": true, "chmod cap_fowner allow 0": true, "chroot cap_sys_chroot allow 0": true,
		"nice cap_sys_nice allow 0": true, "nice cap_sys_nice deny 1000": true, "mount cap_sys_admin deny over": true,
		"mount cap_sys_admin allow own": true,
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	var last string
	for lines.Scan() {
		last = lines.Text()
		delete(want, seedOf(t, last))
		if len(want) == 0 && in != nil {
			in.Close()
			in = nil
		}
	}
	if err := cmd.Wait(); err != nil || complaint.String() != "capview: every process that was watched has ended\n" {
		t.Errorf("%v, %q", err, complaint.String())
	}
	if len(want) > 0 {
		t.Errorf("not seen: %v", want)
	}
	var end lastLine
	if err := json.Unmarshal([]byte(last), &end); err != nil || len(end.Totals) == 0 || end.Checks < 7 || end.Hidden == 0 || end.Rung == "" {
		t.Errorf("the last line is %.200s, %v", last, err)
	}
}

// seedOf is "comm cap verdict" of a line and what else tells the seeds apart.
func seedOf(t *testing.T, line string) string {
	t.Helper()
	var e map[string]any
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		t.Fatalf("%.200s: %v", line, err)
	}
	if e["totals"] != nil {
		return ""
	}
	for _, key := range strings.Fields("ts pid tid ppid comm uid gid syscall cap verdict audit insetid current_userns target_userns granting_userns caps container pod stack") {
		if _, ok := e[key]; !ok {
			t.Errorf("no %s in %s", key, line)
		}
	}
	if _, err := time.Parse(time.RFC3339Nano, e["ts"].(string)); err != nil {
		t.Error(err)
	}
	comm, _ := e["comm"].(string)
	about := strconv.Itoa(int(e["uid"].(float64)))
	if comm == "mount" {
		about = "own"
		if e["current_userns"] != e["target_userns"] {
			about = "over"
		}
	}
	return strings.Join([]string{comm, e["cap"].(string), e["verdict"].(string), about}, " ")
}

// SIGTERM ends a trace as ctrl-c does: with the totals, and success.
func TestTraceEndsOnSignals(t *testing.T) {
	needsRoot(t)
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		cmd := exec.CommandContext(t.Context(), buildBinary(t), "trace", sleeper(t))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		in := bufio.NewReader(out)
		if head, err := in.ReadString('\n'); err != nil || !strings.HasPrefix(head, "TIME ") {
			t.Fatalf("%q, %v", head, err)
		}
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		rest, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil || string(rest) != "\nno capability was asked for\n" {
			t.Errorf("%v: %v, %q", signal, err, rest)
		}
	}
}

// Without privilege there is one line that says what is lacking, and how to get it.
func TestTraceWithoutPrivilege(t *testing.T) {
	needsRoot(t)
	status, stdout, stderr := asNobody(t, buildBinary(t), "trace", "--for", "1s")
	want := "capview: capability checks cannot be traced here: not permitted: needs CAP_BPF and CAP_PERFMON\n" +
		"  run 'sudo capview trace'; see 'capview doctor'\n"
	if status != exitTrouble || stdout != "" || stderr != want {
		t.Errorf("%d, %q, %q", status, stdout, stderr)
	}
}
