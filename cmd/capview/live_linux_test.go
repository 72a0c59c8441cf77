package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

const nobody = 65534

// asNobody runs the built binary as a user without privilege.
func asNobody(t *testing.T, binary string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	return outcome(t, cmd)
}

func outcome(t *testing.T, cmd *exec.Cmd) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.Dir, cmd.Env = &out, &errs, "/", []string{"PATH=" + os.Getenv("PATH")}
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

func needsRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to become another user")
	}
}

// sleeper is a process of root's that lasts as long as the test.
func sleeper(t *testing.T) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sleep", "600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return strconv.Itoa(cmd.Process.Pid)
}

// Without privilege the list is there, what is not seen is "?" and null, and one line says what is missing and how to get it.
func TestWithoutPrivilege(t *testing.T) {
	needsRoot(t)
	binary, pid := buildBinary(t), sleeper(t)

	status, out, stderr := asNobody(t, binary, "list", "-F", "pid:"+pid, "--columns", "pid,userns,exe")
	if status != 0 || !strings.Contains(out, pid+"  ?") || strings.Contains(out, "none") {
		t.Errorf("list: %d\n%s", status, out)
	}
	if !strings.HasPrefix(stderr, "capview: not root: ") || !strings.Contains(stderr, "sudo capview") || strings.Count(stderr, "\n") != 1 {
		t.Errorf("list told %q", stderr)
	}

	status, out, _ = asNobody(t, binary, "list", "-F", "pid:"+pid, "-o", "json")
	var rows []map[string]any
	if err := json.Unmarshal([]byte(out), &rows); status != 0 || err != nil || len(rows) != 1 || rows[0]["userns"] != nil {
		t.Errorf("json: %d %v\n%s", status, err, out)
	}

	status, out, _ = asNobody(t, binary, "doctor")
	if status != exitNo || !strings.Contains(out, "lacks cap_sys_ptrace") || !strings.Contains(out, "setcap cap_bpf,cap_perfmon,cap_sys_ptrace,cap_dac_read_search+ep") {
		t.Errorf("doctor: %d\n%s", status, out)
	}
}

// What doctor advises is enough: with the one capability on the binary another user sees what root sees.
func TestAdviceIsEnough(t *testing.T) {
	needsRoot(t)
	setcap, err := exec.LookPath("setcap")
	if err != nil {
		t.Skip("needs setcap, of the package libcap2-bin")
	}
	binary, pid := buildBinary(t), sleeper(t)
	if out, err := exec.Command(setcap, "cap_sys_ptrace+ep", binary).CombinedOutput(); err != nil {
		t.Skipf("cannot give a file capabilities here: %v %s", err, out)
	}
	status, out, stderr := asNobody(t, binary, "show", pid, "-o", "json")
	var s shown
	if err := json.Unmarshal([]byte(out), &s); status != 0 || stderr != "" || err != nil {
		t.Fatalf("%d %q %v\n%s", status, stderr, err, out)
	}
	if !s.Process.Namespaces.Known() || !s.Process.Exe.Known() || !s.Process.FileCaps.Known() || len(s.Process.Gaps) > 0 {
		t.Errorf("%+v", s.Process.Gaps)
	}
}

// Under hidepid doctor tells why other users' processes are not there.
func TestHiddenProcesses(t *testing.T) {
	needsRoot(t)
	for _, tool := range []string{"unshare", "setpriv"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("needs " + tool + ", of the package util-linux")
		}
	}
	binary := buildBinary(t)
	const script = `mount -t proc -o hidepid=invisible proc /proc || exit 99
exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"`
	status, out, stderr := outcome(t, exec.Command("unshare", "--mount", "sh", "-c", script, "sh", binary, "doctor"))
	if status == 99 {
		t.Skipf("cannot mount /proc here: %s", stderr)
	}
	if status != exitNo || !strings.Contains(out, "mounted with hidepid=invisible") {
		t.Errorf("%d %q\n%s", status, stderr, out)
	}
}

// Under sudo a snapshot belongs to the user who called it.
func TestSnapshotBelongsToTheSudoUser(t *testing.T) {
	needsRoot(t)
	dir := t.TempDir()
	if err := writeFixtures(dir); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "mine.json.gz")
	var stderr bytes.Buffer
	env := map[string]string{"SUDO_UID": "65534", "SUDO_GID": "65533"}
	if status := run(t.Context(), []string{"--from", filepath.Join(dir, "node.json"), "export", file}, env, nil, &bytes.Buffer{}, &stderr); status != 0 {
		t.Fatal(stderr.String())
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if s := info.Sys().(*syscall.Stat_t); s.Uid != 65534 || s.Gid != 65533 || info.Mode() != 0o600 {
		t.Errorf("%d:%d %v", s.Uid, s.Gid, info.Mode())
	}
}

// The list agrees with status as read by this test, for every process that was the same before and after.
func TestListAgreesWithStatus(t *testing.T) {
	before := capLines(t)
	status, out, stderr := runWith(t, "", "list", "-o", "json", "--columns", "pid,started,effective,bounding")
	var rows []struct {
		PID                 int
		Effective, Bounding json.RawMessage
	}
	if err := json.Unmarshal([]byte(out), &rows); status != 0 || err != nil {
		t.Fatalf("%d %v %q", status, err, stderr)
	}
	after := capLines(t)
	compared := 0
	for _, row := range rows {
		want, ok := after[row.PID]
		if !ok || want != before[row.PID] {
			continue // it came, ended, or changed meanwhile
		}
		compared++
		if !bytes.Contains(row.Effective, []byte(want[0])) || !bytes.Contains(row.Bounding, []byte(want[1])) {
			t.Errorf("pid %d: CapEff and CapBnd are %s, listed %s %s", row.PID, want, row.Effective, row.Bounding)
		}
	}
	if compared == 0 {
		t.Fatal("compared no process")
	}
	t.Logf("compared %d processes", compared)
}

// capLines is CapEff and CapBnd of every process's status.
func capLines(t *testing.T) map[int][2]string {
	t.Helper()
	paths, err := filepath.Glob("/proc/[0-9]*/status")
	if err != nil {
		t.Fatal(err)
	}
	all := map[int][2]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it ended
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		var sets [2]string
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(line, ":")
			switch name {
			case "CapEff":
				sets[0] = strings.TrimSpace(value)
			case "CapBnd":
				sets[1] = strings.TrimSpace(value)
			}
		}
		all[pid] = sets
	}
	return all
}
