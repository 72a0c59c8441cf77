//go:build linux

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// named is what names a container, and how many gaps there are about it.
type named struct {
	Key, Runtime, Name, Image, Pod string
	Gaps                           int
}

// TestNamesOutliveDaemons wants every name as it was while the daemons hang, and after they were killed. It is the last
// of this package's tests, by the name of its file: no daemon is there for another, and "demo/lab down" has to end all
// the same what they left behind.
func TestNamesOutliveDaemons(t *testing.T) {
	needsLab(t)
	daemons := map[string]int{"dockerd": 0, "containerd": 0}
	for name := range daemons {
		daemons[name] = labProcess(t, name)
	}
	before := names(t)
	if len(before) == 0 {
		t.Fatal("no container has a name")
	}
	for name, pid := range daemons {
		signal(t, pid, syscall.SIGSTOP)
		defer syscall.Kill(pid, syscall.SIGCONT)
		state(t, name, pid, "T")
	}
	same(t, "hung daemons", before)
	unasked(t)
	for _, pid := range daemons {
		signal(t, pid, syscall.SIGCONT)
	}
	for name, pid := range daemons {
		signal(t, pid, syscall.SIGKILL)
		state(t, name, pid, "Z", "")
		same(t, "no "+name, before)
	}
	monitors := killMonitors(t)
	same(t, "no conmon", before)
	t.Logf("%d containers have their names, images, pods and keys while %d daemons hang, and after they and %d monitors were killed", len(before), len(daemons), monitors)
}

// killMonitors kills conmon of each of podman's containers, root's and the user's, and tells how many there were.
func killMonitors(t *testing.T) (killed int) {
	t.Helper()
	for _, rootless := range []bool{false, true} {
		for _, id := range strings.Fields(podman(t, rootless, "ps", "-q", "--no-trunc")) {
			pid, err := strconv.Atoi(strings.TrimSpace(podman(t, rootless, "inspect", "-f", "{{.State.ConmonPid}}", id)))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { state(t, "conmon", pid, "Z", "") }()
			signal(t, pid, syscall.SIGKILL)
			killed++
		}
	}
	return killed
}

// names are those of every container, by key. The first scan has to have them all: nothing is waited for.
func names(t *testing.T) map[string]named {
	t.Helper()
	var s struct {
		Containers []contained
		Gaps       []struct{ Subject, Why string }
	}
	if err := json.Unmarshal([]byte(output(t, built, "export", "-")), &s); err != nil {
		t.Fatal(err)
	}
	all := map[string]named{}
	for _, c := range s.Containers {
		if c.Kind != "container" && c.Kind != "sandbox" {
			continue
		}
		n := named{Key: c.Key, Runtime: c.Runtime, Name: quoted(c.Name), Image: quoted(c.Image)}
		if c.Pod != nil {
			n.Pod = c.Pod.Namespace + "/" + c.Pod.Name + "/" + c.Pod.UID
		}
		for _, g := range s.Gaps {
			if g.Subject == "container "+c.Key {
				n.Gaps++
			}
		}
		all[c.Key] = n
	}
	return all
}

func same(t *testing.T, when string, before map[string]named) {
	t.Helper()
	now := names(t)
	for key, n := range before {
		if ours, ok := now[key]; !ok || ours != n {
			t.Errorf("%s: %+v was %+v", when, ours, n)
		}
	}
}

// unasked wants a scan to ask no daemon: what hangs then cannot hold it up. The C library may look for one of its own.
func unasked(t *testing.T) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "connects")
	output(t, "strace", "-f", "--seccomp-bpf", "-e", "trace=connect", "-o", file, built, "list", "-o", "csv")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(text) == 0 {
		t.Error("nothing was traced")
	}
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "connect(") && (strings.Contains(line, lab()) || strings.Contains(line, "docker") || strings.Contains(line, "containerd")) {
			t.Errorf("a scan asks a daemon: %s", line)
		}
	}
}

// labProcess is the PID of one of those that the lab started.
func labProcess(t *testing.T, name string) int {
	t.Helper()
	text, err := os.ReadFile(lab("pids", name))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.Fields(string(text))[0])
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm"); err != nil || strings.TrimSpace(string(text)) != name {
		t.Fatalf("process %d is %q, not %s: %v", pid, text, name, err)
	}
	return pid
}

func signal(t *testing.T, pid int, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, s); err != nil {
		t.Fatalf("signal %v to %d: %v", s, pid, err)
	}
}

// state waits until the process is in one of those states; "" is that it is gone.
func state(t *testing.T, name string, pid int, states ...string) {
	t.Helper()
	now := ""
	for until := time.Now().Add(20 * time.Second); time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
		text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		now = ""
		if _, rest, ok := strings.Cut(string(text), ") "); ok && err == nil {
			now = rest[:1]
		}
		if slices.Contains(states, now) {
			return
		}
	}
	t.Fatalf("%s (%d) is in state %q, not in one of %q", name, pid, now, states)
}
