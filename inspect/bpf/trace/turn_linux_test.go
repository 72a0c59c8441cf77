package trace

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"capview/inspect/caps"
)

// moves is how many control groups a process is in, one after the other, and movedChecks how many checks it makes in each.
const (
	moves       = 100
	movedChecks = 50
)

// moveOn makes control groups in dir and goes from one to the next, which it removes behind it, so that the kernel's memory
// for them is used again. It counts its checks by the group's id.
func moveOn(dir string, d *done) error {
	home, before := filepath.Join(dir, "cgroup.procs"), ""
	leave := func(to string) error {
		if err := os.WriteFile(to, []byte(strconv.Itoa(os.Getpid())), 0); err != nil || before == "" {
			return err
		}
		return os.Remove(before)
	}
	for i := range moves {
		group := filepath.Join(dir, strconv.Itoa(i))
		if err := os.Mkdir(group, 0o755); err != nil {
			return err
		}
		if err := leave(filepath.Join(group, "cgroup.procs")); err != nil {
			return err
		}
		before = group
		var st unix.Stat_t
		if err := unix.Stat(group, &st); err != nil {
			return err
		}
		checks(movedChecks)
		d.Calls[strconv.FormatUint(st.Ino, 10)] = movedChecks
	}
	return leave(home)
}

// newGroup makes a control group in the hierarchy that is looked at, for as long as the test lasts.
func newGroup(t *testing.T, name string) (dir string, id uint64) {
	t.Helper()
	h := HierarchyOf("/proc")
	dir = filepath.Join(h.Mount, fmt.Sprintf("capview-%s-%d", name, os.Getpid()))
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(dir) })
	id, err := h.ID(filepath.Base(dir))
	if err != nil {
		t.Fatal(err)
	}
	return dir, id
}

// Each check is counted for the control group that its process was in then, also where that moves between any two of them
// and goes on.
func TestMoved(t *testing.T) {
	eachRung(t, func(t *testing.T, rung Rung) {
		dir, id := newGroup(t, "moved")
		for name, o := range map[string]Options{
			"everyone": {Rung: rung},
			"a group":  {Rung: rung, Targets: []Target{{Cgroups: []uint64{id}}}},
		} {
			w := launch(t, job{Do: "move", Dir: dir}, nil)
			r := run(t, o)
			w.begin()
			made := w.result().Calls
			r.stop()
			counted := map[string]uint64{}
			for _, c := range r.counts.Checks() {
				if c.PID == w.cmd.Process.Pid && c.Cap == caps.SetPCap {
					counted[strconv.FormatUint(c.Cgroup, 10)] += c.Count
				}
			}
			w.end()
			if len(made) != moves {
				t.Errorf("%s: in %d groups, want %d", name, len(made), moves)
			}
			for group, n := range made {
				if counted[group] != n {
					t.Errorf("%s: %d checks were made in group %s, %d were counted", name, n, group, counted[group])
				}
			}
			if lost := r.counts.Lost(); lost.Any() {
				t.Errorf("%s: lost %+v", name, lost)
			}
			if !t.Failed() {
				t.Logf("%s, %s: %d checks in %d groups, all counted", rung, name, moves*movedChecks, moves)
			}
		}
	})
}
