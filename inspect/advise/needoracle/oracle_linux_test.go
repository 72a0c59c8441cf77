package needoracle

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"capview/inspect"
	"capview/inspect/advise"
	"capview/inspect/bpf/trace"
)

// tryKey makes this program try one thing, in a directory.
const tryKey = "CAPVIEW_TRY"

func TestMain(m *testing.M) {
	if name, dir, ok := strings.Cut(os.Getenv(tryKey), "\x01"); ok {
		child(name, dir)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func asErrno(err error) (unix.Errno, bool) {
	var errno unix.Errno
	return errno, errors.As(err, &errno)
}

// trier is a process that tries one thing.
type trier struct {
	try
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	id  inspect.ProcessID
}

func start(t *testing.T, what try, dir, self string) *trier {
	t.Helper()
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), tryKey+"="+what.name+"\x01"+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid, Groups: []uint32{}}}
	cmd.Stderr = os.Stderr
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); cmd.Wait() })
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	begun, err := strconv.ParseUint(fields[19], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return &trier{what, cmd, in, bufio.NewReader(out), inspect.ProcessID{PID: cmd.Process.Pid, StartTime: begun}}
}

// TestNoNeed: what the kernel refused and went on without was no need; where it failed for the lack of a capability, one of
// those it had asked for may have been.
func TestNoNeed(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root (CAP_BPF, CAP_PERFMON)")
	}
	dir := t.TempDir()
	self := dir + "/self"
	text, err := os.ReadFile("/proc/self/exe")
	for up := dir; up != "/tmp" && up != "/" && err == nil; up = up[:max(strings.LastIndexByte(up, '/'), 1)] {
		err = os.Chmod(up, 0o777)
	}
	if err = errors.Join(err, os.WriteFile(self, text, 0o755)); err != nil {
		t.Fatal(err)
	}
	var all []*trier
	var target trace.Target
	for _, what := range tries {
		tr := start(t, what, dir, self)
		all, target.Processes = append(all, tr), append(target.Processes, tr.id)
	}
	tracer, err := trace.New(trace.Options{Root: "/proc", Targets: []trace.Target{target}})
	if err != nil {
		t.Fatal(err)
	}
	defer tracer.Close()
	answers := map[int]string{}
	for _, tr := range all {
		if _, err := io.WriteString(tr.in, "\n"); err != nil {
			t.Fatal(err)
		}
		line, err := tr.out.ReadString('\n')
		if err != nil {
			t.Fatalf("%s: %v", tr.name, err)
		}
		answers[tr.id.PID] = strings.TrimSpace(line)
	}
	counts, err := tracer.Drain()
	if err != nil {
		t.Fatal(err)
	}
	if counts.Lost.Any() {
		t.Fatalf("lost: %+v", counts.Lost)
	}
	check(t, all, counts, answers)
}

// memory is the system calls by which Go's runtime gets memory, beside what is tried.
var memory = []string{"mmap", "brk", "mremap", "clone", "clone3"}

// check holds the reading of each check to what came of the system call.
func check(t *testing.T, all []*trier, counts inspect.Counts, answers map[int]string) {
	var x inspect.Exercise
	x.Add(counts)
	checks := map[int][]advise.Use{}
	for _, u := range advise.UsesOf(x.Checks(), nil, nil, func(*inspect.CheckCount) string { return "" }) {
		checks[u.PID] = append(checks[u.PID], u)
	}
	refused, wentOn, failed := 0, 0, 0
	for _, tr := range all {
		answer, asked := answers[tr.id.PID], ""
		may, its := false, 0
		for _, u := range checks[tr.id.PID] {
			if u.Allowed {
				t.Errorf("%s: allowed %s without any capability", tr.name, u.Cap)
			}
			refused += int(u.Count)
			need := advise.Needed(&u)
			asked += fmt.Sprintf(" %s in %s (probe %v): %s;", u.Cap.Short(), u.Syscall, u.Probe.Or(false), need)
			may = may || need != advise.NotNeeded
			if !slices.Contains(memory, u.Syscall) {
				its++
			}
			if denied := answer == "EPERM" || answer == "EACCES"; !denied && need == advise.IsNeeded {
				t.Errorf("%s: %s, though %s was refused in %s, which is read as a need", tr.name, answer, u.Cap, u.Syscall)
			}
		}
		switch {
		case answer == "EPERM" || answer == "EACCES":
			failed++
			if its > 0 && !may {
				t.Errorf("%s: %s, and none of what was asked for is read as a need:%s", tr.name, answer, asked)
			}
		case asked != "":
			wentOn++
		}
		t.Logf("%-34s %-8s%s", tr.name, answer, asked)
	}
	if refused < 40 || wentOn < 5 || failed < 20 {
		t.Errorf("%d checks were refused, %d calls went on all the same, %d failed: want more", refused, wentOn, failed)
	}
	t.Logf("%d system calls: %d checks were refused; %d calls went on all the same, %d failed, as read", len(all), refused, wentOn, failed)
}
