package inspect_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"capview/inspect"
	"capview/inspect/proc"
)

// TestContainHere makes real cgroups and namespaces and asks where their processes belong.
func TestContainHere(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("making cgroups and PID namespaces needs root")
	}
	const id = "c0ffee0000000000000000000000000000000000000000000000000000c0ffee"
	root := cgroupRoot(t)
	pid := map[string]int{
		"docker":  sleeper(t, 0),
		"inner":   sleeper(t, 0),
		"session": sleeper(t, syscall.CLONE_NEWUSER),
		"service": sleeper(t, syscall.CLONE_NEWUSER),
		"runc":    sleeper(t, syscall.CLONE_NEWPID),
		"userns":  sleeper(t, syscall.CLONE_NEWUSER),
		"plain":   sleeper(t, 0),
	}
	for name, path := range map[string]string{
		"docker": "docker/" + id, "inner": "docker/" + id + "/docker/" + strings.Repeat("ab", 32), "runc": "capview-test-web",
		"session": "user.slice/user-4242.slice/session-77.scope", "service": "system.slice/capview-test.service",
		"plain": "capview-test/0123456789abcdef0123456789abcdef",
	} {
		join(t, root, path, pid[name])
	}
	source, err := proc.New(proc.Options{Root: "/proc"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := source.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	ix := inspect.NewIndex(s)
	for name, want := range map[string]string{
		"docker": "docker/" + id, "inner": "docker/" + id, "service": "unit/capview-test.service",
		"session": "userns/" + inode(t, pid["session"], "user"), "userns": "userns/" + inode(t, pid["userns"], "user"),
		"runc": "pidns/" + inode(t, pid["runc"], "pid"),
	} {
		if p := ix.Process(pid[name]); p == nil || p.Container != want {
			t.Errorf("%s: %+v, want %s", name, p, want)
		} else if ix.Container(want) == nil {
			t.Errorf("%s: no such group", want)
		}
	}
	if p := ix.Process(pid["plain"]); p == nil || ix.Container(p.Container) == nil || ix.Container(p.Container).Runtime != "" {
		t.Errorf("a cgroup of any name is taken for a container's: %+v", p)
	}
	if p := ix.Process(pid["inner"]); p != nil && p.Nested != "docker/"+id+"/docker/"+strings.Repeat("ab", 32) {
		t.Errorf("inner: nested %q", p.Nested)
	}
	if c := ix.Container("pidns/" + inode(t, pid["runc"], "pid")); c != nil && ix.Label(c) != "capview-test-web" {
		t.Errorf("a runc container's label is %q", ix.Label(c))
	}
}

// cgroupRoot is a hierarchy that cgroups can be made in and processes moved to.
func cgroupRoot(t *testing.T) string {
	var why error
	for _, dir := range []string{"/sys/fs/cgroup/memory", "/sys/fs/cgroup"} {
		probe := filepath.Join(dir, "capview-probe")
		if why = os.Mkdir(probe, 0o755); why == nil {
			os.Remove(probe)
			return dir
		}
	}
	t.Skip("no cgroup hierarchy can be written: ", why)
	return ""
}

// join makes a cgroup and moves pid there; both end with the test.
func join(t *testing.T, root, path string, pid int) {
	var made []string
	for dir := filepath.Join(root, path); dir != root; dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil {
			break
		}
		made = append(made, dir)
	}
	if err := os.MkdirAll(filepath.Join(root, path), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, dir := range made {
			os.Remove(dir) // one shared with another of the test's cgroups goes with the last
		}
	})
	if err := os.WriteFile(filepath.Join(root, path, "cgroup.procs"), fmt.Append(nil, pid), 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.WriteFile(filepath.Join(root, "cgroup.procs"), fmt.Append(nil, pid), 0) })
}

// sleeper starts a process in new namespaces.
func sleeper(t *testing.T, flags uintptr) int {
	c := exec.Command("sleep", "600")
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags}
	if err := c.Start(); err != nil {
		t.Skipf("clone with flags %#x: %v", flags, err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	return c.Process.Pid
}

func inode(t *testing.T, pid int, ns string) string {
	link, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", pid, ns))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(strings.TrimPrefix(link, ns+":["), "]")
}
