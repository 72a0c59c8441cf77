package trace

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/cilium/ebpf"
)

// traceUntilKilled is a workload that traces the whole node, and says by which programs.
func traceUntilKilled() error {
	fmt.Println("ready")
	tr, err := New(Options{Root: "/proc", Events: true, Targets: nil})
	if err != nil {
		fmt.Println(err)
		return nil
	}
	for _, p := range tr.watch {
		info, err := p.Info()
		if err != nil {
			return err
		}
		id, _ := info.ID()
		fmt.Print(id, " ")
	}
	fmt.Println()
	for { // not for ever in one call: the runtime would call that a deadlock
		time.Sleep(time.Hour)
	}
}

// Nothing stays in the kernel, however capview ends.
func TestLeavesNothing(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root (CAP_BPF, CAP_PERFMON)")
	}
	w := launch(t, job{Do: "trace"}, nil)
	line, err := w.out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var ids [3]uint32
	if n, _ := fmt.Sscan(line, &ids[0], &ids[1], &ids[2]); n != 3 {
		t.Fatalf("said %q: want the ids of its programs", line)
	}
	for _, id := range ids {
		if !loaded(t, id) {
			t.Errorf("program %d is not loaded while it is used", id)
		}
	}
	if err := w.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	w.end()
	for _, id := range ids {
		for range 100 { // programs are freed some time after
			if !loaded(t, id) {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		if loaded(t, id) {
			t.Errorf("program %d is still loaded", id)
		}
	}
}

func loaded(t *testing.T, id uint32) bool {
	t.Helper()
	p, err := ebpf.NewProgramFromID(ebpf.ProgramID(id))
	if errors.Is(err, os.ErrNotExist) {
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	p.Close()
	return true
}

func workDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"/file": 0o644, "/closed": 0} {
		if err := os.WriteFile(dir+name, nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	for d := dir; d != "/" && d != "/tmp"; d = parentOf(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func parentOf(d string) string {
	for i := len(d) - 1; i > 0; i-- {
		if d[i] == '/' {
			return d[:i]
		}
	}
	return "/"
}
