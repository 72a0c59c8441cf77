//go:build amd64 || arm64

package bpf

import (
	"context"
	"errors"
	"os"
	"testing"

	"capview/inspect/bpf/load"
	"capview/inspect/task"
)

// engine loads what it can; as root on a kernel with BTF that must be everything.
func engine(t testing.TB) *Engine {
	t.Helper()
	e, err := New(Options{Root: "/proc"})
	if err != nil {
		if os.Geteuid() != 0 {
			t.Skipf("the engine is not to be had: %v", err)
		}
		t.Fatalf("%v\n%+v", err, errors.Unwrap(err))
	}
	t.Cleanup(func() { e.Close() })
	for _, p := range e.Parts() {
		if p.Why != "" {
			t.Errorf("%s: %s", p.Name, p.Why)
		}
	}
	return e
}

func TestThreads(t *testing.T) {
	e := engine(t)
	seen := false
	n := 0
	err := e.Threads(context.Background(), func(r *task.Record) {
		n++
		if r.PID == os.Getpid() {
			seen = true
			t.Logf("%+v", *r)
			if int(r.UID.Real) != os.Getuid() {
				t.Errorf("uid %d", r.UID.Real)
			}
		}
	})
	if err != nil || !seen {
		t.Errorf("this process among %d threads: %v, %v", n, seen, err)
	}
	n = 0
	err = e.Cmdlines(context.Background(), []int{os.Getpid()}, func(c task.Cmdline) {
		n++
		if c.PID == os.Getpid() {
			t.Logf("%q", c.Text)
		}
	})
	t.Log(n, err)
	f, err := e.Filters(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d stacks, %d texts, %v", len(f.Stacks), len(f.Texts), err)
}

// BenchmarkBare is a pass that reads what the task iterator writes and does nothing with it.
func BenchmarkBare(b *testing.B) {
	records, err := loadRecords(load.Into)
	if err != nil {
		b.Fatal(err)
	}
	defer records.close()
	for b.Loop() {
		n := 0
		if err := records.pass(context.Background(), func([]byte) (int, error) { return recordSize, nil }, func(p []byte) { n += len(p) }); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(n))
	}
}

func BenchmarkThreads(b *testing.B) {
	e := engine(b)
	for b.Loop() {
		if err := e.Threads(context.Background(), func(*task.Record) {}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCmdlines(b *testing.B) {
	e := engine(b)
	var pids []int
	if err := e.Threads(b.Context(), func(r *task.Record) {
		if r.PID == r.TGID {
			pids = append(pids, r.PID)
		}
	}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := e.Cmdlines(b.Context(), pids, func(task.Cmdline) {}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFilters(b *testing.B) {
	e := engine(b)
	for b.Loop() {
		if _, err := e.Filters(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		e, err := New(Options{Root: "/proc"})
		if err != nil {
			b.Fatal(err)
		}
		e.Close()
	}
}
