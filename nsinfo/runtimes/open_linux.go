package runtimes

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// The bounds on what is read of a file. A spec with a large seccomp profile has some 100 KB, a node's containers.json
// 600 bytes a container.
const (
	maxFile    = 4 << 20
	maxStorage = 16 << 20
	maxSmall   = 64 << 10
)

var (
	errNotRegular = errors.New("not a regular file")
	errTooLarge   = errors.New("larger than a runtime writes it")
	errChanged    = errors.New("it changed while it was read")
	errEnded      = errors.New("the process that leads to it has ended")
)

// content is a file that was read.
type content struct {
	data    []byte
	id      fileID
	owner   uint32
	trusted bool // only the host's root can change the file and what is in its folder
}

// files opens what runtimes write, below the roots of processes.
type files struct {
	proc     string // procfs
	hostRoot string
}

// root opens at's root directory for lookups.
func (fs *files) root(at place) (int, error) {
	if at.pid == 0 {
		return unix.Open(fs.hostRoot, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	}
	dir, err := fs.process(at)
	if err != nil {
		return -1, err
	}
	defer unix.Close(dir)
	return unix.Openat(dir, "root", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
}

// process opens the process's directory, which holds on to it, and makes sure that it is still the one meant.
func (fs *files) process(at place) (int, error) {
	dir, err := unix.Open(path.Join(fs.proc, strconv.Itoa(at.pid)), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, errEnded
	}
	if at.start != 0 && startTime(dir) != at.start {
		unix.Close(dir)
		return -1, errEnded
	}
	return dir, nil
}

// startTime is field 22 of /proc/PID/stat (proc_pid_stat(5)), 0 where it cannot be read. The command before it may hold
// anything, ")" too.
func startTime(dir int) uint64 {
	fd, err := unix.Openat(dir, "stat", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0
	}
	defer unix.Close(fd)
	var buf [1024]byte
	n, _ := unix.Read(fd, buf[:])
	line := buf[:max(n, 0)]
	fields := bytes.Fields(line[bytes.LastIndexByte(line, ')')+1:])
	if len(fields) < 20 {
		return 0
	}
	start, _ := strconv.ParseUint(string(fields[19]), 10, 64)
	return start
}

// mountinfo is the text of the process's mountinfo, as much of it as is kept.
func (fs *files) mountinfo(at place) ([]byte, error) {
	dir, err := fs.process(at)
	if err != nil {
		return nil, err
	}
	defer unix.Close(dir)
	fd, err := unix.Openat(dir, "mountinfo", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "mountinfo")
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile))
}

// workingDir is where the process works, as a path below its root.
func (fs *files) workingDir(at place) (string, error) {
	dir, err := fs.process(at)
	if err != nil {
		return "", err
	}
	defer unix.Close(dir)
	var buf [4096]byte
	n, err := unix.Readlinkat(dir, "cwd", buf[:])
	if err != nil {
		return "", err
	}
	cwd := string(buf[:n])
	if !path.IsAbs(cwd) || strings.HasSuffix(cwd, " (deleted)") || n == len(buf) {
		return "", fmt.Errorf("its working directory %.200q is gone", cwd)
	}
	return cwd, nil
}

// openFile opens the regular file at p below at's root without ever waiting for one, and says who may write it.
// Symbolic links on the way lead only below that root; the file itself must not be one.
func (fs *files) openFile(at place, p string) (f *os.File, c content, err error) {
	root, err := fs.root(at)
	if err != nil {
		return nil, c, err
	}
	defer unix.Close(root)
	below := unix.OpenHow{Flags: unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS}
	dir, err := openat2(root, path.Dir(p), &below)
	if err != nil {
		return nil, c, err
	}
	defer unix.Close(dir)
	// Opening a device does things: what is opened for reading is known to be a regular file by then.
	fd, err := unix.Openat(dir, path.Base(p), unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, c, err
	}
	defer unix.Close(fd)
	var st, folder unix.Stat_t
	if err = unix.Fstat(fd, &st); err == nil {
		err = unix.Fstat(dir, &folder)
	}
	if err != nil {
		return nil, c, err
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG:
	case unix.S_IFLNK:
		return nil, c, unix.ELOOP
	default:
		return nil, c, errNotRegular
	}
	own := path.Join(fs.proc, "self/fd", strconv.Itoa(fd))
	file, err := unix.Open(own, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, c, err
	}
	c.id, c.owner, c.trusted = identity(&st), st.Uid, rootsAlone(&st) && rootsAlone(&folder)
	return os.NewFile(uintptr(file), p), c, nil
}

// openat2 tries again where a rename elsewhere made the kernel unsure (openat2(2), EAGAIN).
func openat2(dir int, p string, how *unix.OpenHow) (fd int, err error) {
	for range 8 {
		if fd, err = unix.Openat2(dir, p, how); err != unix.EAGAIN && err != unix.EINTR {
			break
		}
	}
	return fd, err
}

// rootsAlone tells whether no one but root can write it.
func rootsAlone(st *unix.Stat_t) bool {
	const others = unix.S_IWGRP | unix.S_IWOTH
	return st.Uid == 0 && (st.Mode&others == 0 || st.Mode&unix.S_IWOTH == 0 && st.Gid == 0)
}

func identity(st *unix.Stat_t) fileID {
	return fileID{dev: uint64(st.Dev), inode: st.Ino, mtime: st.Mtim.Nano(), ctime: st.Ctim.Nano(), size: st.Size}
}

// read reads the file, limit bytes at most. One that changes meanwhile is read once more.
func (fs *files) read(at place, p string, limit int64) (content, error) {
	c, err := fs.readOnce(at, p, limit)
	if err == errChanged {
		c, err = fs.readOnce(at, p, limit)
	}
	return c, err
}

func (fs *files) readOnce(at place, p string, limit int64) (content, error) {
	f, c, err := fs.openFile(at, p)
	if err != nil {
		return c, err
	}
	defer f.Close()
	if c.id.size > limit {
		return c, errTooLarge
	}
	var b bytes.Buffer
	b.Grow(int(c.id.size) + bytes.MinRead)
	if _, err := b.ReadFrom(io.LimitReader(f, limit+1)); err != nil {
		return c, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return c, err
	}
	switch {
	case int64(b.Len()) > limit:
		return c, errTooLarge
	case identity(&st) != c.id || int64(b.Len()) != c.id.size:
		return c, errChanged
	}
	c.data = b.Bytes()
	return c, nil
}

// unchanged tells whether the files and directories are still as they were, or still not there. Where the process that
// led to them has ended, nothing new can be read.
func (fs *files) unchanged(all []watched) bool {
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].at == all[0].at {
			n++
		}
		if !fs.unchangedAt(all[0].at, all[:n]) {
			return false
		}
		all = all[n:]
	}
	return true
}

func (fs *files) unchangedAt(at place, all []watched) bool {
	root, err := fs.root(at)
	if err != nil {
		return true
	}
	defer unix.Close(root)
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_NOFOLLOW | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS}
	for i := range all {
		var st unix.Stat_t
		fd, err := openat2(root, all[i].path, &how)
		switch {
		case err != nil && all[i].id == (fileID{}):
			continue
		case err != nil:
			return false
		}
		err = unix.Fstat(fd, &st)
		unix.Close(fd)
		if err != nil || identity(&st) != all[i].id {
			return false
		}
	}
	return true
}

// list reads the names in a directory, limit of them at most; more says whether there were others.
func (fs *files) list(at place, p string, limit int) (names []string, id fileID, more bool, err error) {
	root, err := fs.root(at)
	if err != nil {
		return nil, id, false, err
	}
	defer unix.Close(root)
	how := unix.OpenHow{Flags: unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NONBLOCK | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS}
	fd, err := openat2(root, p, &how)
	if err != nil {
		return nil, id, false, err
	}
	d := os.NewFile(uintptr(fd), p)
	defer d.Close()
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, id, false, err
	}
	names, err = d.Readdirnames(limit + 1)
	if err == io.EOF {
		err = nil
	}
	return names[:min(len(names), limit)], identity(&st), len(names) > limit, err
}

// absent tells whether err means that there is no such file, which is nothing to report.
func absent(err error) bool { return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) }

// why says in words why a file could not be read.
func why(err error) string {
	switch {
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return "permission denied: it is root's"
	case errors.Is(err, unix.ELOOP):
		return "a symbolic link, which no runtime makes of it"
	case errors.Is(err, unix.ENXIO):
		return errNotRegular.Error()
	case errors.Is(err, unix.ENOSYS):
		return "needs openat2(2): Linux 5.6"
	}
	return err.Error()
}
