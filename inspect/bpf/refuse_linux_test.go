//go:build amd64 || arm64

package bpf

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"capview/inspect/bpf/load"
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

// A kernel without one of the lesser programs has the engine all the same, and says which is missing.
func TestPartsAreApart(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: CAP_BPF and CAP_PERFMON")
	}
	for i, missing := range []string{"cmdlines", "filters"} {
		e, err := New(Options{Root: "/proc", Load: func(s *ebpf.CollectionSpec, o any) error {
			if s.Programs[missing] != nil {
				return load.Refuse(unix.EINVAL)
			}
			return load.Into(s, o)
		}})
		if err != nil {
			t.Fatal(err)
		}
		for j, p := range e.Parts() {
			if (p.Why != "") != (j == i+1) {
				t.Errorf("without %s: %s: %q", missing, p.Name, p.Why)
			}
		}
		if err := e.Try(); err != nil {
			t.Error(err)
		}
		if _, err := e.Filters(t.Context()); (err != nil) != (missing == "filters") {
			t.Errorf("without %s: filters: %v", missing, err)
		}
		e.Close()
	}
}

// Where its numbers would not be procfs's, the engine is not to be had.
func TestAnotherProcfs(t *testing.T) {
	if _, err := New(Options{Root: t.TempDir()}); err == nil || !strings.Contains(err.Error(), "is not the procfs") {
		t.Error(err)
	}
}

// The objects for the other architecture hold the same programs.
func TestBothObjects(t *testing.T) {
	for _, stem := range []string{"task", "cmdline", "filters"} {
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
