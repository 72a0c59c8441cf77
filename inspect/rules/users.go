package rules

import (
	"capview/inspect/fact"
	"capview/nsinfo"
)

// overflowID stands for every id without a number in the reader's user namespace (/proc/sys/kernel/overflowuid).
const overflowID = 65534

// deepest is how deep user namespaces nest (user_namespaces(7)): a chain of parents that is longer is hostile.
const deepest = 33

// InitialUserNS is the inode of the initial user namespace (include/linux/proc_ns.h: PROC_USER_INIT_INO).
const InitialUserNS = 0xEFFFFFFD

// Users is the tree of user namespaces, as far as it is known. The zero Users knows none.
type Users struct {
	spaces  map[uint64]*nsinfo.User
	initial uint64
	reader  uint64
}

// NewUsers makes the tree of those in list, which it keeps. Initial is the inode of the initial user namespace and
// reader that of the one whose numbers all ids are in; 0 where it is not known.
func NewUsers(list []nsinfo.User, initial, reader uint64) Users {
	u := Users{spaces: make(map[uint64]*nsinfo.User, len(list)), initial: initial, reader: reader}
	for i := range list {
		u.spaces[list[i].Inode] = &list[i]
	}
	return u
}

// Initial is the inode of the initial user namespace; 0 unknown.
func (u *Users) Initial() uint64 { return u.initial }

// Lookup is the user namespace with that inode; nil where nothing is known of it.
func (u *Users) Lookup(inode uint64) *nsinfo.User { return u.spaces[inode] }

// Parent is the inode of the parent of the user namespace; 0 for the initial one. False where that is not known.
func (u *Users) Parent(inode uint64) (uint64, bool) {
	if inode == u.initial && inode != 0 {
		return 0, true
	}
	if s := u.spaces[inode]; s != nil {
		return s.Parent.Get()
	}
	return 0, false
}

// Level is how many ancestors the user namespace has (kernel: user_namespace.level).
func (u *Users) Level(inode uint64) (int, bool) {
	if inode == u.initial && inode != 0 {
		return 0, true
	}
	if s := u.spaces[inode]; s != nil && s.Level.Known() {
		return s.Level.Get()
	}
	return 0, false
}

// OwnerUID is the effective uid of the process that made the user namespace, in the reader's numbers.
func (u *Users) OwnerUID(inode uint64) fact.Opt[uint32] {
	if s := u.spaces[inode]; s != nil {
		if uid, ok := s.OwnerUID.Get(); ok && u.exact(uid) {
			return s.OwnerUID
		}
	}
	return fact.Opt[uint32]{}
}

// Within tells whether the user namespace is ancestor or a descendant of it (kernel: in_userns).
func (u *Users) Within(inode, ancestor uint64) fact.Answer {
	if inode == 0 || ancestor == 0 {
		return fact.Unknown
	}
	if ancestor == u.initial {
		return fact.Yes
	}
	for range deepest {
		if inode == ancestor {
			return fact.Yes
		}
		if known, below := u.notDeeper(inode, ancestor); known && below {
			return fact.No
		}
		parent, ok := u.Parent(inode)
		switch {
		case !ok:
			return fact.Unknown
		case parent == 0:
			return fact.No
		}
		inode = parent
	}
	return fact.Unknown
}

// notDeeper tells whether a is known to be no deeper than b: then it is no descendant of it.
func (u *Users) notDeeper(a, b uint64) (known, is bool) {
	la, oka := u.Level(a)
	lb, okb := u.Level(b)
	return oka && okb, la <= lb
}

// UIDInside is the number of a uid in the user namespace; No where it is not mapped there.
func (u *Users) UIDInside(inode uint64, uid uint32) (uint32, fact.Answer) {
	return u.inside(inode, uid, func(s *nsinfo.User) fact.Opt[[]nsinfo.Range] { return s.UIDMap })
}

// GIDInside is the number of a gid in the user namespace; No where it is not mapped there.
func (u *Users) GIDInside(inode uint64, gid uint32) (uint32, fact.Answer) {
	return u.inside(inode, gid, func(s *nsinfo.User) fact.Opt[[]nsinfo.Range] { return s.GIDMap })
}

func (u *Users) inside(inode uint64, id uint32, ranges func(*nsinfo.User) fact.Opt[[]nsinfo.Range]) (uint32, fact.Answer) {
	switch {
	case !u.exact(id):
		return 0, fact.Unknown
	case inode == u.reader && inode != 0:
		return id, fact.Yes // the numbers are that namespace's own
	}
	s := u.spaces[inode]
	if s == nil {
		return 0, fact.Unknown
	}
	m, ok := ranges(s).Get()
	if !ok {
		return 0, fact.Unknown
	}
	in, mapped := nsinfo.ToInside(m, id)
	return in, fact.Is(mapped)
}

// Root is the uid that is 0 in the user namespace, in the reader's numbers; No where none is.
func (u *Users) Root(inode uint64) (uint32, fact.Answer) {
	if inode == u.reader && inode != 0 {
		return 0, u.readerRoot()
	}
	s := u.spaces[inode]
	if s == nil {
		return 0, fact.Unknown
	}
	m, ok := s.UIDMap.Get()
	if !ok {
		return 0, fact.Unknown
	}
	for _, r := range m {
		if r.Inside == 0 {
			if !u.exact(r.Outside) || r.Outside == unmapped {
				return 0, fact.Unknown
			}
			return r.Outside, fact.Yes
		}
	}
	return 0, fact.No
}

// readerRoot tells whether 0 is an id in the reader's user namespace: its map shows the ids of its parent, but for
// the ids inside.
func (u *Users) readerRoot() fact.Answer {
	if u.reader == u.initial {
		return fact.Yes
	}
	if s := u.spaces[u.reader]; s != nil && s.UIDMap.Known() {
		for _, r := range s.UIDMap.Or(nil) {
			if r.Inside == 0 {
				return fact.Yes
			}
		}
		return fact.No
	}
	return fact.Unknown
}

// unmapped is how an id map shows an id without a number in the reader's user namespace.
const unmapped = ^uint32(0)

// exact tells whether an id is one id to the reader, and not what all that it cannot number look like.
func (u *Users) exact(id uint32) bool {
	return id != overflowID || u.reader == u.initial && u.reader != 0
}
