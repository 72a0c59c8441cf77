package ptrace

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"capview/inspect/seccomp"
)

// most is more filters than a thread can have: their instructions are at most 32,768, of each at least 4 are counted on
// top (kernel/seccomp.c, MAX_INSNS_PER_PATH).
const most = 8192

// tracee is a thread that the calling thread has attached to and that is stopped.
type tracee struct {
	tid    int
	signal unix.Signal // the signal whose delivery it stopped at, which it still is to get; 0 for none
}

// attach seizes the thread and waits until it has stopped. Where it does not stop in time, the end of the calling thread
// lets it go.
func attach(ctx context.Context, tid int) (*tracee, error) {
	switch err := unix.PtraceSeize(tid); {
	case errors.Is(err, unix.ESRCH):
		return nil, ErrVanished
	case errors.Is(err, unix.EPERM):
		return nil, ErrDenied
	case err != nil:
		return nil, fmt.Errorf("PTRACE_SEIZE: %w", err)
	}
	if err := unix.PtraceInterrupt(tid); err != nil {
		return nil, fmt.Errorf("PTRACE_INTERRUPT: %w", gone(err))
	}
	for pause := 10 * time.Microsecond; ; pause = min(2*pause, 5*time.Millisecond) {
		var s unix.WaitStatus
		// Only this thread's tracees: those of others in the process are theirs.
		got, err := unix.Wait4(tid, &s, unix.WALL|unix.WNOHANG|unix.WNOTHREAD, nil)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil || got == tid && !s.Stopped():
			return nil, ErrVanished // or taken from under us by another thread's execve
		case got == tid && int(s)>>16 == unix.PTRACE_EVENT_STOP:
			return &tracee{tid: tid}, nil
		case got == tid:
			return &tracee{tid: tid, signal: s.StopSignal()}, nil
		}
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return nil, ErrTimeout
			}
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// detach lets the thread go on, or stay stopped where it was.
func (t *tracee) detach() error {
	_, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, unix.PTRACE_DETACH, uintptr(t.tid), 0, uintptr(t.signal), 0, 0)
	if errno != 0 && errno != unix.ESRCH { // ESRCH: killed meanwhile
		return fmt.Errorf("PTRACE_DETACH: %w", errno)
	}
	return nil
}

// filters reads all, the newest first. The kernel counts from the oldest.
func (t *tracee) filters() (seccomp.Stack, error) {
	var stack seccomp.Stack
	for i := range uintptr(most) {
		program, err := t.filter(i)
		if errors.Is(err, unix.ENOENT) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("filter %d from the oldest: %w", i, err)
		}
		stack = append(stack, program)
	}
	for i, j := 0, len(stack)-1; i < j; i, j = i+1, j-1 {
		stack[i], stack[j] = stack[j], stack[i]
	}
	return stack, nil
}

// filter reads one.
func (t *tracee) filter(index uintptr) (seccomp.Program, error) {
	length, errno := t.get(index, nil)
	if errno != 0 {
		return nil, explain(errno)
	}
	if length == 0 || length > unix.BPF_MAXINSNS {
		return nil, fmt.Errorf("the kernel says that it has %d instructions", length)
	}
	raw := make([]unix.SockFilter, length)
	if _, errno = t.get(index, &raw[0]); errno != 0 {
		return nil, explain(errno)
	}
	program := make(seccomp.Program, length)
	for i, in := range raw {
		program[i] = seccomp.Instruction{Code: in.Code, JT: in.Jt, JF: in.Jf, K: in.K}
	}
	return program, nil
}

// explain is what an errno of PTRACE_SECCOMP_GET_FILTER means.
func explain(errno unix.Errno) error {
	switch errno {
	case unix.EACCES:
		return ErrPrivilege
	case unix.EINVAL, unix.EIO: // EIO: a kernel before 4.4, which does not know the request
		return ErrUnsupported
	case unix.EMEDIUMTYPE:
		return ErrNotClassic
	case unix.ESRCH:
		return ErrVanished // killed while it was stopped
	}
	return errno
}

// get asks for one: how many instructions it has, and into room for as many what they are.
func (t *tracee) get(index uintptr, room *unix.SockFilter) (uintptr, unix.Errno) {
	length, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, unix.PTRACE_SECCOMP_GET_FILTER, uintptr(t.tid), index, uintptr(unsafe.Pointer(room)), 0, 0)
	return length, errno
}
