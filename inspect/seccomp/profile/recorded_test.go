package profile

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"capview/inspect/seccomp"
)

var updateGolden = flag.Bool("update-golden", false, "write the golden files")

// numbersOf is names as numbers, on an architecture that has them all.
func numbersOf(t *testing.T, arch seccomp.Arch, list ...string) (numbers []uint32) {
	t.Helper()
	for _, name := range list {
		nr, ok := arch.Number(name)
		if !ok {
			t.Fatalf("%s has no %s", arch, name)
		}
		numbers = append(numbers, nr)
	}
	return numbers
}

func someUse(t *testing.T) *Use {
	return &Use{
		Calls: map[seccomp.Arch][]uint32{
			seccomp.X86_64: append(numbersOf(t, seccomp.X86_64, "read", "mount", "clone", "personality", "epoll_wait"), 1000),
			seccomp.I386:   numbersOf(t, seccomp.I386, "getpid", "socketcall"),
		},
		Blocked: map[seccomp.Arch][]uint32{seccomp.X86_64: numbersOf(t, seccomp.X86_64, "reboot")},
	}
}

func newest(t *testing.T, engine string) *Profile {
	t.Helper()
	text, err := NewestDefault(engine).Profile.JSON()
	if err != nil {
		t.Fatal(err)
	}
	p, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// What was called is in the profile, by name and architecture; under a base what it refuses is not.
func TestFromUse(t *testing.T) {
	for name, o := range map[string]RecordOptions{
		"plain":  {Native: seccomp.X86_64},
		"exact":  {Native: seccomp.X86_64, Exact: true},
		"docker": {Native: seccomp.X86_64, Exact: true, Base: newest(t, "docker"), In: Context{Caps: dockerCaps}},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := FromUse(someUse(t), o)
			if err != nil {
				t.Fatal(err)
			}
			text, err := r.Profile.JSON()
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range r.Notes {
				text = append(text, n.String()+"\n"...)
			}
			golden := "testdata/recorded/" + name + ".golden"
			if *updateGolden {
				if err := os.WriteFile(golden, text, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil || !bytes.Equal(text, want) {
				t.Errorf("%v, got:\n%s", err, text)
			}
		})
	}
}

// The model of the profile permits what was called and, without StartCalls, nothing else, for every ABI that was used.
func TestFromUseMeansTheUse(t *testing.T) {
	use := &Use{Calls: map[seccomp.Arch][]uint32{}}
	for i, nr := range seccomp.X86_64.Numbers() {
		if i%3 == 0 {
			use.Calls[seccomp.X86_64] = append(use.Calls[seccomp.X86_64], nr)
		}
	}
	for _, native := range []seccomp.Arch{seccomp.X86_64, seccomp.AArch64} {
		if native == seccomp.AArch64 {
			use = &Use{Calls: map[seccomp.Arch][]uint32{native: numbersOf(t, native, "fstatat", "read", "clone3", "getpid")}}
		}
		r, err := FromUse(use, RecordOptions{Native: native, Exact: true})
		if err != nil {
			t.Fatal(err)
		}
		usage := usageUnder(t, r.Profile, use, native)
		if len(usage.Unused[native])+len(usage.Refuses[native])+len(usage.Depends[native]) > 0 {
			t.Errorf("%s: %v, %v", native, usage, r.Notes)
		}
	}
}

func usageUnder(t *testing.T, p *Profile, use *Use, native seccomp.Arch) Usage {
	t.Helper()
	oci, err := p.Resolve(Context{Arch: native})
	if err != nil {
		t.Fatal(err)
	}
	model, err := oci.Filter(native, Runtime{Library: Newest})
	if err != nil {
		t.Fatal(err)
	}
	return CompareUse(model, use, []seccomp.Arch{native})
}

// A base is never exceeded: whatever it refuses, for whatever arguments, the profile made under it refuses too.
func TestFromUseKeepsToTheBase(t *testing.T) {
	everything := &Use{Calls: map[seccomp.Arch][]uint32{}}
	for _, arch := range Family(seccomp.X86_64) {
		everything.Calls[arch] = arch.Numbers()
	}
	compared := 0
	for _, d := range Defaults() {
		o := RecordOptions{Native: seccomp.X86_64, Base: d.Profile, In: Context{Caps: dockerCaps}}
		r, err := FromUse(everything, o)
		if err != nil {
			t.Fatal(err)
		}
		text, err := r.Profile.JSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(text)
		if err != nil {
			t.Fatalf("%s %s: what was written cannot be read: %v", d.Engine, d.Versions, err)
		}
		ours, theirs := modelUnder(t, again, o), modelUnder(t, d.Profile, o)
		for _, arch := range Family(seccomp.X86_64) {
			for _, nr := range arch.Numbers() {
				compared++
				mine, base := ours.Decide(arch, nr), theirs.Decide(arch, nr)
				if _, more, known := seccomp.DifferenceBy(mine, seccomp.Combine(mine, base), refusedOrNot); more || !known {
					t.Errorf("%s %s: %s %s is %s, of the base %s", d.Engine, d.Versions, arch, arch.Name(nr),
						mine.Conditions(arch, nr), base.Conditions(arch, nr))
				}
			}
		}
	}
	t.Logf("%d decisions compared with those of the bases", compared)
}

// refusedOrNot leaves out of an action how it refuses: with another error than the base's is well.
func refusedOrNot(a seccomp.Action) seccomp.Action {
	if a.Kind() == seccomp.Allow || a.Kind() == seccomp.Log {
		return seccomp.Allow
	}
	return seccomp.Errno
}

func modelUnder(t *testing.T, p *Profile, o RecordOptions) *Filter {
	t.Helper()
	oci, err := p.Resolve(o.In)
	if err != nil {
		t.Fatal(err)
	}
	model, err := oci.Filter(o.Native, Runtime{Library: Newest})
	if err != nil {
		t.Fatal(err)
	}
	return model
}

// A merge adds what is missing, once, and leaves what the profile has rules for.
func TestMerge(t *testing.T) {
	o := RecordOptions{Native: seccomp.X86_64, Exact: true}
	r, err := FromUse(someUse(t), o)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Parse([]byte(`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"},
		{"names": ["mount"], "action": "SCMP_ACT_KILL"},
		{"names": ["clone"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 0, "op": "SCMP_CMP_EQ"}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	added, notes, err := p.Merge(r, o)
	if want := []string{"epoll_wait", "getpid", "personality", "socketcall"}; err != nil || !slices.Equal(added, want) {
		t.Errorf("added %v, want %v; %v", added, want, err)
	}
	var left []string
	for _, n := range notes {
		left = append(left, n.Name)
	}
	if !slices.Equal(left, []string{"clone", "mount"}) || !slices.Equal(p.Architectures, []string{"SCMP_ARCH_X86"}) {
		t.Errorf("left %v, architectures %v", left, p.Architectures)
	}
	if added, _, err = p.Merge(r, o); err != nil || len(added) > 0 {
		t.Errorf("again %v, %v", added, err)
	}
}

// Names that are no system call's anywhere are strange; those of architectures unknown here are not.
func TestStrange(t *testing.T) {
	p, err := Parse([]byte(`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read", "raed", "s390_runtime_instr"], "action": "SCMP_ACT_ALLOW"}]}`))
	if err != nil || !slices.Equal(p.Strange(), []string{"raed"}) {
		t.Errorf("%v, %v", p.Strange(), err)
	}
	for _, d := range Defaults() {
		if strange := d.Profile.Strange(); len(strange) > 0 {
			t.Errorf("%s %s: %v", d.Engine, d.Versions, strange)
		}
	}
}

// Each of StartCalls is a system call of x86_64.
func TestStartCalls(t *testing.T) {
	all := slices.Collect(maps.Values(names(seccomp.X86_64)))
	for _, name := range StartCalls {
		if !slices.Contains(all, name) {
			t.Errorf("%s is none", name)
		}
	}
	if !slices.IsSortedFunc(StartCalls, strings.Compare) {
		t.Error("they are not in order")
	}
}

// Whatever the base, what is made under it can be read again and permits nothing that the base refuses.
func FuzzFromUse(f *testing.F) {
	for _, text := range []string{
		`{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["clone"], "action": "SCMP_ACT_KILL", "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]}]}`,
		`{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86"], "syscalls": [{"names": ["socket", "read"], "action": "SCMP_ACT_LOG"}]}`,
		`{"defaultAction": "SCMP_ACT_KILL", "syscalls": [{"names": ["openat"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 2, "value": 64, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]}]}`,
	} {
		f.Add([]byte(text), byte(0))
	}
	f.Fuzz(func(t *testing.T, text []byte, every byte) {
		base, err := Parse(text)
		if err != nil {
			return
		}
		use := &Use{Calls: map[seccomp.Arch][]uint32{}}
		for _, arch := range Family(seccomp.X86_64) {
			for i, nr := range arch.Numbers() {
				if every == 0 || i%int(every) == 0 {
					use.Calls[arch] = append(use.Calls[arch], nr)
				}
			}
		}
		o := RecordOptions{Native: seccomp.X86_64, Base: base, In: Context{Caps: dockerCaps}}
		r, err := FromUse(use, o)
		if err != nil {
			return
		}
		written, err := r.Profile.JSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(written)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, written)
		}
		ours, theirs := modelUnder(t, again, o), modelUnder(t, base, o)
		for _, arch := range Family(seccomp.X86_64) {
			for _, nr := range arch.Numbers() {
				mine, base := ours.Decide(arch, nr), theirs.Decide(arch, nr)
				if _, more, known := seccomp.DifferenceBy(mine, seccomp.Combine(mine, base), refusedOrNot); known && more {
					t.Errorf("%s %s is %s, of the base %s", arch, arch.Name(nr), mine.Conditions(arch, nr), base.Conditions(arch, nr))
				}
			}
		}
		if _, _, err := base.Merge(r, o); err != nil {
			t.Errorf("cannot be merged into its base: %v", err)
		}
	})
}
