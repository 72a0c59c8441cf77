//go:build linux

// Package e2e holds capview against the node itself: what "capview export" says of each process is compared with
// what the kernel says, read here by other code, and with what the tools say that others use for it. It needs
// the lab (demo/lab up) and root.
package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var built = os.Getenv("CAPVIEW") // the capview that is tested: of this tree, unless one is named

func TestMain(m *testing.M) {
	if os.Getenv("CAPVIEW_LAB") == "" || built != "" {
		os.Exit(m.Run())
	}
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "capview-e2e-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	built = filepath.Join(dir, "capview")
	build := exec.Command("go", "build", "-o", built, "capview/cmd/capview")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return 0, fmt.Errorf("building capview: %w", err)
	}
	return m.Run(), nil
}

// needsLab skips where no lab was named, and fails where one was that is not up.
func needsLab(t *testing.T) {
	t.Helper()
	dir := os.Getenv("CAPVIEW_LAB")
	if dir == "" {
		t.Skip("the lab is not up: run demo/lab up, and name its folder (/var/lib/capview-lab) in CAPVIEW_LAB")
	}
	if os.Getuid() != 0 {
		t.Skip("root is needed to read every process")
	}
	if _, err := os.Stat(filepath.Join(dir, "parts")); err != nil {
		t.Fatalf("CAPVIEW_LAB names a lab that is not up: %v", err)
	}
}

// output runs a tool of the node; a tool that is not installed skips the test.
func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed", name)
	}
	cmd := exec.Command(name, args...)
	var failed strings.Builder
	cmd.Stderr = &failed
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %.60q: %v\n%s", name, args, err, failed.String())
	}
	return string(out)
}

// export is what capview says, by PID.
func export(t *testing.T) map[int]process {
	t.Helper()
	snapshot := exportAll(t)
	processes := make(map[int]process, len(snapshot.Processes))
	for _, p := range snapshot.Processes {
		processes[p.PID] = p
	}
	return processes
}

func exportAll(t *testing.T) snapshot {
	t.Helper()
	var s snapshot
	if err := json.Unmarshal([]byte(output(t, built, "export", "-")), &s); err != nil {
		t.Fatalf("capview export -: %v", err)
	}
	if len(s.Processes) == 0 {
		t.Fatal("capview export - lists no process")
	}
	return s
}

// The snapshot's keys, written down here once more: the test reads what a reader of the file would.
type snapshot struct {
	Processes  []process
	Containers []container
}

type container struct {
	Key, Kind, ID, Runtime string
	UserNamespace          *uint64 `json:"user_namespace"`
}

type process struct {
	PID          int
	StartTime    uint64 `json:"start_time"`
	PPID         int
	Comm         string
	KernelThread bool `json:"kernel_thread"`
	Cmdline      *[]string
	Exe          *string
	UID, GID     *ids
	Groups       *[]uint32
	Namespaces   map[string]*uint64
	FileCaps     *struct {
		Revision int
		Text     string
		RootID   uint32
	} `json:"file_caps"`
	Container   string
	ThreadCount int `json:"thread_count"`
	Threads     []struct {
		TID int
		UID *ids
		credentials
	}
	credentials
}

type ids struct{ Real, Effective, Saved, FS uint32 }

type credentials struct {
	Caps       *struct{ Inheritable, Permitted, Effective, Bounding, Ambient string }
	NoNewPrivs *bool `json:"no_new_privs"`
	Seccomp    *struct {
		Mode    string
		Filters *int
	}
}

// pids lists the processes that /proc shows now.
func pids(t *testing.T) []int {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	var found []int
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			found = append(found, pid)
		}
	}
	slices.Sort(found)
	return found
}
