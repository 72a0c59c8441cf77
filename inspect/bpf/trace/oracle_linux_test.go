package trace

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/inspect/proc"
	"capview/inspect/rules"
	"capview/nsinfo"
)

// answer is a check as the kernel's own tracing tells of it.
type answer struct {
	cap    caps.Cap
	denied bool
}

// kernelTrace is an instance of the kernel's own tracing (Documentation/trace/ftrace.rst) that records a thread's
// capability checks: the tracepoint where there is one, else a probe of the function and of its return.
type kernelTrace struct {
	t        *testing.T
	root     string
	instance string
	probes   bool
}

func newKernelTrace(t *testing.T, name string) *kernelTrace {
	t.Helper()
	k := &kernelTrace{t: t, root: t.TempDir()}
	if err := unix.Mount("tracefs", k.root, "tracefs", 0, ""); err != nil {
		t.Fatalf("the kernel's own tracing is needed to compare with: tracefs: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(k.root, unix.MNT_DETACH) })
	k.instance = filepath.Join(k.root, "instances", name)
	if err := os.Mkdir(k.instance, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(k.instance) })
	k.write(filepath.Join(k.instance, "buffer_size_kb"), "4096")
	return k
}

func traceByKernel(t *testing.T, tid int) *kernelTrace {
	t.Helper()
	k := newKernelTrace(t, fmt.Sprintf("capview%d", tid))
	events := []string{"capability/cap_capable"}
	if !k.has(events[0]) {
		k.probes = true
		group := fmt.Sprintf("capview%d", tid)
		k.write(filepath.Join(k.root, "kprobe_events"), fmt.Sprintf("p:%s/enter cap_capable cap=$arg3:s32", group))
		k.write(filepath.Join(k.root, "kprobe_events"), fmt.Sprintf("r64:%s/leave cap_capable ret=$retval:s32", group))
		events = []string{group + "/enter", group + "/leave"}
		t.Cleanup(func() {
			for _, e := range events {
				k.write(filepath.Join(k.instance, "events", e, "enable"), "0")
				k.write(filepath.Join(k.root, "kprobe_events"), "-:"+e)
			}
		})
	}
	for _, e := range events {
		k.write(filepath.Join(k.instance, "events", e, "filter"), "common_pid == "+strconv.Itoa(tid))
		k.write(filepath.Join(k.instance, "events", e, "enable"), "1")
	}
	return k
}

// has tells whether the kernel has an event.
func (k *kernelTrace) has(event string) bool {
	_, err := os.Stat(filepath.Join(k.root, "events", event))
	return err == nil
}

func (k *kernelTrace) write(path, text string) {
	k.t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		k.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		k.t.Fatalf("%s: %s: %v", path, text, err)
	}
}

var (
	checkLine = regexp.MustCompile(`cap_capable: cred .* cap (-?\d+),? ret (-?\d+)`)
	enterLine = regexp.MustCompile(`enter: .* cap=(-?\d+)`)
	leaveLine = regexp.MustCompile(`leave: .* ret=(-?\d+)`)
	written   = regexp.MustCompile(`entries-in-buffer/entries-written: (\d+)/(\d+)`)
)

// text is what was recorded.
func (k *kernelTrace) text() string {
	k.t.Helper()
	k.write(filepath.Join(k.instance, "tracing_on"), "0")
	text, err := os.ReadFile(filepath.Join(k.instance, "trace"))
	if err != nil {
		k.t.Fatal(err)
	}
	if m := written.FindSubmatch(text); m == nil || string(m[1]) != string(m[2]) {
		k.t.Fatalf("the kernel's own tracing lost some: %q", m)
	}
	return string(text)
}

// answers is what was recorded, in order.
func (k *kernelTrace) answers() (list []answer) {
	k.t.Helper()
	text := k.text()
	number := func(b string) int { n, _ := strconv.Atoi(b); return n }
	for line := range strings.Lines(text) {
		if m := checkLine.FindStringSubmatch(line); m != nil {
			list = append(list, answer{caps.Cap(number(m[1])), number(m[2]) != 0})
		} else if m := enterLine.FindStringSubmatch(line); m != nil {
			list = append(list, answer{cap: caps.Cap(number(m[1]))})
		} else if m := leaveLine.FindStringSubmatch(line); m != nil {
			list[len(list)-1].denied = number(m[1]) != 0
		}
	}
	return list
}

// state is what a workload is before it asks.
type state struct {
	name   string
	job    job
	change func(*exec.Cmd)
}

func states() []state {
	all := ^caps.Set(0)
	return []state{
		{"root", job{}, nil},
		{"root without capabilities", job{Drop: all}, nil},
		{"root without some", job{Drop: caps.Of(caps.SysNice, caps.Chown, caps.NetRaw, caps.DACOverride, caps.DACReadSearch)}, nil},
		{"user", job{}, asUser(1000)},
		{"user with a child in a user namespace", job{Child: true}, asUser(1000)},
		{"user namespace", job{}, inUserNS(0)},
		{"user namespace with others", job{}, inUserNS(unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC)},
		{"user namespace without capabilities", job{Drop: all}, inUserNS(unix.CLONE_NEWNS)},
		{"user namespace three deep", job{Nest: 2, Child: true}, inUserNS(unix.CLONE_NEWUTS)},
	}
}

// Every check that the kernel made is told once, in order, with what it was about; and its answer is what the rules say.
func TestEveryCheck(t *testing.T) {
	eachRung(t, func(t *testing.T, rung Rung) {
		compared, predicted := 0, map[string]int{}
		for _, s := range states() {
			t.Run(s.name, func(t *testing.T) {
				n := everyCheck(t, rung, s, predicted)
				compared += n
			})
		}
		t.Logf("%s: %d checks compared with the kernel's own tracing, and their answers with the rules: %v", rung, compared, predicted)
		if compared < 2000 || predicted["owner"] == 0 || predicted["denied"] == 0 || predicted["above"] == 0 {
			t.Error("too few, or not all kinds")
		}
	})
}

func everyCheck(t *testing.T, rung Rung, s state, predicted map[string]int) int {
	s.job.Do, s.job.Times, s.job.Dir = "list", 15, workDir(t)
	w := launch(t, s.job, s.change)
	target := w.id()
	tid := target.PID
	for range s.job.Nest { // what works is the last of a chain
		tid = onlyChild(t, tid)
	}
	theirs := traceByKernel(t, tid)
	target = inspect.ProcessID{PID: tid, StartTime: startTime(t, tid)}
	r := run(t, Options{Rung: rung, Targets: []Target{{Processes: []inspect.ProcessID{target}}}, Events: true, Hidden: true})
	w.begin()
	calls := w.result().Calls
	want := theirs.answers()
	ix := snapshot(t)
	r.stop()

	var got []answer
	users := ix.Users()
	p := ix.Process(tid)
	if p == nil {
		t.Fatal("the workload is not in the snapshot")
	}
	for i := range r.events {
		e := &r.events[i]
		if e.TID != tid {
			continue
		}
		got = append(got, answer{e.Cap, e.Denied})
		fields(t, e, p, target, rung)
		predict(t, &users, e, predicted)
	}
	// The kernel's tracing ends before this one: what comes after the workload's end is its memory.
	if len(got) < len(want) || !slices.Equal(want, got[:len(want)]) || len(got) > len(want)+20 {
		t.Errorf("the kernel tells of %d checks, capview of %d:\n%v\n%v", len(want), len(got), want, got)
	}
	if lost := r.counts.Lost(); lost.Any() {
		t.Errorf("lost %+v", lost)
	}
	expected(t, r.events, tid, ix, p, calls, s)
	return len(got)
}

// fields compares what an event says of its process with what procfs says.
func fields(t *testing.T, e *inspect.Event, p *inspect.Process, id inspect.ProcessID, rung Rung) {
	t.Helper()
	ns, _ := p.Namespaces.Get()
	ids, _ := p.UID.Get()
	sets, _ := p.Caps.Get()
	if e.PID != id.PID || e.StartTime != id.StartTime || e.PPID != p.PPID || e.MountNS != ns[nsinfo.Mount] {
		t.Errorf("%+v of process %+v, child of %d, in mount namespace %d", e, id, p.PPID, ns[nsinfo.Mount])
	}
	if e.Creds == inspect.CredsOwn && (e.UID != ids.Effective || e.Effective != sets.Effective || e.CurrentUserNS != ns[nsinfo.UserNS]) {
		t.Errorf("uid %d, effective %v, user namespace %d: want %d, %v, %d", e.UID, e.Effective, e.CurrentUserNS,
			ids.Effective, sets.Effective, ns[nsinfo.UserNS])
	}
	if granting, known := e.GrantingUserNS.Get(); known != (rung == Tracepoint) || known && e.Denied != (granting == 0) {
		t.Errorf("granted by %v, denied %v", e.GrantingUserNS, e.Denied)
	}
	if e.Audit.Known() != (rung != Tracepoint) || e.InSetID.Known() != e.Audit.Known() {
		t.Errorf("audit %v, insetid %v by %s", e.Audit, e.InSetID, rung)
	}
	if inSetID, ok := e.InSetID.Get(); ok && inSetID != slices.Contains([]string{"setuid", "setgroups", "setgid"}, e.Syscall.Name()) {
		t.Errorf("%s: insetid %v", e.Syscall.Name(), inSetID)
	}
	if audit, ok := e.Audit.Get(); ok && audit == e.Probe {
		t.Errorf("%s in %s: audit %v, probe %v", e.Cap, e.Syscall.Name(), audit, e.Probe)
	}
}

// predict asks the rules for the answer that the kernel gave.
func predict(t *testing.T, users *rules.Users, e *inspect.Event, predicted map[string]int) {
	t.Helper()
	task := rules.Task{
		UID:  fact.Some(rules.IDs{Real: e.RealUID, Effective: e.UID, Saved: e.UID, FS: e.UID}),
		Caps: fact.Some(caps.Sets{Effective: e.Effective}),
	}
	task.Namespaces[nsinfo.UserNS] = e.CurrentUserNS
	result := rules.Capable(users, &task, e.Cap, e.TargetUserNS)
	if result.Answer != fact.Is(!e.Denied) {
		t.Errorf("%s over %d in %s by uid %d of %d: the kernel denied it: %v; the rules say %v: %+v", e.Cap, e.TargetUserNS,
			e.Syscall.Name(), e.UID, e.CurrentUserNS, e.Denied, result.Answer, result.Steps)
	}
	predicted[map[bool]string{true: "denied", false: "allowed"}[e.Denied]]++
	switch {
	case result.Steps[0].Rule == "userns-owner":
		predicted["owner"]++
	case e.TargetUserNS != e.CurrentUserNS && e.Denied:
		predicted["above"]++
	}
}

// expected looks for each operation's check.
func expected(t *testing.T, events []inspect.Event, tid int, ix *inspect.Index, p *inspect.Process, calls map[string]uint64, s state) {
	t.Helper()
	ns, _ := p.Namespaces.Get()
	task := ix.Task(p)
	for _, op := range operations("") {
		target := map[string]uint64{
			"own": ns[nsinfo.UserNS], "host": rules.InitialUserNS,
			"mnt": task.Owners[nsinfo.Mount], "net": task.Owners[nsinfo.Net], "uts": task.Owners[nsinfo.UTS],
		}[op.of]
		n := uint64(0)
		for i := range events {
			e := &events[i]
			if e.TID == tid && e.Cap == op.cap && e.Syscall.Name() == op.call && e.TargetUserNS == target && !e.Hidden() {
				n++
			}
		}
		if skipped(op.name, s) {
			continue
		}
		if n < calls[op.name] {
			t.Errorf("%s: %d checks of %s over %d in %s, want %d", op.name, n, op.cap, target, op.call, calls[op.name])
		}
	}
}

// skipped is the operations that take no capability of a process in some states: it owns the file, or may signal.
func skipped(op string, s state) bool {
	switch op {
	case "chown", "chmod", "kill", "dac", "mknod", "nice":
		return true // held to the kernel's own tracing alone: who owns what decides whether it is asked
	case "sethostname", "setns":
		return s.job.Child && s.job.Nest > 0 // it enters its child's UTS namespace in between
	}
	return false
}

func snapshot(t *testing.T) *inspect.Index {
	t.Helper()
	src, err := proc.New(proc.Options{Root: "/proc"})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	s, err := src.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return inspect.NewIndex(s)
}

// onlyChild is the PID of a process's one child.
func onlyChild(t *testing.T, pid int) int {
	t.Helper()
	dirs, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pid, d.Name()))
		if fields := strings.Fields(string(text)); len(fields) == 1 {
			child, _ := strconv.Atoi(fields[0])
			return child
		}
	}
	t.Fatalf("process %d has no one child", pid)
	return 0
}
