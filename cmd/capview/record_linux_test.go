package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"capview/inspect/seccomp/profile"
)

// workCalls is what testdata/record/work.c calls.
var workCalls = []string{"exit_group", "getpgid", "getpid", "read", "setpriority", "write"}

// buildWork compiles it.
func buildWork(t *testing.T) string {
	t.Helper()
	needsRoot(t)
	if runtime.GOARCH != "amd64" {
		t.Skip("the workload is for x86_64")
	}
	work := filepath.Join(t.TempDir(), "work")
	args := []string{"-O2", "-Wall", "-Werror", "-static", "-nostdlib", "-ffreestanding", "-fno-stack-protector", "-o", work, "testdata/record/work.c"}
	if out, err := exec.CommandContext(t.Context(), "gcc", args...).CombinedOutput(); err != nil {
		t.Fatalf("the workload takes gcc: %v: %s", err, out)
	}
	return work
}

// recorded is a running capview record.
type recorded struct {
	cmd *exec.Cmd
	err *bufio.Reader
	out strings.Builder
}

func startRecord(t *testing.T, args ...string) *recorded {
	t.Helper()
	r := &recorded{cmd: exec.CommandContext(t.Context(), buildBinary(t), append([]string{"record"}, args...)...)}
	r.cmd.Stdout = &r.out
	pipe, err := r.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	r.err = bufio.NewReader(pipe)
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return r
}

// says waits for a line on standard error that begins so.
func (r *recorded) says(t *testing.T, begin string) {
	t.Helper()
	for {
		line, err := r.err.ReadString('\n')
		if strings.HasPrefix(line, begin) {
			return
		}
		if err != nil {
			t.Fatalf("%q, %v: want %q", line, err, begin)
		}
	}
}

// end waits for the end and returns what else it said.
func (r *recorded) end(t *testing.T) string {
	t.Helper()
	rest, err := io.ReadAll(r.err)
	if err = errors.Join(err, r.cmd.Wait()); err != nil {
		t.Fatalf("%v: %s", err, rest)
	}
	return string(rest)
}

func parseProfile(t *testing.T, text string) *profile.Profile {
	t.Helper()
	p, err := profile.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return p
}

// A process's profile has what it called while it was recorded, and nothing else; the recording ends with it.
func TestRecordProcess(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), buildWork(t))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := strconv.Itoa(cmd.Process.Pid)
	r := startRecord(t, pid, "--exact")
	r.says(t, "capview: recording "+pid+"; ctrl-c ends it\n")
	if _, err := io.WriteString(in, "x"); err != nil {
		t.Fatal(err)
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	said := r.end(t)
	for _, line := range []string{"capview: every process that was watched has ended\n", "system calls: 5 of x86_64, 1 of i386\n", "not seen: "} {
		if !strings.Contains(said, line) {
			t.Errorf("not said: %s\n%s", line, said)
		}
	}
	p := parseProfile(t, r.out.String())
	if len(p.Syscalls) != 1 || !slices.Equal(p.Syscalls[0].Names, workCalls) ||
		!slices.Equal(p.Architectures, []string{"SCMP_ARCH_X86_64", "SCMP_ARCH_X86"}) {
		t.Errorf("%s", r.out.String())
	}
}

// A container that is waited for is recorded from its first instruction; under the profile it works, and without one of
// its calls it does not.
func TestRecordContainer(t *testing.T) {
	c := newBundle(t, buildWork(t))
	out := filepath.Join(t.TempDir(), "profile.json")
	name := fmt.Sprintf("capview-recorded-%d", os.Getpid())
	r := startRecord(t, "--wait", name, "-o", out)
	r.says(t, "capview: recording; start "+name+" now\n")
	in, begun := io.Pipe()
	ran := make(chan string, 1)
	go func() { ran <- c.run(name, nil, in) }()
	r.says(t, "capview: recording ")
	begun.Close()
	if got := <-ran; got != "done\n" {
		t.Errorf("recorded, it says %q", got)
	}
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	r.end(t)
	if info, err := os.Lstat(out); err != nil || info.Mode() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	p := parseProfile(t, string(text))
	if !slices.Equal(p.Syscalls[0].Names, workCalls) {
		t.Errorf("recorded %v, want %v", p.Syscalls[0].Names, workCalls)
	}
	if got := c.run(name+"-under", p, strings.NewReader("")); got != "done\n" {
		t.Errorf("under its profile it says %q", got)
	}
	works := p.Syscalls[0].Names
	for i, call := range []string{"setpriority", "getpgid", "getpid"} {
		p.Syscalls[0].Names = slices.DeleteFunc(slices.Clone(works), func(n string) bool { return n == call })
		if call == "getpid" { // the runtime calls it before: it cannot be started at all, or fails in it
			p.Syscalls[0].Names = append(p.Syscalls[0].Names, call)
			p.Architectures = p.Architectures[:1] // and is killed at a call of i386
		}
		got := c.run(fmt.Sprintf("%s-less-%d", name, i), p, strings.NewReader(""))
		if want := fmt.Sprintf("exit status %d", i+1); call != "getpid" && got != "done\n"+want || call == "getpid" && !strings.HasPrefix(got, "exit status ") {
			t.Errorf("without %s it says %q", call, got)
		}
	}
}

// bundle starts containers of the workload by runc.
type bundle struct {
	t   *testing.T
	dir string
}

func newBundle(t *testing.T, work string) bundle {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "rootfs"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(work, filepath.Join(dir, "rootfs", "work")); err != nil {
		t.Fatal(err)
	}
	return bundle{t, dir}
}

// run is what a container says, and then how it ended where that was not well.
func (b bundle) run(name string, seccomp *profile.Profile, in io.Reader) string {
	type object = map[string]any
	linux := object{"namespaces": []object{{"type": "mount"}, {"type": "pid"}}, "cgroupsPath": "/" + name}
	if seccomp != nil {
		linux["seccomp"] = seccomp
	}
	text, err := json.Marshal(object{
		"ociVersion": "1.0.2", "root": object{"path": "rootfs"}, "linux": linux,
		"process": object{"args": []string{"/work"}, "cwd": "/", "env": []string{}, "user": object{"uid": 0, "gid": 0}},
		"mounts":  []object{{"destination": "/proc", "type": "proc", "source": "proc"}},
	})
	if err == nil {
		err = os.WriteFile(filepath.Join(b.dir, "config.json"), text, 0o644)
	}
	if err != nil {
		return err.Error()
	}
	cmd := exec.CommandContext(b.t.Context(), "runc", "--root", filepath.Join(b.dir, "state"), "run", "--bundle", b.dir, name)
	cmd.Stdin = in
	said, err := cmd.CombinedOutput()
	if err != nil {
		return string(said) + err.Error()
	}
	return string(said)
}

// Without privilege there is one line that says what is lacking; nothing is written.
func TestRecordWithoutPrivilege(t *testing.T) {
	needsRoot(t)
	status, stdout, stderr := asNobody(t, buildBinary(t), "record", strconv.Itoa(os.Getpid()))
	want := "capview: system calls cannot be recorded here: not permitted: needs CAP_BPF and CAP_PERFMON\n" +
		"  run 'sudo capview record'; see 'capview doctor'\n"
	if status != exitTrouble || stdout != "" || stderr != want {
		t.Errorf("%d, %q, %q", status, stdout, stderr)
	}
}
