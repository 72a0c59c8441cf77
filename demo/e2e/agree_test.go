//go:build linux

package e2e

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestAgreesWithKernel compares every fact of every process with the kernel's own files, read before and after: a fact
// counts as changed where those two differ, a process as ended where one of them lacks it. What was otherwise for a
// moment between them (a thread that came and went) differs once; what capview gets wrong differs each time.
func TestAgreesWithKernel(t *testing.T) {
	needsLab(t)
	startOdd(t, "line")
	first := compareAll(t)
	wrong := maps.Clone(first.differing)
	for range 2 {
		if len(wrong) > 0 {
			again := compareAll(t)
			maps.DeleteFunc(wrong, func(of fact, _ string) bool { return again.differing[of] == "" })
		}
	}
	for of, how := range wrong {
		t.Errorf("process %d: %s %s", of.pid, of.name, how)
	}
	if first.processes == 0 {
		t.Fatal("no process could be compared")
	}
	t.Logf("compared %d facts of %d processes with /proc; %d changed meanwhile, %d more for a moment, %d processes lived for less than the test",
		first.facts, first.processes, first.changed, len(first.differing)-len(wrong), first.ended)
}

// fact names one fact of one process.
type fact struct {
	pid  int
	name string
}

// comparison is what a snapshot was found to be, held against the kernel.
type comparison struct {
	processes, facts, changed, ended int
	differing                        map[fact]string
}

func compareAll(t *testing.T) comparison {
	t.Helper()
	before := kernelNow(t)
	exported := export(t)
	after := kernelNow(t)
	c := comparison{differing: map[fact]string{}}
	for pid, p := range exported {
		said := p.facts()
		said["comm"] = lasting(said["comm"])
		reads := lifetimes(said, before[pid], after[pid])
		if len(reads) < 2 {
			c.ended++
			continue
		}
		c.processes++
		for name, want := range reads[0] {
			c.facts++
			switch {
			case want != reads[1][name]:
				c.changed++
			case want != said[name]:
				c.differing[fact{pid, name}] = fmt.Sprintf("(%q) is %.80q, the kernel says %.80q", p.Comm, said[name], want)
			}
		}
	}
	missing(t, exported, before, after)
	return c
}

// startOdd runs one of the lab's odd processes for the test's length.
func startOdd(t *testing.T, what string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(os.Getenv("CAPVIEW_LAB"), "bin/odd"), what)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("odd %s: %q: %v", what, line, err)
	}
}

func kernelNow(t *testing.T) map[int]facts {
	t.Helper()
	all := map[int]facts{}
	for _, pid := range pids(t) {
		if f, ok := kernelFacts(pid); ok {
			f["comm"] = lasting(f["comm"])
			all[pid] = f
		}
	}
	return all
}

// lasting is a comm without what the kernel puts after a kworker's at each read: the work it is at that moment
// (wq_worker_comm).
func lasting(comm string) string {
	if strings.HasPrefix(comm, "kworker/") {
		return comm[:strings.IndexAny(comm+"-", "-+")]
	}
	return comm
}

// lifetimes are the reads of the same process: a PID can be used again.
func lifetimes(said facts, reads ...facts) []facts {
	var same []facts
	for _, f := range reads {
		if f != nil && f["start_time"] == said["start_time"] {
			same = append(same, f)
		}
	}
	return same
}

// missing fails for each process that was there all the time and is not in the snapshot.
func missing(t *testing.T, exported map[int]process, before, after map[int]facts) {
	t.Helper()
	for pid, f := range before {
		p, ok := exported[pid]
		lived := after[pid] != nil && after[pid]["start_time"] == f["start_time"]
		if lived && (!ok || strconv.FormatUint(p.StartTime, 10) != f["start_time"]) {
			t.Errorf("process %d (%q) is not in the snapshot", pid, f["comm"])
		}
	}
}

// TestAgreesOnThreads compares the threads that differ from their leader, and that no other is named.
func TestAgreesOnThreads(t *testing.T) {
	needsLab(t)
	exported := export(t)
	threads, differing := 0, 0
	for pid, p := range exported {
		leader, ok := kernelFacts(pid)
		if !ok || leader["start_time"] != strconv.FormatUint(p.StartTime, 10) {
			continue
		}
		said := map[int]facts{}
		for _, thread := range p.Threads {
			said[thread.TID] = thread.facts()
			said[thread.TID]["uid"] = thread.UID.text()
		}
		entries, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
		for _, entry := range entries {
			tid, _ := strconv.Atoi(entry.Name())
			real := statusFacts(fmt.Sprintf("/proc/%d/task/%d", pid, tid))
			if real == nil || tid == pid {
				continue
			}
			threads++
			if credentialsDiffer(leader, real) {
				differing++
				for _, name := range threadFacts {
					if said[tid] == nil || said[tid][name] != real[name] {
						t.Errorf("thread %d of %d (%q): %s is %q, the kernel says %q", tid, pid, p.Comm, name, said[tid][name], real[name])
					}
				}
			}
		}
	}
	if differing < 3 {
		t.Errorf("%d threads differ from their leader, the lab has 3 such", differing)
	}
	t.Logf("looked at %d threads beside their leaders; the %d that differ agree", threads, differing)
}

var threadFacts = []string{"inheritable", "permitted", "effective", "bounding", "ambient", "no_new_privs", "seccomp", "filters", "uid"}

// credentialsDiffer tells of the facts that make a thread worth a row of its own; who its user is, is not
// among them by itself.
func credentialsDiffer(leader, thread facts) bool {
	for _, name := range threadFacts[:len(threadFacts)-1] {
		if leader[name] != thread[name] {
			return true
		}
	}
	return false
}
