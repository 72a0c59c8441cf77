package proc

import (
	"fmt"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"capview/inspect"
	"capview/nsinfo"
)

// The inodes of the initial namespaces (include/linux/proc_ns.h).
const (
	initialCgroupNS = 0xEFFFFFFB
	initialPIDNS    = 0xEFFFFFFC
	initialUserNS   = 0xEFFFFFFD
)

// spaceID is a namespace.
type spaceID struct {
	kind  nsinfo.Type
	inode uint64
}

// spaces keeps what is known of namespaces from scan to scan: owner, parent and level never change, id maps are
// written once.
type spaces struct {
	users  map[uint64]*userSpace
	others map[spaceID]*otherSpace
}

type userSpace struct {
	nsinfo.User
	gaps []inspect.Gap
}

type otherSpace struct {
	nsinfo.Namespace
	gaps []inspect.Gap
}

func newSpaces() *spaces {
	return &spaces{users: map[uint64]*userSpace{}, others: map[spaceID]*otherSpace{}}
}

// into adds the namespaces that snap's processes are in, and the user namespaces above and owning those.
func (s *spaces) into(snap *inspect.Snapshot, root *os.File, scans uint) {
	now := spaces{users: map[uint64]*userSpace{}, others: map[spaceID]*otherSpace{}}
	scan := &spaceScan{root: root, was: s, now: &now, scans: scans}
	var last nsinfo.Set
	for i := range snap.Processes {
		set, ok := snap.Processes[i].Namespaces.Get()
		if !ok || set == last {
			continue
		}
		last = set
		for t := range nsinfo.Type(nsinfo.Types) {
			if set[t] != 0 {
				scan.visit(spaceID{t, set[t]}, snap.Processes[i].PID)
			}
		}
	}
	*s = now
	s.list(snap)
}

// list writes what is known into snap, in order.
func (s *spaces) list(snap *inspect.Snapshot) {
	snap.UserNamespaces = make([]nsinfo.User, 0, len(s.users))
	for _, u := range s.users {
		snap.UserNamespaces = append(snap.UserNamespaces, u.User)
		snap.Gaps = append(snap.Gaps, u.gaps...)
	}
	slices.SortFunc(snap.UserNamespaces, func(a, b nsinfo.User) int { return int(int64(a.Inode) - int64(b.Inode)) })
	snap.Namespaces = make([]nsinfo.Namespace, 0, len(s.others))
	for _, n := range s.others {
		snap.Namespaces = append(snap.Namespaces, n.Namespace)
		snap.Gaps = append(snap.Gaps, n.gaps...)
	}
	slices.SortFunc(snap.Namespaces, func(a, b nsinfo.Namespace) int { return int(int64(a.Inode) - int64(b.Inode)) })
	slices.SortFunc(snap.Gaps, func(a, b inspect.Gap) int {
		return slices.Compare([]string{a.Subject, a.What}, []string{b.Subject, b.What})
	})
}

// spaceScan is one pass over the namespaces.
type spaceScan struct {
	root     *os.File
	was, now *spaces
	scans    uint
}

// visit takes up the namespace id, which process pid is in.
func (s *spaceScan) visit(id spaceID, pid int) {
	if id.kind == nsinfo.UserNS {
		if u := s.now.users[id.inode]; u == nil || !u.UIDMap.Known() {
			s.visitUser(id.inode, pid)
		}
		return
	}
	if s.now.others[id] != nil {
		return
	}
	again := id.kind == nsinfo.Net && (id.inode+uint64(s.scans))%slowScans == 0 // its sysctls may have changed
	if n := s.was.others[id]; n != nil && len(n.gaps) == 0 && !again {
		s.now.others[id] = n
		s.keepUser(n.Owner)
		return
	}
	s.now.others[id] = s.readOther(id, pid)
}

// keepUser carries a user namespace that nothing but ownership or descent leads to over from the last scan.
func (s *spaceScan) keepUser(inode uint64) {
	for u := s.was.users[inode]; u != nil && s.now.users[inode] == nil; u = s.was.users[inode] {
		s.now.users[inode] = u
		inode = u.Parent.Or(0)
	}
}

// visitUser takes up a user namespace with a process in it, from the last scan where its maps were complete then.
func (s *spaceScan) visitUser(inode uint64, pid int) {
	if u := s.was.users[inode]; u != nil && len(u.gaps) == 0 && len(u.UIDMap.Or(nil)) > 0 && len(u.GIDMap.Or(nil)) > 0 {
		s.keepUser(inode)
		return
	}
	fd, err := s.open(pid, nsinfo.UserNS, inode)
	if err != nil {
		if s.now.users[inode] == nil {
			s.now.users[inode] = &userSpace{nsinfo.User{Inode: inode}, userGaps(inode, why(err), "parent", "level", "owner_uid", "uid_map", "gid_map")}
		}
		return
	}
	defer unix.Close(fd)
	u := s.addUser(fd, inode)
	s.readMaps(u, pid)
}

// open opens the namespace that pid is in; it fails where that is not inode any more.
func (s *spaceScan) open(pid int, t nsinfo.Type, inode uint64) (int, error) {
	fd, err := retry(func() (int, error) {
		return unix.Openat(int(s.root.Fd()), strconv.Itoa(pid)+"/"+nsLinks[t], unix.O_RDONLY|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return -1, err
	}
	if got, _ := identity(fd); got != inode {
		unix.Close(fd)
		return -1, unix.ESRCH
	}
	return fd, nil
}

// identity is the inode and device behind fd; 0 where fstat fails.
func identity(fd int) (inode, device uint64) {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil {
		return 0, 0
	}
	return st.Ino, st.Dev
}

// addUser reads the user namespace behind fd and those above it, up to where the reader may see (ioctl_nsfs(2)).
func (s *spaceScan) addUser(fd int, inode uint64) *userSpace {
	if u := s.now.users[inode]; u != nil {
		return u
	}
	_, device := identity(fd)
	u := &userSpace{User: nsinfo.User{Inode: inode, Device: device}}
	s.now.users[inode] = u
	if uid, err := ownerUID(fd); err == nil {
		u.OwnerUID = inspect.Some(uid)
	} else {
		u.gaps = append(u.gaps, userGaps(inode, why(err), "owner_uid")...)
	}
	u.gaps = append(u.gaps, userGaps(inode, "no process is in it whose maps could be read", "uid_map", "gid_map")...)
	if inode == initialUserNS {
		u.Parent, u.Level = inspect.Some(uint64(0)), inspect.Some(0)
		return u
	}
	s.addParent(fd, u)
	return u
}

func (s *spaceScan) addParent(fd int, u *userSpace) {
	up, err := unix.IoctlRetInt(fd, unix.NS_GET_PARENT)
	if err != nil {
		reason := why(err)
		if err == unix.EPERM {
			reason = "its parent is above what capview's user namespace may see"
		}
		u.gaps = append(u.gaps, userGaps(u.Inode, reason, "parent", "level")...)
		return
	}
	defer unix.Close(up)
	parent, _ := identity(up)
	above := s.addUser(up, parent)
	u.Parent = inspect.Some(parent)
	if level, ok := above.Level.Get(); ok {
		u.Level = inspect.Some(level + 1)
	} else {
		u.gaps = append(u.gaps, userGaps(u.Inode, "the level of its parent is unknown", "level")...)
	}
}

// ownerUID is the uid that made the user namespace, as the reader's numbers it (NS_GET_OWNER_UID).
func ownerUID(fd int) (uint32, error) {
	n, err := unix.IoctlGetInt(fd, unix.NS_GET_OWNER_UID)
	return uint32(n), err
}

// readMaps reads the id maps from a process in the namespace.
func (s *spaceScan) readMaps(u *userSpace, pid int) {
	u.gaps = slices.DeleteFunc(u.gaps, func(g inspect.Gap) bool { return g.What == "uid_map" || g.What == "gid_map" })
	for _, m := range []struct {
		name string
		dst  *inspect.Opt[[]nsinfo.Range]
	}{{"uid_map", &u.UIDMap}, {"gid_map", &u.GIDMap}} {
		buf := make([]byte, 4096)
		text, err := readAt(int(s.root.Fd()), strconv.Itoa(pid)+"/"+m.name, &buf, maxText)
		var ranges []nsinfo.Range
		if err == nil {
			ranges, err = nsinfo.ParseIDMap(text)
		}
		if err != nil {
			u.gaps = append(u.gaps, userGaps(u.Inode, why(err), m.name)...)
			continue
		}
		*m.dst = inspect.Some(ranges)
	}
	// The process may have gone, and its number with it, while it was read.
	if fd, err := s.open(pid, nsinfo.UserNS, u.Inode); err == nil {
		unix.Close(fd)
		return
	}
	u.UIDMap, u.GIDMap = inspect.Opt[[]nsinfo.Range]{}, inspect.Opt[[]nsinfo.Range]{}
	u.gaps = append(u.gaps, userGaps(u.Inode, "the process that it was read from has ended", "uid_map", "gid_map")...)
}

// readOther reads the owner of a namespace that is no user namespace.
func (s *spaceScan) readOther(id spaceID, pid int) *otherSpace {
	n := &otherSpace{Namespace: nsinfo.Namespace{Type: id.kind.String(), Inode: id.inode}}
	subject := fmt.Sprintf("namespace %s:[%d]", id.kind, id.inode)
	fd, err := s.open(pid, id.kind, id.inode)
	if err != nil {
		n.gaps = append(n.gaps, inspect.Gap{Subject: subject, What: "owner", Why: why(err)})
		return n
	}
	defer unix.Close(fd)
	_, n.Device = identity(fd)
	if id.kind == nsinfo.Net {
		if n.Sysctl, err = readNetSysctls(s.root, fd); err != nil {
			reason := why(err)
			if err == unix.EPERM {
				reason = "capview may not enter it: needs CAP_SYS_ADMIN over it"
			}
			n.gaps = append(n.gaps, inspect.Gap{Subject: subject, What: "sysctl", Why: reason})
		}
	}
	owner, err := unix.IoctlRetInt(fd, unix.NS_GET_USERNS)
	if err != nil {
		reason := why(err)
		if err == unix.EPERM {
			reason = "its owner is above what capview's user namespace may see"
		}
		n.gaps = append(n.gaps, inspect.Gap{Subject: subject, What: "owner", Why: reason})
		return n
	}
	defer unix.Close(owner)
	n.Owner, _ = identity(owner)
	s.addUser(owner, n.Owner)
	return n
}

func userGaps(inode uint64, why string, what ...string) []inspect.Gap {
	gaps := make([]inspect.Gap, len(what))
	for i, w := range what {
		gaps[i] = inspect.Gap{Subject: fmt.Sprintf("user namespace %d", inode), What: w, Why: why}
	}
	return gaps
}
