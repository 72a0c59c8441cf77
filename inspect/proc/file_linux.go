package proc

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"capview/inspect"
	"capview/inspect/filecap"
	"capview/inspect/rules"
	"capview/nsinfo"
)

// scriptHead is how many bytes of a file the kernel looks at for what it is (BINPRM_BUF_SIZE).
const scriptHead = 256

// deepestScript is how many interpreters may follow each other before the kernel gives up (fs/exec.c exec_binprm: five).
const deepestScript = 6

// File reads what decides about executing path as the process pid would: absolute, from its root directory, in its mount
// namespace (openat2(2), RESOLVE_IN_ROOT: no link and no ".." leads out). A start other than 0 must be the process's
// start time; os.ErrNotExist about the process itself, wrapped in its number, is when it is gone. Another error tells
// why the path leads to nothing that could be executed.
func (s *Source) File(ctx context.Context, pid int, start uint64, path string) (rules.File, error) {
	return look(ctx, s, pid, start, func(o *opened) (rules.File, error) {
		root, err := o.root()
		if err != nil {
			return rules.File{}, &RootError{err}
		}
		defer unix.Close(root)
		return o.file(root, path, deepestScript)
	})
}

// RootError is why a process's root directory could not be opened.
type RootError struct{ Err error }

func (e *RootError) Error() string { return "its root directory: " + why(e.Err) }
func (e *RootError) Unwrap() error { return e.Err }

// openIn opens path below root for looking at.
func openIn(root int, path string) (int, error) {
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS}
	return retry(func() (int, error) { return unix.Openat2(root, path, &how) })
}

func (o *opened) file(root int, path string, depth int) (rules.File, error) {
	f := rules.File{Path: path}
	fd, err := openIn(root, path)
	if err != nil {
		return f, &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return f, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	if kind := kindOf(st.Mode); kind != "" {
		return f, &os.PathError{Op: "execute", Path: path, Err: fmt.Errorf("it is %s", kind)}
	}
	f.Inode = inspect.Some(rules.Inode{Mode: st.Mode, UID: st.Uid, GID: st.Gid})
	o.fileMount(fd, &f)
	o.fileCaps(fd, &f)
	o.script(root, fd, &f, depth)
	return f, nil
}

// kindOf says what a file is that no execve(2) takes; "" for a regular one.
func kindOf(mode uint32) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return ""
	case unix.S_IFDIR:
		return "a directory"
	case unix.S_IFIFO:
		return "a named pipe"
	case unix.S_IFSOCK:
		return "a socket"
	case unix.S_IFLNK:
		return "a symbolic link"
	}
	return "a device"
}

// fileMount reads the options of the mount that a file was reached by, and whether it is one of the process's own.
func (o *opened) fileMount(fd int, f *rules.File) {
	var fs unix.Statfs_t
	if unix.Fstatfs(fd, &fs) == nil {
		f.NoSUID = inspect.Some(fs.Flags&unix.ST_NOSUID != 0)
		f.NoExec = inspect.Some(fs.Flags&unix.ST_NOEXEC != 0)
	}
	var stx unix.Statx_t
	if unix.Statx(fd, "", unix.AT_EMPTY_PATH|unix.AT_STATX_DONT_SYNC, unix.STATX_MNT_ID, &stx) != nil || stx.Mask&unix.STATX_MNT_ID == 0 {
		return
	}
	ns, err := inodeAt(o.dir, nsLinks[nsinfo.Mount])
	if err == nil && (o.lists("mountinfo", o.dir, stx.Mnt_id) || o.readersOwn(ns) && o.lists("self/mountinfo", int(o.src.root.Fd()), stx.Mnt_id)) {
		f.MountNS = inspect.Some(ns)
	}
}

// readersOwn tells whether a mount namespace is the reader's, whose mounts the reader sees where the process is in a
// chroot: its own list has only those below its root directory.
func (o *opened) readersOwn(ns uint64) bool {
	own, err := inodeAt(int(o.src.root.Fd()), "self/"+nsLinks[nsinfo.Mount])
	return err == nil && own == ns
}

// lists tells whether a mountinfo file has a mount.
func (o *opened) lists(name string, dir int, id uint64) bool {
	buf := make([]byte, 16384)
	mounts, err := readAt(dir, name, &buf, maxText)
	return err == nil && mountListed(mounts, id)
}

// mountListed tells whether a mount is in the text of mountinfo (proc_pid_mountinfo(5)): a line's first field.
func mountListed(mountinfo []byte, id uint64) bool {
	prefix := fmt.Append(nil, id, " ")
	return bytes.HasPrefix(mountinfo, prefix) || bytes.Contains(mountinfo, append([]byte("\n"), prefix...))
}

func inodeAt(dir int, name string) (uint64, error) {
	var st unix.Stat_t
	err := unix.Fstatat(dir, name, &st, 0)
	return st.Ino, err
}

func (o *opened) fileCaps(fd int, f *rules.File) {
	var buf [64]byte
	n, err := retry(func() (int, error) { return unix.Getxattr(o.reached(fd), filecap.Attribute, buf[:]) })
	switch err {
	case nil:
		c, err := filecap.Parse(buf[:n])
		if f.BadCaps = err != nil; !f.BadCaps {
			f.Caps = inspect.Some(c)
		}
	case unix.ENODATA, unix.EOPNOTSUPP:
		f.Caps = inspect.Some(filecap.Caps{})
	}
}

// script reads the interpreter that a "#!" line names (fs/binfmt_script.c).
func (o *opened) script(root, fd int, f *rules.File, depth int) {
	file, err := unix.Open(o.reached(fd), unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(file)
	head := make([]byte, scriptHead)
	n, err := retry(func() (int, error) { return unix.Read(file, head) })
	if err != nil || !bytes.HasPrefix(head[:n], []byte("#!")) {
		return
	}
	name := interpreter(head[:n])
	f.Interpreter = &rules.File{Path: name}
	if strings.HasPrefix(name, "/") && depth > 0 {
		if next, err := o.file(root, name, depth-1); err == nil {
			f.Interpreter = &next
		}
	}
}

// interpreter is the first word after "#!".
func interpreter(head []byte) string {
	line, _, _ := bytes.Cut(head[2:], []byte("\n"))
	line, _, _ = bytes.Cut(line, []byte{0})
	word, _, _ := bytes.Cut(bytes.TrimLeft(line, " \t"), []byte(" "))
	word, _, _ = bytes.Cut(word, []byte("\t"))
	return string(word)
}
