package profile

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"capview/inspect/caps"
	"capview/inspect/seccomp"
)

// The sets that engines give a container by default (inspect/caps, defaults.go).
const (
	dockerCaps caps.Set = 0xa80425fb
	podmanCaps caps.Set = 0x800405fb
)

// realFilter is one that a runtime attached (inspect/seccomp/testdata/README.md).
func realFilter(t testing.TB, name string) seccomp.Program {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "testdata", name+".bpf"))
	if err != nil {
		t.Fatal(err)
	}
	program, err := seccomp.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	return program
}

func TestNameReal(t *testing.T) {
	docker, podman, ops := realFilter(t, "docker"), realFilter(t, "podman"), realFilter(t, "ops")
	allowAll := seccomp.Program{{Code: opReturn, K: uint32(seccomp.Allow)}}
	namer := NewNamer(seccomp.X86_64)
	for _, c := range []struct {
		stack seccomp.Stack
		of    Subject
		want  string
	}{
		{nil, Subject{}, "none"},
		{seccomp.Stack{docker}, Subject{Context: Context{Caps: dockerCaps}}, "docker"},
		{seccomp.Stack{podman}, Subject{Context: Context{Caps: podmanCaps}}, "podman"},
		// The process dropped its bounding set since.
		{seccomp.Stack{docker}, Subject{Created: []caps.Set{dockerCaps}}, "docker"},
		{seccomp.Stack{docker}, Subject{}, "docker +1"}, // chroot, by SYS_CHROOT
		{seccomp.Stack{ops}, Subject{Context: Context{Caps: dockerCaps}}, "custom"},
		{seccomp.Stack{allowAll, docker}, Subject{Context: Context{Caps: dockerCaps}}, "docker"},
		{seccomp.Stack{ops, docker}, Subject{Context: Context{Caps: dockerCaps}}, "docker, 1 added"},
		{seccomp.Stack{allowAll}, Subject{}, "custom"},
	} {
		got := namer.Name(c.stack, c.of)
		if got.String() != c.want {
			t.Errorf("%d filters, %+v: %s (%+v), want %s", len(c.stack), c.of, got, got.Runtime, c.want)
			for _, d := range got.Differs {
				t.Logf("%s %s: %v, profile %v", d.Arch, d.Name, d.OurAnswer, d.TheirAnswer)
			}
		}
		t.Logf("%s: %s, %s, libseccomp %s, crun %v, also %v", c.want, got.Versions, got.Origin, got.Runtime.Library, got.Runtime.Crun, got.Also)
	}
}

// Every default profile, modelled for either runtime and any libseccomp, gets its engine's name, or that of one that
// means the same.
func TestNameModelled(t *testing.T) {
	for _, native := range []seccomp.Arch{seccomp.X86_64, seccomp.AArch64, seccomp.I386, seccomp.ARM} {
		nameModelled(t, native)
	}
}

func nameModelled(t *testing.T, native seccomp.Arch) {
	namer := NewNamer(native)
	for _, d := range Defaults() {
		for _, set := range []caps.Set{dockerCaps, caps.Full(caps.Last)} {
			oci, err := d.Profile.Resolve(Context{Caps: set, Arch: native})
			if err != nil {
				t.Fatal(err)
			}
			for _, crun := range d.runtimes() {
				for _, library := range []Library{Library250, Library254, Newest} {
					filter, err := oci.Filter(native, Runtime{crun, library})
					if err != nil {
						t.Fatal(err)
					}
					got := namer.nameOutcomes(filter, Subject{Context: Context{Caps: set}, Engine: d.Engine})
					if got.Profile != d.Engine || got.Names != 0 {
						t.Errorf("%s: %s %s by libseccomp %s, crun %v: %s, also %v", native, d.Engine, d.Versions, library, crun, got, got.Also)
					}
				}
			}
		}
	}
}

// nameOutcomes names a modelled filter.
func (n *Namer) nameOutcomes(filter *Filter, of Subject) Naming {
	var ours []outcome
	for _, call := range n.calls.of {
		ours = append(ours, outcomeOf(filter.Decide(call.arch, call.nr)))
	}
	of.Arch = n.native
	naming := n.nearestTo(ours, of)
	naming.Filters = 1
	return naming
}

// Against compares however far the two are apart.
func TestAgainst(t *testing.T) {
	namer := NewNamer(seccomp.X86_64)
	docker := seccomp.Stack{realFilter(t, "docker")}
	of := Subject{Context: Context{Caps: dockerCaps}}
	for _, c := range []struct {
		engine   string
		from, to int // how many names differ
	}{{"docker", 0, 0}, {"containerd", 0, 0}, {"podman", 20, 200}, {"crio", 20, 200}} {
		got, ok := namer.Against(docker, c.engine, of)
		names := map[string]bool{}
		for _, d := range got.Differs {
			names[d.Name] = true
		}
		if !ok || got.Profile != c.engine || got.Names < c.from || got.Names > c.to || len(names) != got.Names {
			t.Errorf("against %s: %d names, %d differences of %d names, want %d to %d", c.engine, got.Names, len(got.Differs), len(names), c.from, c.to)
		}
	}
	if _, ok := namer.Against(docker, "none", of); ok {
		t.Error("there is a profile of none")
	}
	podman, err := NewestDefault("podman").Profile.Resolve(of.Context)
	if err != nil {
		t.Fatal(err)
	}
	if got := namer.AgainstProfile(docker, podman); got.Profile != Declared || got.Names < 20 {
		t.Errorf("%s, %d names", got.Profile, got.Names)
	}
	if got := namer.AgainstProfile(nil, podman); got.Names < 50 {
		t.Errorf("no filters: %d names", got.Names)
	}
}

// A container's own profile lends its name, and what differs from it a few system calls does too.
func TestNameDeclared(t *testing.T) {
	own, err := Parse([]byte(`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mount", "umount2"], "action": "SCMP_ACT_ERRNO"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	oci, err := own.Resolve(Context{})
	if err != nil {
		t.Fatal(err)
	}
	namer := NewNamer(seccomp.X86_64)
	filter, err := oci.Filter(seccomp.X86_64, Runtime{Library: Library254})
	if err != nil {
		t.Fatal(err)
	}
	if got := namer.nameOutcomes(filter, Subject{Profile: oci}); got.String() != "declared" {
		t.Errorf("%s", got)
	}
	less := *oci
	less.Syscalls = []Rule{{Names: []string{"mount"}, Action: "SCMP_ACT_ERRNO"}}
	got := namer.nameOutcomes(filter, Subject{Profile: &less})
	if got.String() != "declared +1" {
		t.Errorf("%s", got)
	}
	var names []string
	for _, d := range got.Differs {
		names = append(names, fmt.Sprintf("%s %s %v %v", d.Arch, d.Name, d.OurAnswer, d.TheirAnswer))
	}
	if want := []string{"x86_64 umount2 ERRNO(EPERM) ALLOW"}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
}

// BenchmarkName is a node's 500 filtered processes, named from nothing: containers of two engines, some of which dropped
// their bounding set, some with a filter of their own besides, and services with filters near no profile.
func BenchmarkName(b *testing.B) {
	docker, podman, ops := realFilter(b, "docker"), realFilter(b, "podman"), realFilter(b, "ops")
	kinds := []struct {
		stack seccomp.Stack
		of    Subject
	}{
		{seccomp.Stack{docker}, Subject{Context: Context{Caps: dockerCaps}, Engine: "docker"}},
		{seccomp.Stack{docker}, Subject{Context: Context{Caps: dockerCaps}, Engine: "containerd"}},
		{seccomp.Stack{docker}, Subject{Created: []caps.Set{dockerCaps}, Engine: "docker"}},
		{seccomp.Stack{ops, docker}, Subject{Context: Context{Caps: dockerCaps}, Engine: "docker"}},
		{seccomp.Stack{podman}, Subject{Context: Context{Caps: podmanCaps}, Engine: "podman"}},
		{seccomp.Stack{podman}, Subject{Context: Context{Caps: podmanCaps}}},
		{seccomp.Stack{ops}, Subject{Context: Context{Caps: caps.Full(caps.Last)}}},
		{seccomp.Stack{ops}, Subject{}},
	}
	Defaults()
	b.ReportAllocs()
	for b.Loop() {
		namer := NewNamer(seccomp.X86_64)
		for i := range 500 {
			namer.Name(kinds[i%len(kinds)].stack, kinds[i%len(kinds)].of)
		}
	}
}
