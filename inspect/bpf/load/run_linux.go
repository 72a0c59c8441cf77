package load

import (
	"runtime"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// progRun is the part of union bpf_attr that BPF_PROG_RUN takes (include/uapi/linux/bpf.h, once BPF_PROG_TEST_RUN).
type progRun struct {
	prog, result uint32
	_            [2]uint32 // no data
	_            [2]uint64
	_            [2]uint32 // once, for no longer than that takes
	contextIn, _ uint32    // sizes
	context, _   unsafe.Pointer
	_            [2]uint32
}

const bpfProgRun = 10 // enum bpf_cmd

// Run runs a program that is there to be run by a system call, with a context that it may write. It takes no capability.
// Where the library runs one it first loads another program, to learn whether the kernel can.
func Run[C any](p *ebpf.Program, context *C) error {
	attr := progRun{prog: uint32(p.FD()), contextIn: uint32(unsafe.Sizeof(*context)), context: unsafe.Pointer(context)}
	_, _, errno := unix.Syscall(unix.SYS_BPF, bpfProgRun, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr))
	runtime.KeepAlive(p)
	if errno != 0 {
		return errno
	}
	return nil
}
