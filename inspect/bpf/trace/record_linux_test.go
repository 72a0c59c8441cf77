package trace

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"capview/inspect/seccomp"
)

// Calls that nothing else makes here: getpgid is refused by a filter always, getsid where its argument is not 0;
// 1000 and the one of x32 do not exist.
func makeCalls(d *done) error {
	if err := filterSome(); err != nil {
		return err
	}
	for range 5 {
		unix.RawSyscall(unix.SYS_GETPGID, 0, 0, 0)
		unix.RawSyscall(unix.SYS_GETSID, 1, 0, 0)
		d.Calls["refused"]++
	}
	unix.RawSyscall(unix.SYS_GETSID, 0, 0, 0)
	unix.RawSyscall(unix.SYS_GETPRIORITY, 99, 0, 0) // EINVAL: it failed, and was not refused
	unix.RawSyscall(1000, 0, 0, 0)
	if runtime.GOARCH == "amd64" {
		unix.RawSyscall(x32Bit|unix.SYS_GETPPID, 0, 0, 0)
	}
	return nil
}

// filterSome attaches the filter of makeCalls.
func filterSome() error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	const refuse = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	prog := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_GETPGID, Jt: 3},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_GETSID, Jf: 3},
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 16},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: 0, Jt: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: refuse},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	fprog := unix.SockFprog{Len: uint16(len(prog)), Filter: &prog[0]}
	if _, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&fprog))); e != 0 {
		return e
	}
	return nil
}

const getpid386 = 20

// int80 makes a system call of i386 without arguments, on amd64.
func int80(number byte) {
	code, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return
	}
	copy(code, []byte{0xb8, number, 0, 0, 0, 0xcd, 0x80, 0xc3}) // mov eax, number; int 0x80; ret
	entry := &code[0]
	function := &entry
	(*(*func())(unsafe.Pointer(&function)))()
}

// callsByKernel records the system calls of a process, all its threads and what they start, by the kernel's own tracing.
func callsByKernel(t *testing.T, pid int) *kernelTrace {
	t.Helper()
	k := newKernelTrace(t, fmt.Sprintf("capviewcalls%d", pid))
	k.write(filepath.Join(k.instance, "options/event-fork"), "1")
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, thread := range threads {
		k.write(filepath.Join(k.instance, "set_event_pid"), thread.Name()+" ")
	}
	k.write(filepath.Join(k.instance, "events/raw_syscalls/sys_enter/enable"), "1")
	return k
}

var syscallLine = regexp.MustCompile(`sys_enter: NR (-?\d+) `)

// numbers is the system calls that were made.
func (k *kernelTrace) numbers() map[uint32]bool {
	set := map[uint32]bool{}
	for line := range strings.Lines(k.text()) {
		if m := syscallLine.FindStringSubmatch(line); m != nil {
			if n, _ := strconv.Atoi(m[1]); n >= 0 {
				set[uint32(n)] = true
			}
		}
	}
	return set
}

func record(t *testing.T, targets ...Target) *Recorder {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root (CAP_BPF, CAP_PERFMON)")
	}
	r, err := NewRecorder(RecordOptions{Root: "/proc", Targets: targets, Refused: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// runtimeCalls is what Go's runtime calls at times of its own: to wait, to give way, to preempt, to give memory back.
var runtimeCalls = map[uint32]bool{unix.SYS_FUTEX: true, unix.SYS_EPOLL_PWAIT: true, unix.SYS_NANOSLEEP: true, unix.SYS_SCHED_YIELD: true,
	unix.SYS_TGKILL: true, unix.SYS_GETPID: true, unix.SYS_RT_SIGRETURN: true, unix.SYS_MADVISE: true}

// What a process calls is recorded, and nothing else; what its filter refuses is told apart.
func TestRecord(t *testing.T) {
	w, other := launch(t, job{Do: "calls"}, nil), launch(t, job{Do: "list", Dir: workDir(t)}, nil)
	theirs := callsByKernel(t, w.cmd.Process.Pid)
	r := record(t, only(w)[0], only(other)[0])
	w.begin()
	refused := w.result().Calls["refused"]
	want := theirs.numbers()
	other.begin()
	other.result()
	list, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	native := newDecoder().abis[0]
	got := map[uint32]bool{}
	for arch, numbers := range list[0].Calls {
		for _, n := range numbers {
			got[n] = true
		}
		if arch != native && arch != seccomp.X32 {
			t.Errorf("calls of %s: %v", arch, numbers)
		}
	}
	// The kernel's tracing begins a little before: it may have a call that waits. It ends before, too.
	for n := range maps.Keys(want) {
		if !got[n] && !runtimeCalls[n] {
			t.Errorf("the kernel tells of call %d, capview does not", n)
		}
	}
	for n := range maps.Keys(got) {
		if !want[n] && !runtimeCalls[n] && n != unix.SYS_READ {
			t.Errorf("capview tells of call %d (%s), the kernel does not", n, native.Name(n))
		}
	}
	if !slices.Equal(list[0].Blocked[native], []uint32{unix.SYS_GETPGID}) {
		t.Errorf("blocked: %v, want getpgid alone", list[0].Blocked)
	}
	counts := map[uint32]uint64{}
	for _, call := range list[0].Refused {
		if call.Arch == native && call.Errno == int(unix.EPERM) {
			counts[call.Number] = call.Count
		}
	}
	if want := map[uint32]uint64{unix.SYS_GETPGID: refused, unix.SYS_GETSID: refused}; !maps.Equal(counts, want) {
		t.Errorf("refused with EPERM: %v, want %v", counts, want)
	}
	if got[1000] != true || slices.Contains(list[1].Calls[native], 1000) || !slices.Contains(list[1].Calls[native], unix.SYS_SETPRIORITY) {
		t.Errorf("the targets are mixed: %v", list[1].Calls)
	}
	if runtime.GOARCH == "amd64" && !slices.Equal(list[0].Calls[seccomp.X32], []uint32{x32Bit | unix.SYS_GETPPID}) {
		t.Errorf("x32: %v, want getppid", list[0].Calls[seccomp.X32])
	}
	if calls, children, refusals, err := r.Lost(); calls+children+refusals != 0 || err != nil {
		t.Errorf("lost %d calls, %d children, %d refusals, %v", calls, children, refusals, err)
	}
	t.Logf("%d distinct calls compared with the kernel's own tracing", len(want))
}

// A call by int 0x80 is one of i386, also from a 64-bit program.
func TestRecordI386(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("needs an x86 machine")
	}
	w := launch(t, job{Do: "i386"}, nil)
	r := record(t, only(w)[0])
	w.begin()
	if line, err := w.out.ReadString('\n'); err != nil || !strings.HasPrefix(line, "{") {
		if _, err := os.Stat("/proc/sys/abi/vsyscall32"); err == nil {
			t.Fatalf("said %q, %v", line, err)
		}
		t.Skip("the kernel runs no 32-bit programs (CONFIG_IA32_EMULATION)")
	}
	list, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	if got := list[0].Calls[seccomp.I386]; !slices.Equal(got, []uint32{getpid386}) {
		t.Errorf("i386: %v, want getpid", got)
	}
}

// Every control group is recorded for itself: what a process calls is in its group's record, and not in another's.
func TestRecordEveryGroup(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root (CAP_BPF, CAP_PERFMON)")
	}
	r, err := NewRecorder(RecordOptions{Root: "/proc", EveryGroup: true, Refused: true})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var ids []uint64
	var workers []*worker
	for i := range 2 {
		dir, id := newGroup(t, fmt.Sprint("record-", i))
		ids = append(ids, id)
		w := launch(t, job{Do: "calls"}, nil)
		if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(w.cmd.Process.Pid)), 0); err != nil {
			t.Fatal(err)
		}
		workers = append(workers, w)
	}
	workers[0].begin()
	workers[0].result()
	native := newDecoder().abis[0]
	for i, want := range []bool{true, false} {
		recorded, err := r.ReadGroups(ids[i : i+1])
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(recorded.Calls[native], 1000) != want || slices.Contains(recorded.Blocked[native], unix.SYS_GETPGID) != want {
			t.Errorf("group %d: %v, blocked %v", i, recorded.Calls, recorded.Blocked)
		}
	}
	workers[1].begin()
	workers[1].result()
	if recorded, err := r.ReadGroups(ids[1:]); err != nil || !slices.Contains(recorded.Calls[native], 1000) {
		t.Errorf("group 1 after its calls: %v, %v", recorded.Calls, err)
	}
	if _, children, _, err := r.Lost(); children != 0 || err != nil {
		t.Errorf("%d calls of groups that were not recorded, %v", children, err)
	}
}
