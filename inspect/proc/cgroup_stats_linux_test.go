package proc

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"

	"capview/inspect"
)

func TestParseCgroupStats(t *testing.T) {
	for _, c := range []struct {
		parse func([]byte) (uint64, bool)
		text  string
		want  uint64
		ok    bool
	}{
		{parseNumber, "4096\n", 4096, true}, {parseNumber, "0", 0, true}, {parseNumber, "max\n", 0, false}, {parseNumber, "", 0, false}, {parseNumber, "-1\n", 0, false},
		{parseNanoseconds, "1999\n", 1, true}, {parseNanoseconds, "x", 0, false},
		{parseCPUStat, "usage_usec 71\nuser_usec 70\n", 71, true}, {parseCPUStat, "user_usec 70\nusage_usec 72", 72, true}, {parseCPUStat, "user_usec 70\n", 0, false},
		{parseCPUStat, "usage_usec x\n", 0, false},
	} {
		if got, ok := c.parse([]byte(c.text)); got != c.want || ok != c.ok {
			t.Errorf("%q: %d, %v", c.text, got, ok)
		}
	}
}

func FuzzParseCPUStat(f *testing.F) {
	f.Add([]byte("usage_usec 71\nuser_usec 70\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if n, ok := parseCPUStat(b); ok && !strings.Contains(string(b), "usage_usec ") {
			t.Errorf("%d from %q", n, b)
		}
	})
}

func TestUnder(t *testing.T) {
	for _, c := range []struct{ root, group, want string }{
		{"/", "/docker/x", "./docker/x"}, {"/docker", "/docker/x", "./x"}, {"/docker", "/docker", "."}, {"/docker", "/dockerx/y", ""},
		{"/", "/a/../b", ""}, {"/", "/../b", ""}, {"/x", "/", ""}, {"/", "/", "./"},
	} {
		if got, ok := under(c.root, c.group); got != c.want || ok != (c.want != "") {
			t.Errorf("%s below %s: %q, %v", c.group, c.root, got, ok)
		}
	}
}

func TestRate(t *testing.T) {
	at := time.Unix(100, 0)
	unknown := inspect.Opt[uint64]{}
	for _, c := range []struct {
		was, is reading
		want    inspect.Opt[uint64]
	}{
		{reading{}, reading{5, at}, unknown}, {reading{5, at}, reading{5, at}, unknown}, {reading{9, at}, reading{5, at.Add(time.Second)}, unknown},
		{reading{0, at}, reading{3e6, at.Add(2 * time.Second)}, inspect.Some(uint64(1.5e6))}, {reading{7, at}, reading{7, at.Add(time.Second)}, inspect.Some(uint64(0))},
	} {
		if got := rate(c.was, c.is); got != c.want {
			t.Errorf("%v to %v: %v", c.was, c.is, got)
		}
	}
}

// A cgroup that others are in too, or that is all of the node, says nothing of a container.
func TestOwnCgroups(t *testing.T) {
	in := func(key, path string) *inspect.Process {
		return &inspect.Process{Container: key, Cgroup: inspect.Some(path)}
	}
	id := strings.Repeat("a", 64)
	s := inspect.Snapshot{
		Containers: []inspect.Container{{Key: "docker", Cgroup: "/docker/" + id}, {Key: "bwrap", Cgroup: "/session"}, {Key: "runc", Cgroup: "/web"},
			{Key: "rootless", Cgroup: "/"}, {Key: "private", Cgroup: "/../x"}},
		Processes: []*inspect.Process{in("docker", "/docker/"+id+"/below"), in("bwrap", "/session"), in("host", "/session"), in("runc", "/web"),
			in("rootless", "/"), in("private", "/../x")},
	}
	got := ownCgroups(&s)
	for key, want := range map[string]bool{"docker": true, "bwrap": false, "runc": true, "rootless": false, "private": false} {
		if got[key] != want {
			t.Errorf("%s: %v", key, got[key])
		}
	}
}

// TestMeasure runs a process that works in a control group of its own, and compares with the files.
func TestMeasure(t *testing.T) {
	c, err := NewCgroups("/proc")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	name := "capview-test-" + strconv.Itoa(os.Getpid())
	dirs := testCgroups(t, name)
	child := exec.Command("/bin/sh", "-c", "while :; do :; done")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { child.Process.Kill(); child.Wait() })
	for _, dir := range dirs {
		if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(child.Process.Pid)), 0); err != nil {
			t.Fatal(err)
		}
	}
	scan := func() inspect.Container {
		s := inspect.Snapshot{Containers: []inspect.Container{{Key: "k", Kind: inspect.KindContainer, Cgroup: "/" + name}, {Key: "gone", Kind: inspect.KindContainer, Cgroup: "/no-such"}, {Key: "u", Kind: inspect.KindUnit}},
			Processes: []*inspect.Process{{PID: 1, Container: "k", Cgroup: inspect.Some("/" + name)}, {PID: 2, Container: "gone", Cgroup: inspect.Some("/no-such")}}}
		c.Measure(&s)
		if len(s.Gaps) < 2 || s.Gaps[len(s.Gaps)-1].Subject == "containers" && len(s.Gaps) < 3 {
			t.Errorf("gaps are %v", s.Gaps)
		}
		return s.Containers[0]
	}
	if u := scan().Usage; u.CPURate.Known() || !u.Memory.Known() || !u.CPU.Known() {
		t.Errorf("the first scan tells %+v", u)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		u := scan().Usage
		if u.CPURate.Or(0) > 1000 && u.CPU.Or(0) > 0 && u.Memory.Known() {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("a busy loop uses %+v", u)
		}
	}
}

// testCgroups makes a control group of that name in the hierarchies that count.
func testCgroups(t *testing.T, name string) (dirs []string) {
	t.Helper()
	fs, err := procfs.NewFS("/proc")
	if err != nil {
		t.Fatal(err)
	}
	mounts, err := fs.GetMounts()
	if err != nil {
		t.Fatal(err)
	}
	v1 := false
	for _, m := range mounts {
		_, memory := m.SuperOptions["memory"]
		_, cpu := m.SuperOptions["cpuacct"]
		if m.FSType == "cgroup" && (memory || cpu) {
			dirs, v1 = append(dirs, filepath.Join(m.MountPoint, name)), true
		} else if m.FSType == "cgroup2" && !v1 {
			dirs = append(dirs, filepath.Join(m.MountPoint, name))
		}
	}
	if len(dirs) == 0 {
		t.Skip("no cgroup hierarchy is mounted")
	}
	for _, dir := range dirs {
		err := os.Mkdir(dir, 0o755)
		if errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) || errors.Is(err, unix.EROFS) {
			t.Skip("may not make a control group: needs root and a writable cgroup mount")
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			for deadline := time.Now().Add(10 * time.Second); os.Remove(dir) != nil && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
			}
		})
	}
	return dirs
}
