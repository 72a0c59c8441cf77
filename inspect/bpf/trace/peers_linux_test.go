package trace

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"capview/inspect"
	"capview/inspect/caps"
)

// under makes a workload run under a tool: args, then the workload's program.
func under(t *testing.T, change func(*exec.Cmd), args ...string) func(*exec.Cmd) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tool, err := exec.LookPath(args[0])
	if err != nil {
		t.Skipf("needs %s, of the package of that name; the kernel's own tracing (TestEveryCheck) is compared with anyway", args[0])
	}
	return func(cmd *exec.Cmd) {
		cmd.Path, cmd.Args = tool, append(args, self)
		if change != nil {
			change(cmd)
		}
	}
}

// underneath traces the one child of a tool while that does its work.
func underneath(t *testing.T, w *worker) (events []inspect.Event, calls map[string]uint64) {
	t.Helper()
	pid := onlyChild(t, w.cmd.Process.Pid)
	target := Target{Processes: []inspect.ProcessID{{PID: pid, StartTime: startTime(t, pid)}}}
	r := run(t, Options{Targets: []Target{target}, Events: true, Hidden: true})
	w.begin()
	calls = w.result().Calls
	r.stop()
	w.end()
	if lost := r.counts.Lost(); lost.Any() {
		t.Errorf("lost %+v", lost)
	}
	return r.events, calls
}

var failedCall = regexp.MustCompile(`^\d+ +(?:<\.\.\. )?(\w+)(?:\(| resumed).*= -1 (?:EPERM|EACCES) `)

// Where a check was denied strace sees the call fail with EPERM or EACCES, as often; where it was allowed, never.
func TestStrace(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root (CAP_BPF, CAP_PERFMON)")
	}
	calls := map[string]bool{}
	for _, op := range operations("") {
		calls[op.call] = true
	}
	var names []string
	for name := range calls {
		names = append(names, name)
	}
	denials, allowed := 0, 0
	for _, s := range []state{
		{"root", job{}, nil},
		{"root without capabilities", job{Drop: ^caps.Set(0)}, nil},
		{"user namespace", job{}, func(cmd *exec.Cmd) {
			inUserNS(unix.CLONE_NEWUTS)(cmd)
			cmd.SysProcAttr.GidMappingsEnableSetgroups = true // else setgroups fails though the capability is there
		}},
	} {
		t.Run(s.name, func(t *testing.T) {
			s.job.Do, s.job.Times, s.job.Dir = "list", 10, workDir(t)
			out := filepath.Join(t.TempDir(), "strace")
			w := launch(t, s.job, under(t, s.change, "strace", "-f", "-o", out, "-e", "trace="+strings.Join(names, ",")))
			events, _ := underneath(t, w)
			text, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			failed := map[string]int{}
			for line := range strings.Lines(string(text)) {
				if m := failedCall.FindStringSubmatch(line); m != nil {
					failed[m[1]]++
				}
			}
			denied := map[string]int{}
			for _, e := range events {
				switch {
				case e.Hidden() || !asked(&e) || e.Syscall.Name() == "setuid": // one that becomes what it is already may, whatever the answer
				case e.Denied:
					denied[e.Syscall.Name()]++
				default:
					allowed++
				}
			}
			for name := range calls {
				denials += denied[name]
				if denied[name] != failed[name] {
					t.Errorf("%s: %d denied, strace sees %d fail", name, denied[name], failed[name])
				}
			}
		})
	}
	t.Logf("%d denials, in each of which strace sees the call fail; %d allowed, in none of which it does", denials, allowed)
	if denials < 100 || allowed < 100 {
		t.Error("too few")
	}
}

// asked tells of a check that decides one of the operations.
func asked(e *inspect.Event) bool {
	for _, op := range operations("") {
		if op.cap == e.Cap && op.call == e.Syscall.Name() {
			return true
		}
	}
	return false
}

var counted = regexp.MustCompile(`@\[(-?\d+), (-?\d+)\]: (\d+)`)

// bpftrace counts as many checks by the kernel's tracepoint, of each capability and answer.
func TestBpftrace(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root (CAP_BPF, CAP_PERFMON)")
	}
	if k := newKernelTrace(t, fmt.Sprintf("capviewhas%d", os.Getpid())); !k.has("capability/cap_capable") {
		t.Skip("the kernel has no tracepoint capability:cap_capable (Linux 6.14): its own tracing, by probes, is compared with (TestEveryCheck)")
	}
	if _, err := exec.LookPath("bpftrace"); err != nil {
		t.Skip("needs bpftrace, of the package of that name; the kernel's own tracing (TestEveryCheck) is compared with anyway")
	}
	out := filepath.Join(t.TempDir(), "bpftrace")
	const program = "tracepoint:capability:cap_capable /pid == cpid/ { @[args->cap, args->ret] = count(); }"
	const mounted = `[ -e /sys/kernel/tracing/events ] || mount -t tracefs tracefs /sys/kernel/tracing; exec bpftrace -o "$0" -e "$1" -c "$2" 2>"$0.said"`
	compared := uint64(0)
	for _, drop := range []caps.Set{0, caps.Of(caps.SysNice, caps.Chown, caps.NetRaw, caps.SetPCap)} {
		w := launch(t, job{Do: "list", Times: 100, Dir: workDir(t), Drop: drop}, under(t, nil, "unshare", "--mount", "sh", "-c", mounted, out, program))
		events, _ := underneath(t, w)
		text, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		ours, theirs := map[answer]uint64{}, map[answer]uint64{}
		for _, e := range events {
			ours[answer{e.Cap, e.Denied}]++
		}
		for _, m := range counted.FindAllStringSubmatch(string(text), -1) {
			c, _ := strconv.Atoi(m[1])
			n, _ := strconv.ParseUint(m[3], 10, 64)
			theirs[answer{caps.Cap(c), m[2] != "0"}] += n
		}
		if drop != 0 { // which capset asks for, before it is traced
			ours[answer{caps.SetPCap, false}]++
		}
		if len(theirs) == 0 {
			said, _ := os.ReadFile(out + ".said")
			t.Fatalf("bpftrace counted nothing: %s", said)
		}
		for _, op := range operations("") {
			// Of memory the kernel asks for CAP_SYS_ADMIN from the program's start on, before it is traced.
			for _, a := range []answer{{op.cap, false}, {op.cap, true}} {
				if op.cap == caps.SysAdmin {
					continue
				}
				if ours[a] != theirs[a] {
					t.Errorf("%s, denied %v: bpftrace counts %d, capview tells of %d", a.cap, a.denied, theirs[a], ours[a])
				}
				compared += ours[a]
				ours[a], theirs[a] = 0, 0
			}
		}
	}
	t.Logf("%d checks, as many as bpftrace counts", compared)
	if compared < 2000 {
		t.Error("too few")
	}
}
