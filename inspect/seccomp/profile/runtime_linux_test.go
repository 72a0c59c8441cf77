package profile

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"capview/inspect/caps"
	"capview/inspect/seccomp"
)

// sleepInContainer has the test's binary be a container's process that does nothing.
const sleepInContainer = "CAPVIEW_SLEEP_IN_CONTAINER"

func TestMain(m *testing.M) {
	if os.Getenv(sleepInContainer) != "" {
		time.Sleep(time.Minute)
		return
	}
	os.Exit(m.Run())
}

// runtimeFilter has a real runtime start a container with a profile, and reads the filter that it attached.
func runtimeFilter(t *testing.T, name string, oci *OCI) seccomp.Program {
	t.Helper()
	runtime, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("the oracle takes the package %s: %v", name, err)
	}
	bundle := t.TempDir()
	if err := os.MkdirAll(filepath.Join(bundle, "rootfs", "dev"), 0o755); err != nil {
		t.Fatal(err)
	}
	writeBundle(t, bundle, oci)
	id := "capview-" + strconv.Itoa(os.Getpid()) + "-" + filepath.Base(filepath.Dir(bundle)) + filepath.Base(bundle)
	root, pidFile := filepath.Join(bundle, "root"), filepath.Join(bundle, "pid")
	output, err := os.Create(filepath.Join(bundle, "output"))
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close()
	run := func(args ...string) *exec.Cmd {
		args = append([]string{runtime, "--root", root}, args...)
		if name == "crun" { // it takes no hybrid hierarchy of control groups: it is shown version 2's alone
			const alone = `umount -l /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"`
			args = append([]string{"unshare", "--mount", "sh", "-c", alone, "sh"}, args...)
		}
		return exec.Command(args[0], args[1:]...)
	}
	start := run("run", "--detach", "--pid-file", pidFile, "--bundle", bundle, id)
	start.Stdout, start.Stderr = output, output // a file: the container keeps it open
	if err := start.Run(); err != nil {
		text, _ := os.ReadFile(output.Name())
		t.Fatalf("%s: %v: %s", name, err, text)
	}
	defer func() {
		if out, err := run("delete", "--force", id).CombinedOutput(); err != nil {
			t.Errorf("%s delete: %v: %s", name, err, out)
		}
	}()
	text, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	awaitFilter(t, pid)
	filter, err := attachedFilter(pid)
	if err != nil {
		t.Fatal(err)
	}
	return filter
}

// awaitFilter waits until a process has a filter and is the container's own: crun returns before. While it is the runtime's,
// another of its threads than the leader may execute the program, and who traces the leader then waits for what is no more.
func awaitFilter(t *testing.T, pid int) {
	t.Helper()
	for until := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		switch {
		case err != nil:
			t.Fatal(err)
		case strings.HasPrefix(string(status), "Name:\tsleeper\n") && strings.Contains(string(status), "\nSeccomp:\t2\n"):
			return
		case time.Now().After(until):
			t.Fatalf("process %d got no filter in 30 s", pid)
		}
	}
}

func writeBundle(t *testing.T, bundle string, oci *OCI) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	type object = map[string]any
	text, err := json.Marshal(object{
		"ociVersion": "1.0.2",
		"process": object{
			"args": []string{"/sleeper"}, "cwd": "/", "env": []string{sleepInContainer + "=1"},
			"user": object{"uid": 0, "gid": 0}, "noNewPrivileges": true,
		},
		"root":   object{"path": "rootfs"},
		"mounts": []object{{"destination": "/proc", "type": "proc", "source": "proc"}, {"destination": "/sleeper", "type": "bind", "source": self, "options": []string{"bind", "ro"}}},
		"linux":  object{"namespaces": []object{{"type": "mount"}, {"type": "pid"}}, "seccomp": oci},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bundle, "config.json"), text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// attachedFilter reads a process's only filter (ptrace(2), PTRACE_SECCOMP_GET_FILTER).
func attachedFilter(pid int) (seccomp.Program, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.PtraceSeize(pid); err != nil {
		return nil, fmt.Errorf("PTRACE_SEIZE takes CAP_SYS_PTRACE: %w", err)
	}
	if err := unix.PtraceInterrupt(pid); err != nil {
		return nil, err
	}
	if _, err := unix.Wait4(pid, nil, unix.WALL, nil); err != nil {
		return nil, err
	}
	defer unix.PtraceDetach(pid)
	get := func(index int, into unsafe.Pointer) (int, error) {
		n, _, e := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_SECCOMP_GET_FILTER, uintptr(pid), uintptr(index), uintptr(into), 0, 0)
		if e != 0 {
			return 0, fmt.Errorf("PTRACE_SECCOMP_GET_FILTER takes CAP_SYS_ADMIN, no filter of one's own and CONFIG_CHECKPOINT_RESTORE: %w", e)
		}
		return int(n), nil
	}
	length, err := get(0, nil)
	if err != nil {
		return nil, err
	}
	raw := make([]byte, 8*length)
	if _, err := get(0, unsafe.Pointer(&raw[0])); err != nil {
		return nil, err
	}
	if _, err := get(1, nil); !errors.Is(err, unix.ENOENT) {
		return nil, fmt.Errorf("more than one filter: %v", err)
	}
	return seccomp.Decode(raw)
}

// The model is the filter that each runtime attaches, runc's with its stub; it bears the engine's name; and the runtime
// takes what is exported of it, and makes a filter of that which decides alike.
func TestRuntimeOracle(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("starting containers takes root")
	}
	library := newOracle(t).generation(t)
	namer := NewNamer(seccomp.X86_64)
	compared := 0
	for i, d := range Defaults() {
		if d.Versions != NewestDefault(d.Engine).Versions && !slices.Contains([]string{"20.10.24", "1.6.20", "0.50"}, d.Versions) {
			continue // the newest of each, and Debian 12's
		}
		for _, crun := range d.runtimes() {
			s := scene{d, []caps.Set{dockerCaps, caps.Full(caps.Last)}[i%2], Runtime{crun, library}}
			compared += s.check(t, namer)
		}
	}
	t.Logf("%d decisions of runtimes' filters compared with the model's", compared)
}

// scene is an engine's default profile with a set of capabilities, given to a runtime.
type scene struct {
	Default
	caps caps.Set
	by   Runtime
}

func (s scene) check(t *testing.T, namer *Namer) (compared int) {
	name := "runc"
	if s.by.Crun {
		name = "crun"
	}
	what := fmt.Sprintf("%s %s with %s by %s", s.Engine, s.Versions, s.caps.Hex(), name)
	oci, err := s.Profile.Resolve(Context{Caps: s.caps})
	if err != nil {
		t.Fatal(err)
	}
	real := runtimeFilter(t, name, oci)
	model, err := oci.Filter(seccomp.X86_64, s.by)
	if err != nil {
		t.Fatal(err)
	}
	compared, unknown := compareFilter(model, real, func(s string) { t.Errorf("%s: %s", what, s) })
	if unknown > 0 {
		t.Errorf("%s: %d decisions unknown", what, unknown)
	}
	stack := seccomp.Stack{real}
	naming := namer.Name(stack, Subject{Context: Context{Caps: s.caps}, Engine: s.Engine})
	if naming.String() != s.Engine {
		t.Errorf("%s is named %s", what, naming)
	}
	export := FromPolicy(stack, seccomp.X86_64)
	for _, note := range export.Notes {
		t.Errorf("%s, exported: %s", what, note)
	}
	again := seccomp.Stack{runtimeFilter(t, name, export.Profile)}
	for _, arch := range Family(seccomp.X86_64) {
		for _, diff := range Compare(stack, again, arch) {
			t.Errorf("%s, exported: %s %s was %v, is %v", what, arch, diff.Name, diff.OurAnswer, diff.TheirAnswer)
		}
	}
	t.Logf("%s: %d instructions, exported %d; named %s of %s by libseccomp %s", what, len(real), len(again[0]), naming, naming.Versions, naming.Runtime.Library)
	return compared
}
