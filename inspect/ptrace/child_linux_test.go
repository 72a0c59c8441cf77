package ptrace

import (
	"bufio"
	"context"
	"encoding/gob"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"capview/inspect/seccomp"
)

// init keeps a child's main function on the leader, which is what the tests look at: later it may be on another thread.
func init() {
	if os.Getenv("CAPVIEW_PTRACE_CHILD") != "" {
		runtime.LockOSThread()
	}
}

// TestMain is also the processes that the tests look at, started again by its own name.
func TestMain(m *testing.M) {
	if do := os.Getenv("CAPVIEW_PTRACE_CHILD"); do != "" {
		if err := behave(do); err != nil {
			fmt.Println("failed", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// order is what a child is to do: have these filters, the oldest first, and start another thread with the first More.
type order struct {
	Filters []seccomp.Program
	More    int
}

// behave reads its order, gets its filters, says so, and does what its name says until its input ends.
func behave(do string) error {
	in := bufio.NewReader(os.Stdin)
	var o order
	if err := gob.NewDecoder(in).Decode(&o); err != nil {
		return err
	}
	if o.More > 0 {
		tid := make(chan int)
		go func() {
			runtime.LockOSThread()
			if err := load(o.Filters[:o.More]); err != nil {
				fmt.Println("failed", err)
			}
			tid <- unix.Gettid()
			select {}
		}()
		fmt.Println(<-tid)
	}
	if err := load(o.Filters); err != nil {
		return err
	}
	got := make(chan os.Signal, 1)
	signal.Notify(got, unix.SIGUSR1)
	fmt.Println("ready", unix.Gettid())
	switch do {
	case "sleep":
		span := unix.Timespec{Nsec: 300e6}
		from := time.Now()
		_, _, errno := syscall.Syscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&span)), 0, 0)
		fmt.Println("slept", int(errno), time.Since(from) >= 300*time.Millisecond)
	case "vfork":
		vfork()
		fmt.Println("vforked")
	case "signals":
		for range got {
			fmt.Println("signal")
		}
	case "reader":
		var tid int
		var start uint64
		if _, err := fmt.Fscan(in, &tid, &start); err != nil {
			return err
		}
		_, err := Filters(context.Background(), "/proc", tid, start)
		fmt.Println(err)
	}
	var b [1]byte
	n, _, errno := syscall.Syscall(unix.SYS_READ, 0, uintptr(unsafe.Pointer(&b)), 1)
	fmt.Println("read", int(n), int(errno), string(b[:]))
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// vfork has the calling thread wait for a child, of memory of its own, that reads a byte and ends.
func vfork() {
	var b [1]byte
	if pid, _, _ := syscall.RawSyscall6(unix.SYS_CLONE, unix.CLONE_VFORK, 0, 0, 0, 0, 0); pid == 0 {
		syscall.RawSyscall(unix.SYS_READ, 0, uintptr(unsafe.Pointer(&b)), 1)
		syscall.RawSyscall(unix.SYS_EXIT, 0, 0, 0)
	}
}

// load attaches the filters to the calling thread alone.
func load(filters []seccomp.Program) error {
	for _, f := range filters {
		raw := make([]unix.SockFilter, len(f))
		for i, in := range f {
			raw[i] = unix.SockFilter{Code: in.Code, Jt: in.JT, Jf: in.JF, K: in.K}
		}
		p := unix.SockFprog{Len: uint16(len(raw)), Filter: &raw[0]}
		if _, _, errno := syscall.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&p))); errno != 0 {
			return errno
		}
	}
	return nil
}

// child is a running one.
type child struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Reader
	tid   int
	start uint64
	other string // the other thread's TID
}

func newChild(t *testing.T, do string, o order, attr *syscall.SysProcAttr) *child {
	t.Helper()
	c := &child{cmd: exec.Command("/proc/self/exe")}
	// No signals of the runtime's own.
	c.cmd.Env = append(os.Environ(), "CAPVIEW_PTRACE_CHILD="+do, "GODEBUG=asyncpreemptoff=1")
	c.cmd.Stderr = os.Stderr
	c.cmd.SysProcAttr = attr
	var err error
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.out = bufio.NewReader(out)
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		_ = c.cmd.Wait()
	})
	if err := gob.NewEncoder(c.in).Encode(o); err != nil {
		t.Fatal(err)
	}
	if o.More > 0 {
		c.other = c.line(t)
	}
	if _, err := fmt.Sscanf(c.line(t), "ready %d", &c.tid); err != nil {
		t.Fatal(err)
	}
	c.start = startOf(t, c.tid)
	return c
}

// line is the next that the child says.
func (c *child) line(t *testing.T) string {
	t.Helper()
	text, err := c.out.ReadString('\n')
	if err != nil || strings.HasPrefix(text, "failed") {
		t.Fatal(text, err)
	}
	return strings.TrimSpace(text)
}

// continues has a child that is in read(2) show that it gets what it waits for.
func (c *child) continues(t *testing.T) {
	t.Helper()
	if _, err := io.WriteString(c.in, "x"); err != nil {
		t.Fatal(err)
	}
	if got := c.line(t); got != "read 1 0 x" {
		t.Errorf("its read(2) ended with %q", got)
	}
}

func startOf(t *testing.T, tid int) uint64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", tid))
	if err != nil {
		t.Fatal(err)
	}
	start, err := parseStart(text)
	if err != nil {
		t.Fatal(err)
	}
	return start
}

// harmless is a random program of that many instructions that allows everything.
func harmless(r *rand.Rand, length int) seccomp.Program {
	p := make(seccomp.Program, 0, length)
	for len(p) < length-1 {
		left := length - 2 - len(p) // instructions that a jump may skip and still meet the last
		k := r.Uint32()
		switch r.IntN(5) {
		case 0:
			p = append(p, seccomp.Instruction{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: k % 16 * 4})
		case 1:
			p = append(p, seccomp.Instruction{Code: unix.BPF_ALU | unix.BPF_XOR | unix.BPF_K, K: k})
		case 2:
			p = append(p, seccomp.Instruction{Code: unix.BPF_ST, K: k % 16})
		case 3:
			p = append(p, seccomp.Instruction{Code: unix.BPF_JMP | unix.BPF_JA, K: k % uint32(min(left, 3)+1)})
		case 4:
			skip := func() uint8 { return uint8(r.IntN(min(left, 255) + 1)) }
			p = append(p, seccomp.Instruction{Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, JT: skip(), JF: skip(), K: k})
		}
	}
	return append(p, seccomp.Instruction{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW})
}

// needs skips where the caller or the kernel cannot: then nothing is read.
func needs(t *testing.T) {
	t.Helper()
	if err := permitted("/proc"); err != nil {
		t.Skip(err)
	}
	if _, err := os.Stat("/proc/sys/kernel/ns_last_pid"); err != nil {
		t.Skip("the kernel was built without CONFIG_CHECKPOINT_RESTORE: ", err)
	}
}
