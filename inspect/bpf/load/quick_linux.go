package load

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"runtime"
	"sync"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"
)

// errOther is the error for programs of other kinds.
var errOther = errors.New("neither an iterator nor run by a system call")

// quick loads a specification of nothing but iterators and programs that a system call runs without decoding all of the
// kernel's types: what LoadAndAssign does in a fraction of the time. Where it fails LoadAndAssign is to try, and to say why not.
func quick(spec *ebpf.CollectionSpec, objects any) error {
	if unsafe.Sizeof(uintptr(0)) != 8 || spec.ByteOrder != binary.LittleEndian {
		return errOther
	}
	for _, p := range spec.Programs {
		if p.Type != ebpf.Syscall && (p.Type != ebpf.Tracing || p.AttachType != ebpf.AttachTraceIter) {
			return errOther
		}
	}
	kernel, err := quickTypes()
	if err != nil {
		return err
	}
	defer runtime.KeepAlive(kernel)
	types, err := kernel.fitFor(spec)
	if err != nil {
		return err
	}
	if err := setTypeIDs(spec, kernel.structID); err != nil {
		return err
	}
	// Without their types: the kernel takes none of these maps otherwise for them, and need not be asked what it can.
	maps := make(map[string]*ebpf.MapSpec, len(spec.Maps))
	for name, m := range spec.Maps {
		plain := m.Copy()
		plain.Key, plain.Value = nil, nil
		maps[name] = plain
	}
	coll, err := ebpf.NewCollection(&ebpf.CollectionSpec{Maps: maps, Variables: spec.Variables, ByteOrder: spec.ByteOrder})
	if err != nil {
		return err
	}
	defer coll.Close() // of what is not assigned
	for name, p := range spec.Programs {
		if coll.Programs[name], err = kernel.loadProgram(p, coll.Maps, types); err != nil {
			delete(coll.Programs, name)
			return err
		}
	}
	return coll.Assign(objects)
}

// Prepare reads what quick needs of the kernel's types for all of these at once, where that can be had. Without it, that is
// done for each.
func Prepare(specs ...*ebpf.CollectionSpec) {
	if kernel, err := quickTypes(); err == nil {
		kernel.fitFor(specs...) // who loads one of them is told what is wrong
	}
}

// fitFor is those of the kernel's types that the programs need. The functions that they need are found after it.
func (v *vmlinux) fitFor(specs ...*ebpf.CollectionSpec) (*btf.Spec, error) {
	all, names := newNeeds(), map[string]bool{}
	for _, spec := range specs {
		if err := all.of(spec.Types); err != nil {
			return nil, err
		}
		for name := range functions(spec) {
			names[name] = true
		}
	}
	var found error
	var wg sync.WaitGroup
	wg.Go(func() { found = v.find(names) })
	types, err := v.trimmed(all)
	wg.Wait()
	return types, errors.Join(found, err)
}

// ownKernel reads the running kernel's types. They are mapped as long as what it returns is reachable.
func ownKernel() (*vmlinux, error) {
	f, err := os.Open("/sys/kernel/btf/vmlinux")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	raw, err := unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_POPULATE)
	if err != nil { // it is not to be mapped before Linux 6.16
		if raw, err = io.ReadAll(f); err != nil {
			return nil, err
		}
		return parseVmlinux(raw)
	}
	v, err := parseVmlinux(raw)
	if err != nil {
		unix.Munmap(raw)
		return nil, err
	}
	runtime.AddCleanup(v, func(raw []byte) { unix.Munmap(raw) }, raw)
	return v, nil
}

// progLoad is the part of union bpf_attr that BPF_PROG_LOAD takes (include/uapi/linux/bpf.h), as far as it is used, where a
// pointer has eight bytes.
type progLoad struct {
	progType, insnCount  uint32
	insns, license       unsafe.Pointer
	_                    [4]uint32 // no log
	_                    uint32    // kern_version
	flags                uint32
	name                 [16]byte
	_                    uint32 // prog_ifindex
	attachType           uint32
	btf                  uint32
	funcSize             uint32
	funcs                unsafe.Pointer
	funcCount            uint32
	_                    [4]uint32 // no lines
	attachID, attachProg uint32
	_                    uint32
}

const bpfProgLoad = 5 // enum bpf_cmd

// loadProgram loads one program, fitted to the kernel's types.
func (v *vmlinux) loadProgram(p *ebpf.ProgramSpec, maps map[string]*ebpf.Map, types *btf.Spec) (*ebpf.Program, error) {
	hook, err := v.hook(p)
	if err != nil {
		return nil, err
	}
	insns := append(asm.Instructions(nil), p.Instructions...)
	if err := v.link(insns, maps); err != nil {
		return nil, err
	}
	var own btf.Builder
	if err := fit(insns, types, &own); err != nil {
		return nil, err
	}
	funcs, _, err := btf.MarshalExtInfos(insns, &own)
	if err != nil {
		return nil, err
	}
	handle, err := btf.NewHandle(&own)
	if err != nil {
		return nil, err
	}
	defer handle.Close()
	var code bytes.Buffer
	if err := insns.Marshal(&code, p.ByteOrder); err != nil {
		return nil, err
	}
	license := append([]byte(p.License), 0)
	attr := progLoad{
		progType: uint32(p.Type), insnCount: uint32(code.Len() / asm.InstructionSize), flags: p.Flags, attachType: uint32(p.AttachType),
		insns: unsafe.Pointer(unsafe.SliceData(code.Bytes())), license: unsafe.Pointer(unsafe.SliceData(license)),
		btf: uint32(handle.FD()), attachID: hook,
		funcSize: btf.FuncInfoSize, funcs: unsafe.Pointer(unsafe.SliceData(funcs)), funcCount: uint32(len(funcs)) / btf.FuncInfoSize,
	}
	copy(attr.name[:len(attr.name)-1], p.Name)
	fd, err := attr.load()
	runtime.KeepAlive(maps)
	if err != nil {
		return nil, err
	}
	return ebpf.NewProgramFromFD(fd)
}

// functions is the kernel's that the programs call or are attached to.
func functions(spec *ebpf.CollectionSpec) map[string]bool {
	names := map[string]bool{}
	for _, p := range spec.Programs {
		if p.Type == ebpf.Tracing {
			names[iterated+p.AttachTo] = true
		}
		for i := range p.Instructions {
			if ins := &p.Instructions[i]; ins.IsKfuncCall() {
				names[ins.Reference()] = true
			}
		}
	}
	return names
}

// iterated is how the name of the function begins that stands for what an iterator goes through.
const iterated = "bpf_iter_"

// hook is that function; 0 for other programs.
func (v *vmlinux) hook(p *ebpf.ProgramSpec) (uint32, error) {
	if p.Type == ebpf.Syscall {
		return 0, nil
	}
	return v.function(iterated + p.AttachTo)
}

// link puts the maps in, and the functions of the kernel's that are called.
func (v *vmlinux) link(insns asm.Instructions, maps map[string]*ebpf.Map) error {
	for i := range insns {
		switch ins := &insns[i]; {
		case ins.IsLoadFromMap() && ins.Reference() != "":
			if err := ins.AssociateMap(maps[ins.Reference()]); err != nil {
				return err
			}
		case ins.IsKfuncCall():
			id, err := v.function(ins.Reference())
			if err != nil {
				return err
			}
			ins.Constant, ins.Offset = int64(id), 0
		}
	}
	return nil
}

// load is the system call. A signal may end it (EAGAIN).
func (a *progLoad) load() (int, error) {
	for {
		fd, _, errno := unix.Syscall(unix.SYS_BPF, bpfProgLoad, uintptr(unsafe.Pointer(a)), unsafe.Sizeof(*a))
		switch errno {
		case 0:
			return int(fd), nil
		case unix.EAGAIN, unix.EINTR:
		default:
			return -1, errno
		}
	}
}

// fit does the relocations of a program (CO-RE): where the fields that it uses are in the kernel's types.
func fit(insns asm.Instructions, types *btf.Spec, own *btf.Builder) error {
	var asked []*btf.CORERelocation
	var of []*asm.Instruction
	for i := range insns {
		if r := btf.CORERelocationMetadata(&insns[i]); r != nil {
			asked, of = append(asked, r), append(of, &insns[i])
		}
	}
	answers, err := btf.CORERelocate(asked, []*btf.Spec{types}, binary.LittleEndian, own.Add)
	if err != nil {
		return err
	}
	for i := range answers {
		if err := answers[i].Apply(of[i]); err != nil {
			return err
		}
	}
	return nil
}
