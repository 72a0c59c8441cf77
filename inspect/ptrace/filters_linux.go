package ptrace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"capview/inspect/seccomp"
)

// limit is how long the thread may take to stop where ctx sets no earlier end.
const limit = 2 * time.Second

// Filters reads the filters of the thread with that TID and start time (clock ticks since boot), the newest first; none
// is no error. proc is where procfs is mounted, of the caller's PID namespace. The thread is stopped meanwhile, if it has
// filters at all, and let go whatever happens. An error wraps one of the package's, or says what the kernel said.
func Filters(ctx context.Context, proc string, tid int, start uint64) (seccomp.Stack, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	done := make(chan struct{})
	var stack seccomp.Stack
	var tracer int
	err := ctx.Err()
	if err == nil {
		onThread(func() {
			defer close(done)
			tracer = unix.Gettid()
			stack, err = filters(ctx, proc, tid, start)
		})
		<-done
	}
	if err != nil {
		released(proc, tid, start, tracer)
		return nil, fmt.Errorf("ptrace %d: %w", tid, err)
	}
	return stack, nil
}

// released waits until the thread is free of a tracer that is ending; that it takes long is not expected.
func released(proc string, tid int, start uint64, tracer int) {
	for range 1000 {
		if s, err := look(proc, tid, start); err != nil || s.tracer != tracer || tracer == 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// onThread runs f on a thread of its own, which ends with it: tracing is by thread, and the kernel frees what the tracer
// held when it ends (kernel/ptrace.c, exit_ptrace), even a thread that never stopped. The process's first thread would
// only be parked, so it is left aside.
func onThread(f func()) {
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() != unix.Getpid() {
			f()
			return // without unlocking: the runtime ends the thread
		}
		defer runtime.UnlockOSThread()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			runtime.LockOSThread()
			f()
		}()
		<-ended
	}()
}

// filters does the work on the calling thread.
func filters(ctx context.Context, proc string, tid int, start uint64) (seccomp.Stack, error) {
	target, err := look(proc, tid, start)
	if err != nil {
		return nil, err
	}
	if target.seccomp != unix.SECCOMP_MODE_FILTER {
		return nil, nil
	}
	if err := permitted(proc); err != nil {
		return nil, err
	}
	if target.tracer != 0 {
		return nil, fmt.Errorf("%w by %d", ErrTraced, target.tracer)
	}
	t, err := attach(ctx, tid)
	if errors.Is(err, ErrDenied) { // perhaps because it is ending, or another was faster
		switch again, e := look(proc, tid, start); {
		case e != nil:
			return nil, e
		case again.tracer != 0:
			return nil, fmt.Errorf("%w by %d", ErrTraced, again.tracer)
		}
	}
	if err != nil {
		return nil, err
	}
	// While it is attached, its number is not given to another: what is read now is of the one that is held.
	if _, err := look(proc, tid, start); err != nil {
		return nil, errors.Join(err, t.detach())
	}
	stack, err := t.filters()
	return stack, errors.Join(err, t.detach())
}

// look reads the status of the thread, and makes sure that it is the one that was meant.
func look(proc string, tid int, start uint64) (status, error) {
	dir := filepath.Join(proc, strconv.Itoa(tid))
	stat, err := read(filepath.Join(dir, "stat"))
	if err != nil {
		return status{}, err
	}
	is, err := parseStart(stat)
	if err != nil {
		return status{}, err
	}
	if is != start {
		return status{}, fmt.Errorf("%w: its number is another's, started at %d, not %d", ErrVanished, is, start)
	}
	text, err := read(filepath.Join(dir, "status"))
	if err != nil {
		return status{}, err
	}
	s, err := parseStatus(text)
	if err == nil && (s.state == 'Z' || s.state == 'X') {
		return s, fmt.Errorf("%w: it has ended and waits for its parent", ErrVanished)
	}
	return s, err
}

// permitted is what the kernel would say of the calling thread, asked before any other thread is stopped.
func permitted(proc string) error {
	text, err := read(filepath.Join(proc, "thread-self/status"))
	if err != nil {
		return err
	}
	own, err := parseStatus(text)
	if err != nil {
		return err
	}
	if own.seccomp != unix.SECCOMP_MODE_DISABLED {
		return ErrFiltered
	}
	if own.effective>>unix.CAP_SYS_ADMIN&1 == 0 {
		return ErrPrivilege
	}
	// PROC_USER_INIT_INO (include/linux/proc_ns.h): the number of the initial user namespace.
	link, err := os.Readlink(filepath.Join(proc, "thread-self/ns/user"))
	if err == nil && link != "user:[4026531837]" {
		return ErrPrivilege
	}
	return nil
}

// read is a small file of procfs. Where the thread is gone, its directory or the kernel's answer is.
func read(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, gone(err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, 1<<16))
	return text, gone(err)
}

func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) {
		return ErrVanished
	}
	return err
}

// Start is when the thread with that TID started, as Filters wants it.
func Start(proc string, tid int) (uint64, error) {
	text, err := read(filepath.Join(proc, strconv.Itoa(tid), "stat"))
	if err != nil {
		return 0, fmt.Errorf("%d: %w", tid, err)
	}
	return parseStart(text)
}
