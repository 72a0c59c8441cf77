package ptrace

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"capview/inspect/seccomp"
)

// stackOf is n random filters, the oldest first.
func stackOf(r *rand.Rand, n, length int) []seccomp.Program {
	var filters []seccomp.Program
	for range n {
		filters = append(filters, harmless(r, 1+r.IntN(length)))
	}
	return filters
}

// newest turns what was loaded into the order in which it is read.
func newest(filters []seccomp.Program) seccomp.Stack {
	s := slices.Clone(filters)
	slices.Reverse(s)
	return s
}

// What is read is what was loaded, instruction for instruction, in stacks of every height to 32; and the thread that was
// stopped for it still gets what it waited for.
func TestFilters(t *testing.T) {
	needs(t)
	r := rand.New(rand.NewPCG(5, 1))
	filters, instructions := 0, 0
	check := func(loaded []seccomp.Program) {
		c := newChild(t, "read", order{Filters: loaded}, nil)
		got, err := Filters(t.Context(), "/proc", c.tid, c.start)
		if err != nil || !reflect.DeepEqual(got, newest(loaded)) {
			t.Fatalf("%d filters loaded, %d read, or not the same: %v", len(loaded), len(got), err)
		}
		c.continues(t)
		filters += len(got)
		for _, f := range got {
			instructions += len(f)
		}
	}
	for n := 1; n <= 32; n++ {
		check(stackOf(r, n, 300))
	}
	check([]seccomp.Program{harmless(r, unix.BPF_MAXINSNS), harmless(r, 1), harmless(r, unix.BPF_MAXINSNS)})
	t.Logf("%d filters of 33 processes, %d instructions in all, read as they were loaded", filters, instructions)
}

// A thread without filters is not touched: nothing is demanded of the caller.
func TestNone(t *testing.T) {
	c := newChild(t, "read", order{}, nil)
	if got, err := Filters(t.Context(), "/proc", c.tid, c.start); got != nil || err != nil {
		t.Error(got, err)
	}
}

// Filters are of threads: each has its own, and the ones of the runtime's other threads have none.
func TestThreads(t *testing.T) {
	needs(t)
	loaded := stackOf(rand.New(rand.NewPCG(5, 2)), 5, 100)
	c := newChild(t, "read", order{Filters: loaded, More: 2}, nil)
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", c.cmd.Process.Pid))
	if err != nil || len(tasks) < 3 {
		t.Fatal(tasks, err)
	}
	for _, task := range tasks {
		var want seccomp.Stack
		switch task.Name() {
		case strconv.Itoa(c.tid):
			want = newest(loaded)
		case c.other:
			want = newest(loaded[:2])
		}
		tid, _ := strconv.Atoi(task.Name())
		got, err := Filters(t.Context(), "/proc", tid, startOf(t, tid))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("thread %d: %d filters, not %d: %v", tid, len(got), len(want), err)
		}
	}
	c.continues(t)
}

// A sleep that is interrupted again and again lasts as long as it was to.
func TestSleeping(t *testing.T) {
	needs(t)
	loaded := stackOf(rand.New(rand.NewPCG(5, 3)), 3, 100)
	c := newChild(t, "sleep", order{Filters: loaded}, nil)
	for range 20 {
		if got, err := Filters(t.Context(), "/proc", c.tid, c.start); err != nil || len(got) != 3 {
			t.Fatal(got, err)
		}
	}
	if got := c.line(t); got != "slept 0 true" {
		t.Errorf("its nanosleep(2) ended with %q", got)
	}
	c.continues(t)
}

// What the package's comment warns of: without restart_syscall(2), a sleep that was interrupted ends.
func TestSleepingWithoutRestart(t *testing.T) {
	needs(t)
	deny := seccomp.Program{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0},
		{Code: unix.BPF_JMP | unix.BPF_JEQ, K: unix.SYS_RESTART_SYSCALL, JF: 1},
		{Code: unix.BPF_RET, K: unix.SECCOMP_RET_ERRNO | 77},
		{Code: unix.BPF_RET, K: unix.SECCOMP_RET_ALLOW},
	}
	c := newChild(t, "sleep", order{Filters: []seccomp.Program{deny}}, nil)
	asleepIn(t, c.tid, unix.SYS_NANOSLEEP)
	if _, err := Filters(t.Context(), "/proc", c.tid, c.start); err != nil {
		t.Fatal(err)
	}
	if got := c.line(t); got != "slept 77 false" {
		t.Errorf("its nanosleep(2) ended with %q", got)
	}
}

// Signals that come while filters are read are delivered, each once.
func TestSignals(t *testing.T) {
	needs(t)
	c := newChild(t, "signals", order{Filters: stackOf(rand.New(rand.NewPCG(5, 4)), 2, 50)}, nil)
	stop := make(chan struct{})
	read := make(chan int)
	go func() {
		n := 0
		defer func() { read <- n }()
		for {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := Filters(context.Background(), "/proc", c.tid, c.start); err != nil {
				t.Error(err)
				return
			}
			n++
		}
	}()
	const signals = 500
	for range signals {
		if err := unix.Tgkill(c.cmd.Process.Pid, c.tid, unix.SIGUSR1); err != nil {
			t.Fatal(err)
		}
		if got := c.line(t); got != "signal" {
			t.Fatal(got)
		}
	}
	close(stop)
	t.Logf("%d signals delivered while filters were read %d times", signals, <-read)
}

func TestStopped(t *testing.T) {
	needs(t)
	c := newChild(t, "read", order{Filters: stackOf(rand.New(rand.NewPCG(5, 5)), 2, 50)}, nil)
	if err := c.cmd.Process.Signal(unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	until(t, c.tid, 'T')
	for range 3 {
		if got, err := Filters(t.Context(), "/proc", c.tid, c.start); err != nil || len(got) != 2 {
			t.Fatal(got, err)
		}
		until(t, c.tid, 'T')
	}
	if err := c.cmd.Process.Signal(unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	c.continues(t)
}

func TestTraced(t *testing.T) {
	needs(t)
	c := newChild(t, "read", order{Filters: stackOf(rand.New(rand.NewPCG(5, 6)), 2, 50)}, nil)
	ready, end, ended := make(chan error), make(chan struct{}), make(chan struct{})
	onThread(func() {
		defer close(ended)
		ready <- unix.PtraceSeize(c.tid)
		<-end
	})
	if err := <-ready; err != nil {
		t.Fatal(err)
	}
	_, err := Filters(t.Context(), "/proc", c.tid, c.start)
	if !errors.Is(err, ErrTraced) || !strings.Contains(err.Error(), "traced already by ") {
		t.Error(err)
	}
	close(end)
	<-ended
	untraced(t, c.tid)
	if got, err := Filters(t.Context(), "/proc", c.tid, c.start); err != nil || len(got) != 2 {
		t.Error(got, err)
	}
	c.continues(t)
}

func TestVanished(t *testing.T) {
	needs(t)
	c := newChild(t, "read", order{Filters: stackOf(rand.New(rand.NewPCG(5, 7)), 2, 50)}, nil)
	for _, start := range []uint64{c.start + 1, 0} {
		if _, err := Filters(t.Context(), "/proc", c.tid, start); !errors.Is(err, ErrVanished) {
			t.Error(err)
		}
	}
	c.continues(t) // what was not meant was not touched
	if err := c.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	until(t, c.tid, 'Z')
	if _, err := Filters(t.Context(), "/proc", c.tid, c.start); !errors.Is(err, ErrVanished) {
		t.Error(err)
	}
	_ = c.cmd.Wait()
	if _, err := Filters(t.Context(), "/proc", c.tid, c.start); !errors.Is(err, ErrVanished) {
		t.Error(err)
	}
}

// Killed at any moment of the reading, it is gone, or was read before.
func TestKilled(t *testing.T) {
	needs(t)
	loaded := stackOf(rand.New(rand.NewPCG(5, 8)), 4, 1000)
	gone := 0
	for i := range 30 {
		c := newChild(t, "read", order{Filters: loaded}, nil)
		go func() {
			time.Sleep(time.Duration(i) * 10 * time.Microsecond)
			_ = c.cmd.Process.Kill()
		}()
		for {
			got, err := Filters(t.Context(), "/proc", c.tid, c.start)
			if errors.Is(err, ErrVanished) {
				gone++
				break
			}
			if err != nil || !reflect.DeepEqual(got, newest(loaded)) {
				t.Fatal(len(got), err)
			}
		}
	}
	t.Logf("%d killed while they were read", gone)
}

// A thread that cannot stop is let go: here one that waits uninterruptibly for the child of its vfork(2).
func TestUninterruptible(t *testing.T) {
	needs(t)
	loaded := stackOf(rand.New(rand.NewPCG(5, 9)), 2, 50)
	c := newChild(t, "vfork", order{Filters: loaded}, nil)
	until(t, c.tid, 'D')
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := Filters(ctx, "/proc", c.tid, c.start); !errors.Is(err, ErrTimeout) {
		t.Error(err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if _, err := Filters(ctx, "/proc", c.tid, c.start); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	untraced(t, c.tid)
	fmt.Fprint(c.in, "v") // ends the child
	if got := c.line(t); got != "vforked" {
		t.Error(got)
	}
	if got, err := Filters(t.Context(), "/proc", c.tid, c.start); err != nil || !reflect.DeepEqual(got, newest(loaded)) {
		t.Error(len(got), err)
	}
	c.continues(t)
}

func TestCallerFiltered(t *testing.T) {
	needs(t)
	c := newChild(t, "read", order{Filters: stackOf(rand.New(rand.NewPCG(5, 10)), 1, 50)}, nil)
	var err error
	onEnding(func() {
		if err = load([]seccomp.Program{{{Code: unix.BPF_RET, K: unix.SECCOMP_RET_ALLOW}}}); err == nil {
			_, err = filters(t.Context(), "/proc", c.tid, c.start)
		}
	})
	if !errors.Is(err, ErrFiltered) {
		t.Error(err)
	}
	c.continues(t)
}

func TestCallerUnprivileged(t *testing.T) {
	needs(t)
	c := newChild(t, "read", order{Filters: stackOf(rand.New(rand.NewPCG(5, 11)), 1, 50)}, nil)
	var err error
	onEnding(func() {
		if err = drop(unix.CAP_SYS_ADMIN); err == nil {
			_, err = filters(t.Context(), "/proc", c.tid, c.start)
		}
	})
	if !errors.Is(err, ErrPrivilege) {
		t.Error(err)
	}
	c.continues(t)
}

// Root of a user namespace holds CAP_SYS_ADMIN, but not where it is asked for.
func TestCallerInUserNamespace(t *testing.T) {
	needs(t)
	c := newChild(t, "read", order{Filters: stackOf(rand.New(rand.NewPCG(5, 12)), 1, 50)}, nil)
	ids := []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}
	reader := newChild(t, "reader", order{}, &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER, UidMappings: ids, GidMappings: ids})
	fmt.Fprintln(reader.in, c.tid, c.start)
	if got := reader.line(t); !strings.HasSuffix(got, ErrPrivilege.Error()) {
		t.Error(got)
	}
	c.continues(t)
}

// What the kernel answers is put into words.
func TestExplain(t *testing.T) {
	for errno, want := range map[unix.Errno]error{
		unix.EACCES: ErrPrivilege, unix.EINVAL: ErrUnsupported, unix.EMEDIUMTYPE: ErrNotClassic, unix.ESRCH: ErrVanished, unix.ENOMEM: unix.ENOMEM,
	} {
		if got := explain(errno); !errors.Is(got, want) {
			t.Errorf("%v: %v", errno, got)
		}
	}
}

// onEnding runs f on a thread that ends with it, and waits.
func onEnding(f func()) {
	done := make(chan struct{})
	onThread(func() {
		defer close(done)
		f()
	})
	<-done
}

// drop takes a capability from the calling thread.
func drop(capability uint) error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return err
	}
	data[capability/32].Effective &^= 1 << (capability % 32)
	return unix.Capset(&header, &data[0])
}

// until waits for a state.
func until(t *testing.T, tid int, state byte) {
	t.Helper()
	waitFor(t, tid, func(s status) bool { return s.state == state })
}

// asleepIn waits until it sleeps in that system call: its threads wait for one another as well (proc_pid_syscall(5)).
func asleepIn(t *testing.T, tid int, number int) {
	t.Helper()
	waitFor(t, tid, func(status) bool {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/syscall", tid))
		if err != nil {
			t.Fatal(err)
		}
		return strings.HasPrefix(string(text), strconv.Itoa(number)+" ")
	})
}

func untraced(t *testing.T, tid int) { waitFor(t, tid, func(s status) bool { return s.tracer == 0 }) }

func waitFor(t *testing.T, tid int, is func(status) bool) {
	t.Helper()
	for range 5000 {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", tid))
		if err != nil {
			t.Fatal(err)
		}
		if s, err := parseStatus(text); err == nil && is(s) {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("it never came to be so")
}
