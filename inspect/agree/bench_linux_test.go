package agree

import (
	"context"
	"testing"

	"capview/inspect/bpf"
	"capview/inspect/proc"
	"capview/inspect/task"
)

// withKernel is a source with the kernel's view, and that alone.
func withKernel(b *testing.B) (*bpf.Engine, func() *proc.Source) {
	e, err := bpf.New(bpf.Options{Root: "/proc"})
	if err != nil {
		b.Skipf("the engine is not to be had: %v", err)
	}
	b.Cleanup(func() { e.Close() })
	return e, func() *proc.Source {
		s, err := proc.New(proc.Options{Root: "/proc", Kernel: e})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { s.Close() })
		return s
	}
}

func scan(b *testing.B, s *proc.Source) {
	if _, err := s.Snapshot(context.Background()); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkThreads is every fact of every thread but strings.
func BenchmarkThreads(b *testing.B) {
	e, _ := withKernel(b)
	for b.Loop() {
		if err := e.Threads(context.Background(), func(*task.Record) {}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFirstScan is a whole scan, strings, namespaces and groups included, with programs that are loaded.
func BenchmarkFirstScan(b *testing.B) {
	_, source := withKernel(b)
	for b.Loop() {
		scan(b, source())
	}
}

// BenchmarkRefresh is a scan that follows another.
func BenchmarkRefresh(b *testing.B) {
	_, source := withKernel(b)
	s := source()
	scan(b, s)
	for b.Loop() {
		scan(b, s)
	}
}
