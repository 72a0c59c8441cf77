package rules

import (
	"math"

	"capview/inspect/caps"
	"capview/inspect/fact"
)

// The permissions of a mode's three bits.
const (
	mayRead   = 4
	maySearch = 1
)

// reach is the way to the file: every directory on it must be searchable.
func (d *trial) reach(f *PathInfo) {
	dirs, ok := known(d, f.Dirs, "the directories on the way to the file")
	if !ok {
		d.need(fact.Unknown, EACCES)
	}
	for _, dir := range dirs {
		if d.denied {
			return
		}
		d.need(d.access(dir, maySearch), EACCES)
	}
	if f.Missing != "" && !d.denied {
		d.step("path-missing", "path_resolution(7)", "the path leads nowhere (%s)", string(f.Missing))
		d.need(fact.No, f.Missing)
	}
	if f.OwnRules.Or(false) && !d.denied {
		d.gap("what its file system decides: it has rules of its own")
		d.need(fact.Unknown, EACCES)
	}
}

func (d *trial) path() *PathInfo {
	if d.f.Path != nil {
		return d.f.Path
	}
	return &PathInfo{}
}

// read: kernel may_open, inode_permission with MAY_READ.
func (d *trial) read(Action) {
	f := d.path()
	if d.reach(f); d.denied {
		return
	}
	file, ok := known(d, f.File, "the file's owner and mode")
	if !ok {
		d.need(fact.Unknown, EACCES)
		return
	}
	d.need(d.access(file, mayRead), EACCES)
	if f.NoDevice.Or(false) && !d.denied {
		d.step("nodev", "mount(2) MS_NODEV", "it is a device file on a mount with nodev")
		d.need(fact.No, EACCES)
	}
}

// access: kernel generic_permission.
func (d *trial) access(e Entry, want uint32) fact.Answer {
	const source = "path_resolution(7), inode(7); kernel: generic_permission"
	may := d.byMode(e, want)
	if may == fact.Yes {
		d.step("mode-allows", source, "%s: owner %d:%d and mode %04o let it %s", shown(e.Path), e.UID, e.GID, e.Mode&0o7777, verbs[want])
		return may
	}
	if may == fact.No {
		d.step("mode-denies", source, "%s: owner %d:%d and mode %04o do not let it %s", shown(e.Path), e.UID, e.GID, e.Mode&0o7777, verbs[want])
	}
	may = may.Or(d.capableOver(e, caps.DACReadSearch))
	if may != fact.Yes && (e.Dir || want == mayRead) {
		may = may.Or(d.capableOver(e, caps.DACOverride))
	}
	return may
}

var verbs = map[uint32]string{mayRead: "read", maySearch: "search it"}

// shown is a path in a sentence.
func shown(path string) string {
	if path == "" {
		return "the file"
	}
	return path
}

// byMode: kernel acl_permission_check.
func (d *trial) byMode(e Entry, want uint32) fact.Answer {
	uid, ok := known(d, d.t.UID, "its uids")
	if !ok {
		return d.unlessOpen(e, want)
	}
	owner := d.same(e.UID, uid.FS)
	if owner == fact.Yes {
		return fact.Is(e.Mode>>6&want == want)
	}
	other := d.asOther(e, want)
	if owner == fact.Unknown {
		d.gap("whether it is the owner of %s", shown(e.Path))
		return agree(fact.Is(e.Mode>>6&want == want), other)
	}
	return other
}

// unlessOpen is what holds whoever asks.
func (d *trial) unlessOpen(e Entry, want uint32) fact.Answer {
	return agree(fact.Is(e.Mode>>6&want == want), d.asOther(e, want))
}

// agree is the answer of both, where they have one.
func agree(a, b fact.Answer) fact.Answer {
	if a == b {
		return a
	}
	return fact.Unknown
}

// asOther is what one who is not the owner may, by group or as anyone.
func (d *trial) asOther(e Entry, want uint32) fact.Answer {
	group, other := fact.Is(e.Mode>>3&want == want), fact.Is(e.Mode&want == want)
	if e.ACL.Or(true) && e.Mode&0o070 != 0 {
		// Of an access control list the group's bits are the mask: they bound what it may grant.
		d.gap("the access control list of %s", shown(e.Path))
		return fact.Unknown
	}
	if group == other {
		return other
	}
	switch d.member(e.GID) {
	case fact.Yes:
		return group
	case fact.No:
		return other
	}
	d.gap("whether one of its groups is that of %s", shown(e.Path))
	return fact.Unknown
}

// member: kernel in_group_p: the file system gid or a supplementary group.
func (d *trial) member(gid uint32) fact.Answer {
	in := fact.Unknown
	if ids, ok := d.t.GID.Get(); ok {
		in = d.same(gid, ids.FS)
	}
	groups, ok := d.t.Groups.Get()
	if !ok {
		return in.Or(fact.Unknown)
	}
	return in.Or(d.anyOf(gid, groups...))
}

// capableOver: kernel capable_wrt_inode_uidgid: the file's owner and group must be mapped in the task's user namespace.
func (d *trial) capableOver(e Entry, c caps.Cap) fact.Answer {
	may := Allowed(d.u, d.t, c, d.own())
	mapped := d.mapped(e)
	switch {
	case may == fact.Yes && mapped == fact.Yes:
		d.step("inode-capable", "capabilities(7); kernel: capable_wrt_inode_uidgid",
			"it has %s, and owner and group of %s are mapped in its user namespace", c, shown(e.Path))
	case mapped == fact.No:
		d.step("inode-unmapped", "user_namespaces(7); kernel: privileged_wrt_inode_uidgid",
			"%s does not count for %s: its owner or group is not mapped in user namespace %s", c, shown(e.Path), d.u.name(d.own()))
		if !d.denied && may == fact.Yes {
			d.helps = append(d.helps, Remedy{What: "map the file's owner and group in its user namespace",
				How: "uid_map, gid_map; rootless podman: /etc/subuid and /etc/subgid; or chown the file to an id that is mapped"})
		}
	case may == fact.No:
		d.capable(c, d.own())
	default:
		d.gap("whether it has %s over %s", c, shown(e.Path))
	}
	return may.And(mapped)
}

func (d *trial) mapped(e Entry) fact.Answer {
	_, uid := d.u.UIDInside(d.own(), e.UID)
	_, gid := d.u.GIDInside(d.own(), e.GID)
	return uid.And(gid)
}

// chown: kernel chown_common, notify_change, chown_ok, for another user than the one who owns the file.
func (d *trial) chown(Action) {
	const source = "chown(2); kernel: chown_ok"
	f := d.path()
	if d.reach(f); d.denied {
		return
	}
	file, ok := known(d, f.File, "the file's owner and mode")
	if !ok {
		d.need(fact.Unknown, EPERM)
		return
	}
	d.deny(f.ReadOnly, "read-only", "mount(2) MS_RDONLY", "its file system is mounted read-only", "whether it is mounted read-only", EROFS)
	if d.denied {
		return
	}
	if d.need(d.heir(file), EINVAL); d.denied {
		d.step("chown-nobody", source, "no other user than the file's owner is mapped in its user namespace %s", d.u.name(d.own()))
		return
	}
	d.deny(f.Immutable, "immutable", "ioctl_iflags(2)", "the file is immutable or append-only", "whether the file is immutable", EPERM)
	if d.denied {
		return
	}
	d.step("chown-other", source, "giving a file to another user takes cap_chown, whoever owns it")
	d.need(d.capableOver(file, caps.Chown), EPERM)
}

// heir tells whether there is another user to give the file to.
func (d *trial) heir(e Entry) fact.Answer {
	ranges, ok := d.u.uidMap(d.own()).Get()
	if !ok {
		d.gap("the uid map of its user namespace")
		return fact.Unknown
	}
	_, owned := d.u.UIDInside(d.own(), e.UID)
	var ids uint64
	for _, r := range ranges {
		ids += uint64(min(r.Count, math.MaxUint32/2))
	}
	switch {
	case ids >= 2 || ids == 1 && owned == fact.No:
		return fact.Yes
	case ids == 1 && owned == fact.Unknown:
		return fact.Unknown
	}
	return fact.No
}

// deny is a fact that alone denies.
func (d *trial) deny(bad fact.Opt[bool], rule, source, because, what string, errno Errno) {
	if d.denied {
		return
	}
	is, ok := known(d, bad, what)
	switch {
	case !ok:
		d.need(fact.Unknown, errno)
	case is:
		d.step(rule, source, "%s", because)
		d.need(fact.No, errno)
	}
}
