//go:build amd64 || arm64

package actionoracle

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/inspect/rules"
	"capview/nsinfo"
)

// initialUserNS is PROC_USER_INIT_INO (include/linux/proc_ns.h).
const initialUserNS = 0xEFFFFFFD

// reader reads facts of threads as the host's root sees them.
type reader struct {
	users map[uint64]nsinfo.User
	owner map[uint64]uint64 // of namespaces other than user namespaces, by inode
}

func newReader() *reader {
	return &reader{users: map[uint64]nsinfo.User{}, owner: map[uint64]uint64{}}
}

func (r *reader) tree() rules.Users {
	list := make([]nsinfo.User, 0, len(r.users))
	for _, u := range r.users {
		list = append(list, u)
	}
	return rules.NewUsers(list, initialUserNS, initialUserNS)
}

// task reads a thread: dir is its folder in /proc.
func (r *reader) task(dir string) (rules.Task, error) {
	text, err := os.ReadFile(dir + "/status")
	if err != nil {
		return rules.Task{}, err
	}
	line := map[string]string{}
	for l := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(l, ":")
		line[key] = strings.TrimSpace(value)
	}
	t := rules.Task{
		UID: fact.Some(ids(line["Uid"])), GID: fact.Some(ids(line["Gid"])),
		NoNewPrivs: fact.Some(line["NoNewPrivs"] == "1"), Traced: fact.Some(line["TracerPid"] != "0"),
	}
	groups := []uint32{}
	for g := range strings.FieldsSeq(line["Groups"]) {
		n, _ := strconv.ParseUint(g, 10, 32)
		groups = append(groups, uint32(n))
	}
	t.Groups = fact.Some(groups)
	var sets caps.Sets
	for key, set := range map[string]*caps.Set{"CapInh": &sets.Inheritable, "CapPrm": &sets.Permitted,
		"CapEff": &sets.Effective, "CapBnd": &sets.Bounding, "CapAmb": &sets.Ambient} {
		if *set, err = caps.ParseHex(line[key]); err != nil {
			return t, err
		}
	}
	t.Caps = fact.Some(sets)
	return t, r.namespaces(dir, &t)
}

func ids(line string) rules.IDs {
	var i rules.IDs
	fmt.Sscan(line, &i.Real, &i.Effective, &i.Saved, &i.FS)
	return i
}

func (r *reader) namespaces(dir string, t *rules.Task) error {
	for kind := range nsinfo.Type(nsinfo.Types) {
		fd, err := unix.Open(dir+"/ns/"+kind.String(), unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("%s/ns/%s: %w", dir, kind, err)
		}
		inode := inodeOf(fd)
		t.Namespaces[kind] = inode
		if kind == nsinfo.UserNS {
			err = r.user(fd, inode)
			r.maps(dir, inode)
		} else if r.owner[inode] == 0 {
			var up int
			if up, err = unix.IoctlRetInt(fd, unix.NS_GET_USERNS); err == nil {
				r.owner[inode] = inodeOf(up)
				err = r.user(up, r.owner[inode])
				unix.Close(up)
			}
		}
		t.Owners[kind] = r.owner[inode]
		unix.Close(fd)
		if err != nil {
			return err
		}
	}
	return nil
}

func inodeOf(fd int) uint64 {
	var st unix.Stat_t
	unix.Fstat(fd, &st)
	return st.Ino
}

// user reads a user namespace and those above it.
func (r *reader) user(fd int, inode uint64) error {
	if _, ok := r.users[inode]; ok {
		return nil
	}
	u := nsinfo.User{Inode: inode, Parent: fact.Some(uint64(0)), Level: fact.Some(0)}
	if inode != initialUserNS {
		up, err := unix.IoctlRetInt(fd, unix.NS_GET_PARENT)
		if err != nil {
			return err
		}
		defer unix.Close(up)
		if err := r.user(up, inodeOf(up)); err != nil {
			return err
		}
		uid, err := unix.IoctlGetInt(fd, unix.NS_GET_OWNER_UID)
		if err != nil {
			return err
		}
		u.OwnerUID = fact.Some(uint32(uid))
		u.Parent = fact.Some(inodeOf(up))
		u.Level = fact.Some(r.users[inodeOf(up)].Level.Or(0) + 1)
	}
	r.users[inode] = u
	return nil
}

func (r *reader) maps(dir string, inode uint64) {
	u := r.users[inode]
	for name, to := range map[string]*fact.Opt[[]nsinfo.Range]{"uid_map": &u.UIDMap, "gid_map": &u.GIDMap} {
		if text, err := os.ReadFile(dir + "/" + name); err == nil {
			if m, err := nsinfo.ParseIDMap(text); err == nil {
				*to = fact.Some(m)
			}
		}
	}
	r.users[inode] = u
}

// thread finds the thread that its own PID namespace numbers tid. Where another thread ends meanwhile, a listing may lack
// some that are there (fs/proc/base.c first_tid): then it is listed again.
func thread(pid, tid int) (string, error) {
	for range 100 {
		dirs, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
		for _, dir := range dirs {
			if inner(dir) == tid {
				return dir, nil
			}
		}
	}
	return "", fmt.Errorf("process %d has no thread %d", pid, tid)
}

// child finds the process below pid that its own PID namespace numbers inside.
func child(pid, inside int) (int, error) {
	for _, path := range tasks(pid) {
		text, _ := os.ReadFile(path + "/children")
		for c := range strings.FieldsSeq(string(text)) {
			n, _ := strconv.Atoi(c)
			if inner("/proc/"+c) == inside {
				return n, nil
			}
		}
	}
	return 0, fmt.Errorf("process %d has no child %d", pid, inside)
}

func tasks(pid int) []string {
	dirs, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
	return dirs
}

// innermost follows the only child of each process down depth levels.
func innermost(pid, depth int) (int, error) {
	for range depth {
		var found []string
		for _, path := range tasks(pid) {
			text, _ := os.ReadFile(path + "/children")
			found = append(found, strings.Fields(string(text))...)
		}
		if len(found) != 1 {
			return 0, fmt.Errorf("process %d has children %v, want one", pid, found)
		}
		pid, _ = strconv.Atoi(found[0])
	}
	return pid, nil
}

func inner(dir string) int {
	n := numbers(dir)
	if len(n) == 0 {
		return 0
	}
	return n[len(n)-1]
}

// numbers is a task's number in each PID namespace that has one, the reader's first.
func numbers(dir string) (all []int) {
	text, _ := os.ReadFile(dir + "/status")
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "NSpid:"); ok {
			for f := range strings.FieldsSeq(value) {
				n, _ := strconv.Atoi(f)
				all = append(all, n)
			}
		}
	}
	return all
}

// pathInfo is the facts of a path without symbolic links in it, below a root directory.
func pathInfo(root, path string) (*rules.PathInfo, error) {
	var dirs []rules.Entry
	dir := ""
	parts := strings.Split(path[1:], "/")
	for i := range parts {
		e, err := entry(root + dir + "/")
		if err != nil {
			return nil, err
		}
		dirs = append(dirs, e)
		if i < len(parts)-1 {
			dir += "/" + parts[i]
		}
	}
	p := &rules.PathInfo{Dirs: fact.Some(dirs), ReadOnly: fact.Some(false), Immutable: fact.Some(false),
		NoDevice: fact.Some(false), OwnRules: fact.Some(false)}
	path = root + path
	file, err := entry(path)
	if err == syscall.ENOENT {
		p.Missing = "ENOENT"
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	p.File = fact.Some(file)
	var fs unix.Statfs_t
	if err := unix.Statfs(path, &fs); err != nil {
		return nil, err
	}
	p.ReadOnly = fact.Some(fs.Flags&unix.ST_RDONLY != 0)
	var stx unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_BASIC_STATS, &stx); err != nil {
		return nil, err
	}
	p.Immutable = fact.Some(stx.Attributes&(unix.STATX_ATTR_IMMUTABLE|unix.STATX_ATTR_APPEND) != 0)
	return p, nil
}

func entry(path string) (rules.Entry, error) {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return rules.Entry{}, err
	}
	_, err := unix.Getxattr(path, "system.posix_acl_access", nil)
	return rules.Entry{
		Path: path, Dir: st.Mode&unix.S_IFMT == unix.S_IFDIR, ACL: fact.Some(err == nil),
		Inode: rules.Inode{Mode: st.Mode, UID: st.Uid, GID: st.Gid},
	}, nil
}

// network reads the sysctls of a thread's network namespace from within, as root of the host.
func (r *reader) network(dir string, s *rules.System) error {
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // the thread ends with its network namespace
		failed <- func() error {
			fd, err := unix.Open(dir+"/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
			if err != nil {
				return err
			}
			defer unix.Close(fd)
			if err := unix.Setns(fd, unix.CLONE_NEWNET); err != nil {
				return err
			}
			start, err1 := os.ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start")
			groups, err2 := os.ReadFile("/proc/sys/net/ipv4/ping_group_range")
			var port uint32
			var g rules.GIDRange
			_, err3 := fmt.Sscan(string(start), &port)
			_, err4 := fmt.Sscan(string(groups), &g.Low, &g.High)
			s.PortStart, s.PingGroups = fact.Some(port), fact.Some(g)
			return errors.Join(err1, err2, err3, err4)
		}()
	}()
	return <-failed
}
