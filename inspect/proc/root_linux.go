package proc

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"capview/inspect/crash"
)

// opened is a process's folder in procfs, held open; what it leads to is that process's as long as it lives.
type opened struct {
	src *Source
	pid int
	dir int // O_PATH descriptor
}

// look runs a function on a process. A start other than 0 must be its start time. The error is os.ErrNotExist where
// there is no such process (any more), and os.ErrDeadlineExceeded where a file system does not answer: the function is
// left behind then, so all that it finds is in its result.
func look[T any](ctx context.Context, s *Source, pid int, start uint64, f func(*opened) (T, error)) (T, error) {
	type result struct {
		v   T
		err error
	}
	answer := make(chan result, 1)
	go func() {
		defer crash.Recover()
		var r result
		r.err = s.open(pid, start, func(o *opened) (err error) {
			r.v, err = f(o)
			return err
		})
		answer <- r
	}()
	select {
	case r := <-answer:
		return r.v, r.err
	case <-ctx.Done():
		return *new(T), ctx.Err()
	case <-time.After(patience):
		return *new(T), fmt.Errorf("its file system does not answer: %w", os.ErrDeadlineExceeded)
	}
}

func (s *Source) open(pid int, start uint64, f func(*opened) error) error {
	gone := fmt.Errorf("process %d: %w", pid, os.ErrNotExist)
	dir, err := retry(func() (int, error) {
		return unix.Openat(int(s.root.Fd()), strconv.Itoa(pid), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return gone
	}
	defer unix.Close(dir)
	o := &opened{src: s, pid: pid, dir: dir}
	st, err := o.stat()
	if err != nil || start != 0 && st.startTime != start {
		return gone
	}
	err = f(o)
	if _, alive := o.stat(); alive != nil { // what was found may be nobody's
		return gone
	}
	return err
}

func (o *opened) text(name string) ([]byte, error) {
	buf := make([]byte, 4096)
	return readAt(o.dir, name, &buf, maxText)
}

func (o *opened) stat() (stat, error) {
	text, err := o.text("stat")
	if err != nil {
		return stat{}, err
	}
	return parseStat(text)
}

// root opens the process's root directory: where its own paths begin, in its mount namespace.
func (o *opened) root() (int, error) {
	return retry(func() (int, error) {
		return unix.Openat(o.dir, "root", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	})
}

// reached is the path under which the file behind a descriptor can be given to system calls that take no O_PATH
// descriptor: the kernel's own link to it.
func (o *opened) reached(fd int) string {
	return fmt.Sprintf("%s/self/fd/%d", o.src.opt.Root, fd)
}
