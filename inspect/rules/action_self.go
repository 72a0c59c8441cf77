package rules

import (
	"math"

	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/nsinfo"
)

// nice: kernel set_one_prio, can_nice.
func (d *trial) nice(a Action) {
	const source = "setpriority(2), getrlimit(2) RLIMIT_NICE; kernel: set_one_prio, can_nice"
	now, ok := known(d, d.f.Nice, "its nice value")
	if ok && a.Nice >= now {
		d.step("nice-lower", source, "its nice value is %d: giving way to others needs nothing", now)
		return
	}
	may := fact.Unknown
	limit, limited := known(d, d.f.NiceLimit, "its RLIMIT_NICE")
	switch {
	case limited && uint64(20-a.Nice) <= limit:
		d.step("nice-limit", source, "RLIMIT_NICE is %d: it allows a nice value down to %d", limit, 20-int(min(limit, 40)))
		return
	case ok && limited:
		d.step("nice-over-limit", source,
			"going from %d to %d takes an RLIMIT_NICE of at least %d, it is %d; or cap_sys_nice", now, a.Nice, 20-a.Nice, limit)
		may = fact.No
	}
	d.need(may.Or(d.capable(caps.SysNice, d.u.Initial())), EACCES)
	d.helps = append(d.helps, Remedy{"raise its RLIMIT_NICE", niceHow(a.Nice)})
}

// setUID: kernel __sys_setuid.
func (d *trial) setUID(a Action) {
	ids, ok := d.t.UID.Get()
	d.setID(a.ID, "uid", caps.SetUID, ids, ok, d.u.uidMap)
}

// setGID: kernel __sys_setgid.
func (d *trial) setGID(a Action) {
	ids, ok := d.t.GID.Get()
	d.setID(a.ID, "gid", caps.SetGID, ids, ok, d.u.gidMap)
}

func (d *trial) setID(id uint32, kind string, c caps.Cap, ids IDs, idsKnown bool, maps func(uint64) fact.Opt[[]nsinfo.Range]) {
	source := "set" + kind + "(2)"
	out, mapped := d.outside(id, maps)
	switch mapped {
	case fact.No:
		d.step("id-unmapped", source+" EINVAL; user_namespaces(7)", "%s %d is not mapped in its user namespace %s", kind, id, d.u.name(d.own()))
		d.need(fact.No, EINVAL)
		d.helps = append(d.helps, mapHow(kind, id))
		return
	case fact.Unknown:
		d.gap("the %s map of its user namespace", kind)
		d.need(fact.Unknown, EINVAL)
	}
	is := fact.Unknown
	if idsKnown && mapped == fact.Yes {
		is = d.anyOf(out, ids.Real, ids.Saved)
	}
	if is == fact.Yes {
		d.step("id-own", source, "%s %d is its real or saved one already", kind, id)
		return
	}
	may := d.capable(c, d.own())
	if is == fact.Unknown && may != fact.Yes {
		d.gap("its real and saved %s", kind)
	}
	d.need(may.Or(is), EPERM)
}

// outside is the reader's number of an id of the task's user namespace; No where that maps none.
func (d *trial) outside(id uint32, maps func(uint64) fact.Opt[[]nsinfo.Range]) (uint32, fact.Answer) {
	ranges, ok := maps(d.own()).Get()
	if !ok {
		return 0, fact.Unknown
	}
	for _, r := range ranges {
		if id >= r.Inside && id-r.Inside < r.Count {
			if r.Outside == unmapped || !d.u.exact(r.Outside+(id-r.Inside)) {
				return overflowID, fact.Yes // the reader has no number for it
			}
			return r.Outside + (id - r.Inside), fact.Yes
		}
	}
	return 0, fact.No
}

// everyID is the map of a namespace whose numbers are the reader's.
var everyID = fact.Some([]nsinfo.Range{{Count: math.MaxUint32}})

func (u *Users) uidMap(inode uint64) fact.Opt[[]nsinfo.Range] {
	return u.idMap(inode, func(s *nsinfo.User) fact.Opt[[]nsinfo.Range] { return s.UIDMap })
}

func (u *Users) gidMap(inode uint64) fact.Opt[[]nsinfo.Range] {
	return u.idMap(inode, func(s *nsinfo.User) fact.Opt[[]nsinfo.Range] { return s.GIDMap })
}

// idMap is a namespace's map into the reader's numbers. The reader's own shows those of the one above instead: there
// each id has its own number.
func (u *Users) idMap(inode uint64, of func(*nsinfo.User) fact.Opt[[]nsinfo.Range]) fact.Opt[[]nsinfo.Range] {
	s := u.spaces[inode]
	switch {
	case inode == 0:
		return fact.Opt[[]nsinfo.Range]{}
	case inode == u.initial && u.plain():
		return everyID
	case s == nil:
		return fact.Opt[[]nsinfo.Range]{}
	}
	ranges, ok := of(s).Get()
	if !ok || inode != u.reader {
		return of(s)
	}
	own := make([]nsinfo.Range, len(ranges))
	for i, r := range ranges {
		own[i] = nsinfo.Range{Inside: r.Inside, Outside: r.Inside, Count: r.Count}
	}
	return fact.Some(own)
}

// unshareUser: kernel create_user_ns.
func (d *trial) unshareUser(Action) {
	const source = "unshare(2), user_namespaces(7); kernel: create_user_ns"
	if all, ok := known(d, d.f.UserNSForAll, "kernel.unprivileged_userns_clone"); !ok || !all {
		if ok {
			d.step("userns-restricted", source, "kernel.unprivileged_userns_clone is 0: making user namespaces takes cap_sys_admin")
			d.need(d.capable(caps.SysAdmin, d.u.Initial()), EPERM)
		} else {
			d.need(Allowed(d.u, d.t, caps.SysAdmin, d.u.Initial()).Or(fact.Unknown), EPERM)
		}
	}
	if level, ok := d.u.Level(d.own()); ok && level >= deepest {
		d.step("userns-too-deep", source, "its user namespace is at level %d, the deepest there is", level)
		d.need(fact.No, ENOSPC)
	}
	if most, ok := known(d, d.f.MaxUserNS, "user.max_user_namespaces"); ok && most == 0 {
		d.step("userns-none", source, "user.max_user_namespaces is 0: there may be none")
		d.need(fact.No, ENOSPC)
	} else if !ok {
		d.need(fact.Unknown, ENOSPC)
	}
	if chrooted, ok := known(d, d.f.Chrooted, "whether its root directory is that of its mount namespace"); ok && chrooted {
		d.step("userns-chrooted", source, "it is in a chroot: its root directory is not that of its mount namespace")
		d.need(fact.No, EPERM)
	} else if !ok {
		d.need(fact.Unknown, EPERM)
	}
	d.need(d.creatorMapped(source), EPERM)
}

// creatorMapped: who makes a user namespace must have ids in the one around it.
func (d *trial) creatorMapped(source string) fact.Answer {
	uids, ok := d.t.UID.Get()
	gids, okg := d.t.GID.Get()
	uid, gid := fact.Unknown, fact.Unknown
	if ok {
		_, uid = d.u.UIDInside(d.own(), uids.Effective)
	}
	if okg {
		_, gid = d.u.GIDInside(d.own(), gids.Effective)
	}
	mapped := uid.And(gid)
	switch mapped {
	case fact.Yes:
		d.step("userns-open", source, "everyone may make a user namespace whose effective uid and gid are mapped in the one around it")
	case fact.No:
		d.step("userns-creator-unmapped", source, "its effective uid or gid is not mapped in its user namespace %s", d.u.name(d.own()))
	default:
		d.gap("whether its effective uid and gid are mapped in its user namespace")
	}
	return mapped
}
