package load

import (
	"encoding/binary"
	"os"
	"runtime"
	"slices"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
)

// objects is the specifications of the engine's iterators.
func objects(t *testing.T) map[string]*ebpf.CollectionSpec {
	t.Helper()
	arch, ok := map[string]string{"amd64": "x86", "arm64": "arm64"}[runtime.GOARCH]
	if !ok {
		t.Skip("there are objects for amd64 and arm64 only")
	}
	specs := map[string]*ebpf.CollectionSpec{}
	for _, name := range []string{"task", "pass", "cmdline", "args", "filters"} {
		spec, err := ebpf.LoadCollectionSpec("../" + name + "_" + arch + "_bpfel.o")
		if err != nil {
			t.Fatal(err)
		}
		specs[name] = spec
	}
	return specs
}

// Fitted to the types that were trimmed, a program is the same as fitted to all of the kernel's.
func TestFitsAlike(t *testing.T) {
	all, err := btf.LoadKernelSpec()
	if err != nil {
		t.Skipf("the kernel has no type information: %v", err)
	}
	kernel, err := ownKernel()
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for name, spec := range objects(t) {
		few, err := kernel.fitFor(spec)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range spec.Programs {
			var fitted [2]asm.Instructions
			for i, types := range []*btf.Spec{few, all} {
				var own btf.Builder
				fitted[i] = slices.Clone(p.Instructions)
				if err := fit(fitted[i], types, &own); err != nil {
					t.Fatal(name, err)
				}
			}
			for i := range fitted[0] {
				got, want := fitted[0][i], fitted[1][i]
				if got.OpCode != want.OpCode || got.Constant != want.Constant || got.Offset != want.Offset || got.Dst != want.Dst || got.Src != want.Src {
					t.Errorf("%s: instruction %d is %v, want %v", name, i, got, want)
				}
				if btf.CORERelocationMetadata(&p.Instructions[i]) != nil {
					compared++
				}
			}
			runtime.KeepAlive(kernel)
			if p.Type == ebpf.Syscall {
				continue
			}
			id, idErr := kernel.function("bpf_iter_" + p.AttachTo)
			var hook *btf.Func
			if err := all.TypeByName("bpf_iter_"+p.AttachTo, &hook); err != nil {
				t.Fatal(err)
			}
			if want, err := all.TypeID(hook); err != nil || idErr != nil || btf.TypeID(id) != want {
				t.Errorf("%s: its hook is %d, want %d (%v)", name, id, want, err)
			}
		}
	}
	if compared < 100 {
		t.Errorf("compared only %d relocations", compared)
	}
	t.Logf("%d relocations are alike", compared)
}

// Each program that the kernel takes at all is loaded without decoding all of its types.
func TestQuick(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: loads programs")
	}
	for name, spec := range objects(t) {
		whole := spec.Copy()
		err := setTypeIDs(whole, structIn(btf.NewCache()))
		if err == nil {
			var c *ebpf.Collection
			if c, err = ebpf.NewCollection(whole); err == nil {
				c.Close()
			}
		}
		if err != nil {
			t.Logf("%s: the kernel does not take it: %v", name, err)
			continue
		}
		if err := quick(spec, &struct{}{}); err != nil {
			t.Errorf("%s: only LoadAndAssign loads it: %v", name, err)
		}
	}
}

// FuzzVmlinux: nothing that is no type information makes the parser fail otherwise than by an error.
func FuzzVmlinux(f *testing.F) {
	inner := &btf.Struct{Name: "thread_info", Size: 16, Members: []btf.Member{{Name: "flags", Type: &btf.Int{Name: "long", Size: 8}}}}
	outer := &btf.Struct{Name: "task_struct", Size: 64, Members: []btf.Member{
		{Name: "thread_info", Type: inner}, {Name: "mm", Type: &btf.Pointer{Target: inner}, Offset: 128},
		{Name: "comm", Type: &btf.Array{Index: &btf.Int{Size: 4}, Type: &btf.Int{Name: "char", Size: 1}, Nelems: 16}, Offset: 192},
	}}
	b, err := btf.NewBuilder([]btf.Type{outer, &btf.Typedef{Name: "pid_t", Type: &btf.Int{Name: "int", Size: 4, Encoding: btf.Signed}}}, nil)
	if err != nil {
		f.Fatal(err)
	}
	raw, err := b.Marshal(nil, &btf.MarshalOptions{Order: binary.LittleEndian})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte{0x9f, 0xeb, 1, 0})
	n := needs{map[string]bool{"task_struct": true, "pid_t": true}, map[string]bool{"": true, "thread_info": true, "flags": true, "comm": true}}
	f.Fuzz(func(t *testing.T, raw []byte) {
		v, err := parseVmlinux(raw)
		if err != nil {
			return
		}
		v.find(map[string]bool{"task_struct": true})
		v.structID("thread_info")
		if s, err := v.trimmed(n); err == nil {
			s.TypesByName("task_struct")
		}
	})
}
