package agree

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"capview/inspect"
)

// workerVariable names what this binary is to be instead of a test.
const workerVariable = "AGREE_WORKER"

func TestMain(m *testing.M) {
	seed, _ := strconv.ParseUint(os.Getenv("AGREE_SEED"), 10, 32)
	r := rand.New(rand.NewPCG(seed, 7))
	switch os.Getenv(workerVariable) {
	case "":
		os.Exit(m.Run())
	case "crowd":
		n, _ := strconv.Atoi(os.Args[1])
		crowd(r, n)
	case "restless":
		restless(r)
	case "undertaker":
		exec.Command("true").Start()
		time.Sleep(time.Hour)
	}
}

// crowd makes threads, each with credentials and filters of its own, that say what securebits and which filters (the newest
// first) they have and then wait.
func crowd(r *rand.Rand, n int) {
	var done sync.WaitGroup
	var out sync.Mutex
	for range n {
		own := rand.New(rand.NewPCG(r.Uint64(), 1))
		done.Add(1)
		go func() {
			runtime.LockOSThread()
			var filters []string
			disguise(own, &filters)
			bits, err := unix.PrctlRetInt(unix.PR_GET_SECUREBITS, 0, 0, 0, 0)
			if err != nil {
				fmt.Fprintln(os.Stderr, "PR_GET_SECUREBITS:", err)
				os.Exit(1)
			}
			out.Lock()
			fmt.Println(unix.Gettid(), bits, strings.Join(filters, " "))
			out.Unlock()
			done.Done()
			for {
				unix.Pause()
			}
		}()
	}
	done.Wait()
	fmt.Println("ready")
	time.Sleep(time.Hour)
}

// disguise changes this thread's credentials at random: system calls that count for the thread alone. Not all of them are
// allowed after others; what comes of it is for the kernel to say.
func disguise(r *rand.Rand, filters *[]string) {
	unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&append([]byte(fmt.Sprintf("t\\%d\n%x", r.IntN(9), r.IntN(1<<16))), 0)[0])), 0, 0, 0)
	for range r.IntN(3) {
		unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(r.IntN(41)), 0, 0, 0)
	}
	if r.IntN(2) == 0 {
		unix.Prctl(unix.PR_SET_SECUREBITS, uintptr(r.IntN(256)), 0, 0, 0)
	}
	if r.IntN(3) == 0 {
		unix.Prctl(unix.PR_SET_KEEPCAPS, 1, 0, 0, 0)
	}
	if r.IntN(2) == 0 {
		groups := make([]uint32, r.IntN(60))
		for i := range groups {
			groups[i] = r.Uint32() >> 1
		}
		syscall.RawSyscall(unix.SYS_SETGROUPS, uintptr(len(groups)), uintptr(unsafe.Pointer(unsafe.SliceData(groups))), 0)
	}
	id := func() uintptr { return []uintptr{0, 1000, uintptr(r.IntN(1 << 30)), ^uintptr(0)}[r.IntN(4)] }
	if r.IntN(2) == 0 {
		syscall.RawSyscall(unix.SYS_SETRESGID, id(), id(), id())
		syscall.RawSyscall(unix.SYS_SETFSGID, id(), 0, 0)
	}
	if r.IntN(4) == 0 {
		unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
	}
	for range r.IntN(3) * r.IntN(3) * r.IntN(12) {
		if hash, ok := filter(r); ok {
			*filters = append([]string{hash}, *filters...)
		}
	}
	if r.IntN(2) == 0 {
		syscall.RawSyscall(unix.SYS_SETRESUID, id(), id(), id())
		syscall.RawSyscall(unix.SYS_SETFSUID, id(), 0, 0)
	}
	if r.IntN(2) == 0 {
		shrink(r)
	}
	if r.IntN(2) == 0 {
		unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE, uintptr(r.IntN(41)), 0, 0)
	}
}

// shrink changes the three sets that capset(2) does.
func shrink(r *rand.Rand) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if unix.Capget(&header, &data[0]) != nil {
		return
	}
	for i := range data {
		data[i].Permitted &= r.Uint32() | r.Uint32()
		data[i].Effective &= data[i].Permitted & r.Uint32()
		data[i].Inheritable = data[i].Permitted & r.Uint32()
	}
	unix.Capset(&header, &data[0])
}

// filter attaches a filter that allows everything, of a random length, and tells which.
func filter(r *rand.Rand) (hash string, ok bool) {
	n := 1 + r.IntN(40)
	if r.IntN(40) == 0 {
		n = inspect.MaxFilterLength
	}
	prog := make([]unix.SockFilter, n)
	for i := range prog {
		prog[i] = unix.SockFilter{Code: unix.BPF_LD | unix.BPF_IMM, K: r.Uint32N(4)}
	}
	prog[n-1] = unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW}
	fprog := unix.SockFprog{Len: uint16(n), Filter: &prog[0]}
	_, _, errno := syscall.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&fprog)))
	var code []byte
	for _, in := range prog {
		code = binary.LittleEndian.AppendUint16(code, in.Code)
		code = binary.LittleEndian.AppendUint32(append(code, in.Jt, in.Jf), in.K)
	}
	p, _ := inspect.NewFilterProgram(code)
	return p.Hash, errno == 0
}

// restless changes its credentials back and forth for a while, and then executes itself anew.
func restless(r *rand.Rand) {
	runtime.LockOSThread()
	end := time.Now().Add(time.Duration(200+r.IntN(800)) * time.Millisecond)
	for time.Now().Before(end) {
		id := 1 + r.IntN(60000)
		syscall.RawSyscall(unix.SYS_SETRESUID, uintptr(id), uintptr(id), 0)
		syscall.RawSyscall(unix.SYS_SETRESUID, 0, 0, 0)
		unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&append(binary.AppendUvarint([]byte("r"), uint64(id)), 0)[0])), 0, 0, 0)
		time.Sleep(4 * time.Millisecond)
	}
	self, _ := os.Executable()
	env := append(os.Environ(), "AGREE_SEED="+strconv.Itoa(r.IntN(1<<30)))
	syscall.Exec(self, append(os.Args[:1:1], strconv.Itoa(r.IntN(100))), env)
}
