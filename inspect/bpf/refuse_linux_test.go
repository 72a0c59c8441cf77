//go:build amd64 || arm64

package bpf

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"capview/inspect/bpf/load"
	"capview/inspect/task"
)

// What the kernel refuses keeps none of the rest from loading, but for the threads' own iterator; each refusal has words.
func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"locked down, or a security module", unix.EPERM, "not permitted: "},
		{"an older kernel", unix.EINVAL, "does not know this kind of program"},
		{"an architecture without trampolines", unix.Errno(524), "cannot attach"},
		{"no type information", fmt.Errorf("no BTF found for kernel version 5.4: %w", ebpf.ErrNotSupported), "lacks what the program needs"},
		{"no bpf(2)", unix.ENOSYS, "no bpf(2)"},
	} {
		e, err := New(Options{Root: "/proc", Load: func(*ebpf.CollectionSpec, any) error { return load.Refuse(fmt.Errorf("load: %w", c.err)) }})
		var r *load.Refusal
		if e != nil || !errors.As(err, &r) || !strings.Contains(r.Why, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// A kernel without one of the lesser programs has the engine all the same, and says which is missing; without one of the quick
// ones nothing is missing.
func TestPartsAreApart(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: CAP_BPF and CAP_PERFMON")
	}
	for _, c := range []struct {
		refused []string
		missing string // part
	}{
		{nil, ""}, {[]string{"threads"}, ""}, {[]string{"args"}, ""}, {[]string{"threads", "args"}, ""},
		{[]string{"args", "cmdlines"}, "command lines"}, {[]string{"filters"}, "seccomp filters"},
	} {
		e, err := New(Options{Root: "/proc", Load: func(s *ebpf.CollectionSpec, o any) error {
			for _, name := range c.refused {
				if s.Programs[name] != nil {
					return load.Refuse(unix.EINVAL)
				}
			}
			return load.Into(s, o)
		}})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range e.Parts() {
			if (p.Why != "") != (p.Name == c.missing) {
				t.Errorf("without %v: %s: %q", c.refused, p.Name, p.Why)
			}
		}
		if err := e.Try(); err != nil {
			t.Errorf("without %v: %v", c.refused, err)
		}
		self, threads, lines := os.Getpid(), 0, 0
		if err := e.Threads(t.Context(), func(r *task.Record) { threads += one(r.PID == self) }); err != nil || threads != 1 {
			t.Errorf("without %v: this process is told of %d times: %v", c.refused, threads, err)
		}
		err = e.Cmdlines(t.Context(), []int{self, 2, math.MaxInt32}, func(l task.Cmdline) {
			if l.PID == self {
				lines++
				if got := strings.Split(strings.TrimSuffix(string(l.Text), "\x00"), "\x00"); !slices.Equal(got, os.Args) {
					t.Errorf("without %v: command line %q, want %q", c.refused, got, os.Args)
				}
			} else if e.Picks() {
				t.Errorf("without %v: told of %d, who was not asked for or has none", c.refused, l.PID)
			}
		})
		if want := one(c.missing != "command lines"); lines != want || (err == nil) != (want == 1) {
			t.Errorf("without %v: this process's command line is told %d times, want %d: %v", c.refused, lines, want, err)
		}
		if _, err := e.Filters(t.Context()); (err != nil) != (c.missing == "seccomp filters") {
			t.Errorf("without %v: filters: %v", c.refused, err)
		}
		e.Close()
	}
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// Where its numbers would not be procfs's, the engine is not to be had.
func TestAnotherProcfs(t *testing.T) {
	if _, err := New(Options{Root: t.TempDir()}); err == nil || !strings.Contains(err.Error(), "is not the procfs") {
		t.Error(err)
	}
}

// The objects for the other architecture hold the same programs.
func TestBothObjects(t *testing.T) {
	for _, stem := range []string{"task", "pass", "cmdline", "args", "filters"} {
		var names []string
		for _, arch := range []string{"x86", "arm64"} {
			spec, err := ebpf.LoadCollectionSpec(stem + "_" + arch + "_bpfel.o")
			if err != nil {
				t.Fatal(err)
			}
			for name := range spec.Programs {
				names = append(names, name)
			}
		}
		if len(names) != 2 || names[0] != names[1] {
			t.Errorf("%s: %v", stem, names)
		}
	}
}
