package proc

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// maxText bounds what is read of one file; no status, stat, cgroup or map the kernel writes comes near it.
const maxText = 1 << 20

// openProcRoot opens dir for lookups and checks that it is a procfs.
func openProcRoot(dir string) (*os.File, error) {
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", dir, err)
	}
	var st unix.Statfs_t
	if err := unix.Fstatfs(fd, &st); err != nil || st.Type != unix.PROC_SUPER_MAGIC {
		unix.Close(fd)
		return nil, fmt.Errorf("%s is not a procfs", dir)
	}
	return os.NewFile(uintptr(fd), dir), nil
}

// retry repeats a system call that a signal interrupted.
func retry(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if err != unix.EINTR {
			return n, err
		}
	}
}

// readAt reads the whole of the procfs file name below dir, at most limit bytes, into *buf, which grows as needed.
// Files of procfs that capview reads are made in one piece: a read shorter than its buffer is the end.
func readAt(dir int, name string, buf *[]byte, limit int) ([]byte, error) {
	fd, err := retry(func() (int, error) { return unix.Openat(dir, name, unix.O_RDONLY|unix.O_CLOEXEC, 0) })
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	for got := 0; ; {
		n, err := retry(func() (int, error) { return unix.Read(fd, (*buf)[got:]) })
		if err != nil {
			return nil, err
		}
		got += n
		if got < len(*buf) {
			return (*buf)[:got], nil
		}
		if got >= limit {
			return (*buf)[:limit], io.ErrShortBuffer
		}
		*buf = append(*buf, make([]byte, len(*buf))...)
	}
}

// readlinkAt reads the symbolic link name below dir into buf, which bounds it.
func readlinkAt(dir int, name string, buf []byte) ([]byte, error) {
	n, err := retry(func() (int, error) { return unix.Readlinkat(dir, name, buf) })
	if err != nil {
		return nil, err
	}
	return buf[:n], nil
}

// ended tells whether err means that the process is gone.
func ended(err error) bool { return err == unix.ENOENT || err == unix.ESRCH }

// why says in words why something of a process could not be read.
func why(err error) string {
	switch {
	case errors.Is(err, unix.EACCES):
		return "permission denied: needs CAP_SYS_PTRACE over the process"
	case errors.Is(err, unix.EPERM):
		return "not permitted: procfs is mounted with hidepid, or a security module forbids it"
	case errors.Is(err, io.ErrShortBuffer):
		return "longer than capview reads: cut"
	}
	return strings.ToLower(err.Error())
}
