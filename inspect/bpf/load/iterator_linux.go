package load

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"runtime"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"
)

// errOther is the error for programs that are no iterators.
var errOther = errors.New("not an iterator")

// iterators loads a specification of nothing but iterators without decoding all of the kernel's types: what LoadAndAssign
// does in a fraction of the time. Where it fails LoadAndAssign is to try, and to say why not.
func iterators(spec *ebpf.CollectionSpec, objects any) error {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		return errOther
	}
	for _, p := range spec.Programs {
		if p.Type != ebpf.Tracing || p.AttachType != ebpf.AttachTraceIter || spec.ByteOrder != binary.LittleEndian {
			return errOther
		}
	}
	kernel, err := quickTypes()
	if err != nil {
		return err
	}
	defer runtime.KeepAlive(kernel)
	needed, err := needsOf(spec.Types)
	if err != nil {
		return err
	}
	types, err := kernel.trim(needed)
	if err != nil {
		return err
	}
	coll, err := ebpf.NewCollection(&ebpf.CollectionSpec{Maps: spec.Maps, Variables: spec.Variables, Types: spec.Types, ByteOrder: spec.ByteOrder})
	if err != nil {
		return err
	}
	defer coll.Close() // of what is not assigned
	for name, p := range spec.Programs {
		if coll.Programs[name], err = kernel.loadIterator(p, coll.Maps, types); err != nil {
			delete(coll.Programs, name)
			return err
		}
	}
	return coll.Assign(objects)
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

// loadIterator loads one program, fitted to the kernel's types.
func (v *vmlinux) loadIterator(p *ebpf.ProgramSpec, maps map[string]*ebpf.Map, types *btf.Spec) (*ebpf.Program, error) {
	hook, ok := v.function("bpf_iter_" + p.AttachTo)
	if !ok {
		return nil, btf.ErrNotFound
	}
	insns := append(asm.Instructions(nil), p.Instructions...)
	for i := range insns {
		if ins := &insns[i]; ins.IsLoadFromMap() && ins.Reference() != "" {
			if err := ins.AssociateMap(maps[ins.Reference()]); err != nil {
				return nil, err
			}
		}
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
