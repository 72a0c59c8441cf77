package proc

import (
	"fmt"
	"sync"

	"golang.org/x/sys/unix"

	"capview/inspect"
	"capview/inspect/filecap"
)

// fileID is an executable on a mount: the mount decides over nosuid.
type fileID struct{ device, inode, mount uint64 }

// fileFacts is what is known of an executable.
type fileFacts struct {
	id      fileID
	file    inspect.ExeFile
	caps    inspect.Opt[filecap.Caps]
	capsWhy string // why caps is unknown
	scan    uint   // the scan that last saw it to be so
}

// fileCache keeps executables' facts: the attribute is read once per (device, inode, ctime), for setting it changes ctime.
type fileCache struct {
	mu    sync.Mutex
	scan  uint
	files map[fileID]*fileFacts
}

func newFileCache() *fileCache { return &fileCache{files: map[fileID]*fileFacts{}} }

// nextScan begins a scan: what the last one did not see is forgotten.
func (c *fileCache) nextScan() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, f := range c.files {
		if f.scan != c.scan {
			delete(c.files, id)
		}
	}
	c.scan++
}

// get is what is known of id if its ctime is still so; fresh tells whether this scan has looked.
func (c *fileCache) get(id fileID, ctime int64) (f *fileFacts, fresh bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f = c.files[id]
	if f == nil || f.file.Ctime != ctime {
		return nil, false
	}
	return f, f.scan == c.scan
}

func (c *fileCache) put(f *fileFacts) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f.scan = c.scan
	c.files[f.id] = f
}

// readExe reads the link and the file behind it.
func (r *reader) readExe(dir int, e *entry) {
	link, err := readlinkAt(dir, "exe", r.link[:])
	if err != nil {
		r.failed(e, "exe", err)
		e.gap("exe_file", why(err))
		e.gap("file_caps", why(err))
		return
	}
	e.proc.Exe = inspect.Some(intern(r.names, link, func(b []byte) string { return string(b) }))
	r.readExeFile(dir, e)
}

// readExeFile reads the file behind the exe link, wherever it lies: the link is the kernel's, it leads to the inode
// that runs and through no path that the process controls.
func (r *reader) readExeFile(dir int, e *entry) {
	f, err := r.src.lookAt(dir)
	if err != nil {
		r.failed(e, "exe_file", err)
		e.gap("file_caps", why(err))
		return
	}
	e.mount, e.proc.ExeFile, e.proc.FileCaps = f.id.mount, inspect.Some(f.file), f.caps
	if f.capsWhy != "" {
		e.gap("file_caps", f.capsWhy)
	}
	if !f.file.NoSUID.Known() {
		e.gap("exe_file.nosuid", "the file system does not tell its mount options")
	}
}

// lookAt reads the executable's inode and, where it is not known, its capabilities and its mount's options.
func (s *Source) lookAt(dir int) (*fileFacts, error) {
	var st unix.Statx_t
	const mask = unix.STATX_BASIC_STATS | unix.STATX_MNT_ID
	if err := unix.Statx(dir, "exe", unix.AT_STATX_DONT_SYNC, mask, &st); err != nil {
		return nil, err
	}
	file := inspect.ExeFile{
		Device: unix.Mkdev(st.Dev_major, st.Dev_minor), Inode: st.Ino,
		Ctime: st.Ctime.Sec*1e9 + int64(st.Ctime.Nsec), Mode: uint32(st.Mode) & 0o7777, UID: st.Uid, GID: st.Gid,
	}
	f := &fileFacts{id: fileID{file.Device, file.Inode, st.Mnt_id}, file: file}
	known, fresh := s.files.get(f.id, file.Ctime)
	if fresh {
		return known, nil
	}
	if known != nil {
		f.caps, f.capsWhy = known.caps, known.capsWhy
	} else {
		f.caps, f.capsWhy = s.readFileCaps(dir)
	}
	f.file.NoSUID = noSUID(dir)
	s.files.put(f)
	return f, nil
}

// readFileCaps reads the security.capability attribute of the running file. There is no getxattrat(2) before Linux
// 6.13, so the path leads through the descriptor of the process's directory.
func (s *Source) readFileCaps(dir int) (inspect.Opt[filecap.Caps], string) {
	var buf [64]byte
	path := fmt.Sprintf("%s/self/fd/%d/exe", s.opt.Root, dir)
	n, err := retry(func() (int, error) { return unix.Getxattr(path, "security.capability", buf[:]) })
	switch {
	case err == unix.ENODATA, err == unix.EOPNOTSUPP:
		return inspect.Some(filecap.Caps{}), ""
	case err == unix.EOVERFLOW:
		// cap_inode_getsecurity: its root is no id of the reader's user namespace.
		return inspect.Opt[filecap.Caps]{}, "its root id is not mapped in capview's user namespace"
	case err != nil:
		return inspect.Opt[filecap.Caps]{}, why(err)
	}
	c, err := filecap.Parse(buf[:n])
	if err != nil {
		return inspect.Opt[filecap.Caps]{}, err.Error()
	}
	return inspect.Some(c), ""
}

// noSUID tells whether the executable's mount has MS_NOSUID (statfs(2) f_flags).
func noSUID(dir int) inspect.Opt[bool] {
	fd, err := unix.Openat(dir, "exe", unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return inspect.Opt[bool]{}
	}
	defer unix.Close(fd)
	var st unix.Statfs_t
	if unix.Fstatfs(fd, &st) != nil {
		return inspect.Opt[bool]{}
	}
	return inspect.Some(st.Flags&unix.ST_NOSUID != 0)
}
