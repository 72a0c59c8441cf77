package proc

import (
	"context"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"capview/inspect"
	"capview/inspect/rules"
)

// maxLinks is how many symbolic links the kernel follows on one way (MAXSYMLINKS).
const maxLinks = 40

// Path reads what decides over reaching, reading and giving away path as the process pid would resolve it: absolute,
// from its root directory, step by step, never outside it. A start other than 0 must be the process's start time;
// os.ErrNotExist is when it is gone.
func (s *Source) Path(ctx context.Context, pid int, start uint64, path string) (rules.PathInfo, error) {
	return look(ctx, s, pid, start, func(o *opened) (rules.PathInfo, error) {
		root, err := o.root()
		if err != nil {
			return rules.PathInfo{}, &RootError{err}
		}
		w := &pathWalk{o: o, at: []step{{root, ""}}, left: components(path)}
		defer w.close(0)
		return w.walk()
	})
}

// step is a directory on the way: an O_PATH descriptor and the path it was reached by.
type step struct {
	fd   int
	path string
}

// pathWalk resolves a path as path_resolution(7) has it. The directories above the one it is at are held open, so that
// ".." leads where the way came from, and at the root nowhere: not even a directory that is moved meanwhile leads out.
type pathWalk struct {
	o     *opened
	at    []step
	left  []string
	links int
	dirs  []rules.Entry
	info  rules.PathInfo
}

func components(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
}

func (w *pathWalk) here() step { return w.at[len(w.at)-1] }

// close gives back what lies above the first n.
func (w *pathWalk) close(n int) {
	for _, s := range w.at[n:] {
		unix.Close(s.fd)
	}
	w.at = w.at[:n]
}

func (w *pathWalk) walk() (rules.PathInfo, error) {
	for len(w.left) > 0 {
		if err := w.search(); err != nil {
			return w.info, err
		}
		name := w.left[0]
		w.left = w.left[1:]
		switch name {
		case ".":
		case "..":
			if len(w.at) > 1 {
				w.close(len(w.at) - 1)
			}
		default:
			if stop, err := w.enter(name); stop || err != nil {
				w.info.Dirs = inspect.Some(w.dirs)
				return w.info, err
			}
		}
	}
	w.info.Dirs = inspect.Some(w.dirs)
	return w.info, w.file(w.here())
}

// search notes that the directory it is at is searched.
func (w *pathWalk) search() error {
	e, err := w.entry(w.here())
	if err != nil {
		return err
	}
	if !e.Dir {
		w.info.Missing = "ENOTDIR"
		return nil
	}
	if n := len(w.dirs); n == 0 || w.dirs[n-1] != e {
		w.dirs = append(w.dirs, e)
	}
	return nil
}

// enter takes one step; stop is when the way ends here.
func (w *pathWalk) enter(name string) (stop bool, err error) {
	if w.info.Missing != "" {
		return true, nil
	}
	fd, err := retry(func() (int, error) {
		return unix.Openat(w.here().fd, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	})
	switch err {
	case nil:
	case unix.ENOENT, unix.ENOTDIR, unix.ENAMETOOLONG:
		w.info.Missing = rules.Errno(unix.ErrnoName(err.(unix.Errno)))
		return true, nil
	default:
		return true, &os.PathError{Op: "open", Path: w.here().path + "/" + name, Err: err}
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		unix.Close(fd)
		return true, err
	}
	if st.Mode&unix.S_IFMT == unix.S_IFLNK {
		defer unix.Close(fd)
		return w.link(fd)
	}
	w.at = append(w.at, step{fd, w.here().path + "/" + name})
	return false, nil
}

// link goes on where a symbolic link points to.
func (w *pathWalk) link(fd int) (stop bool, err error) {
	if ownRules(fd) {
		w.info.OwnRules = inspect.Some(true) // a link of procfs is none to be read
		return true, nil
	}
	if w.links++; w.links > maxLinks {
		w.info.Missing = "ELOOP"
		return true, nil
	}
	buf := make([]byte, 4096)
	n, err := unix.Readlinkat(fd, "", buf)
	if err != nil {
		return true, err
	}
	to := string(buf[:n])
	if strings.HasPrefix(to, "/") {
		w.close(1)
	}
	w.left = append(components(to), w.left...)
	return false, nil
}

func (w *pathWalk) entry(s step) (rules.Entry, error) {
	var st unix.Stat_t
	if err := unix.Fstat(s.fd, &st); err != nil {
		return rules.Entry{}, err
	}
	e := rules.Entry{Path: s.path, Inode: rules.Inode{Mode: st.Mode, UID: st.Uid, GID: st.Gid}, Dir: st.Mode&unix.S_IFMT == unix.S_IFDIR}
	if e.Path == "" {
		e.Path = "/"
	}
	_, err := retry(func() (int, error) { return unix.Getxattr(w.o.reached(s.fd), "system.posix_acl_access", nil) })
	switch err {
	case nil:
		e.ACL = inspect.Some(true)
	case unix.ENODATA, unix.EOPNOTSUPP:
		e.ACL = inspect.Some(false)
	}
	return e, nil
}

// file notes what the way led to.
func (w *pathWalk) file(s step) error {
	e, err := w.entry(s)
	if err != nil {
		return err
	}
	w.info.File = inspect.Some(e)
	var fs unix.Statfs_t
	if unix.Fstatfs(s.fd, &fs) == nil {
		kind := e.Mode & unix.S_IFMT
		w.info.ReadOnly = inspect.Some(fs.Flags&unix.ST_RDONLY != 0)
		w.info.NoDevice = inspect.Some((kind == unix.S_IFCHR || kind == unix.S_IFBLK) && fs.Flags&unix.ST_NODEV != 0)
		w.info.OwnRules = inspect.Some(ownRules(s.fd))
	}
	var stx unix.Statx_t
	if unix.Statx(s.fd, "", unix.AT_EMPTY_PATH|unix.AT_STATX_DONT_SYNC, unix.STATX_BASIC_STATS, &stx) == nil {
		const fixed = unix.STATX_ATTR_IMMUTABLE | unix.STATX_ATTR_APPEND
		w.info.Immutable = inspect.Some(stx.Attributes&fixed != 0)
	}
	return nil
}

// ownRules tells whether a file system decides over access in ways of its own.
func ownRules(fd int) bool {
	const fuse, cifs, smb2, ceph = 0x65735546, 0xff534d42, 0xfe534d42, 0x00c36400
	var fs unix.Statfs_t
	if unix.Fstatfs(fd, &fs) != nil {
		return true
	}
	switch uint32(fs.Type) {
	case unix.PROC_SUPER_MAGIC, unix.NFS_SUPER_MAGIC, unix.V9FS_MAGIC, unix.AFS_SUPER_MAGIC, fuse, cifs, smb2, ceph:
		return true
	}
	return false
}
