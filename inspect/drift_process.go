package inspect

import (
	"strconv"

	"capview/inspect/fact"
	"capview/nsinfo"
)

// place finds where p's cgroup and its namespaces disagree on the container it is in.
func (d *drift) place() {
	if d.p.Entered != "" {
		d.add(FoundEntered, SortDrift, GravityWarning, "entered",
			"is in the container's namespaces, not in its cgroup: entered from elsewhere (nsenter), the container's limits do not hold for it")
	}
	if d.outside() {
		d.add(FoundOutside, SortDrift, GravityWarning, "outside", "is in the container's cgroup, in none of the container's own namespaces")
	}
}

// outside tells of a process that is in the host's namespace of each type that its container has its own of.
func (d *drift) outside() bool {
	if d.p.Outside || d.first == nil || d.isFirst() || d.p.Entered != "" {
		return d.p.Outside
	}
	own, _ := d.p.Namespaces.Get()
	theirs, _ := d.first.Namespaces.Get()
	apart, host := 0, d.ix.HostNamespaces()
	for t := range own {
		if !differs(theirs[t], host[t]) {
			continue
		}
		if apart++; own[t] != host[t] {
			return false
		}
	}
	return apart > 1
}

// confinement compares the seccomp filters and no_new_privs.
func (d *drift) confinement() {
	if d.p.Nested != "" {
		return
	}
	d.noNewPrivs()
	d.seccomp()
}

func (d *drift) noNewPrivs() {
	asked, known := d.asked.NoNewPrivs.Get()
	has, read := d.p.NoNewPrivs.Get()
	if !known || !read || asked == has {
		return
	}
	facts := Versus{"no_new_privs", yesNoText(asked), yesNoText(has)}
	if asked {
		d.add(FoundNoNNP, SortDrift, GravityWarning, "no nnp", "no_new_privs was asked for, the process does not have it", facts)
		return
	}
	d.add(FoundOwnNNP, SortNote, GravityInfo, "own nnp", "has set no_new_privs, which was not asked for", facts)
}

func yesNoText(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func (d *drift) seccomp() {
	asked, known := d.asked.Seccomp.Get()
	has, read := d.p.Seccomp.Get()
	if !known || !read {
		return
	}
	profile := asked != "none" && asked != ""
	facts := Versus{"seccomp", asked, string(has.Mode)}
	switch base := d.inherited(); {
	case profile && has.Mode == SeccompDisabled:
		d.add(FoundNoSeccomp, SortDrift, GravityWarning, "no seccomp", "spec has a seccomp profile, the process has none", facts)
	case profile && base > 0 && has.Filters.Or(base+1) <= base:
		d.add(FoundNoSeccomp, SortDrift, GravityWarning, "no seccomp",
			"spec has a seccomp profile, the process has no filter but those its runtime runs under", facts)
	case !profile && has.Mode != SeccompDisabled && has.Filters.Or(base+1) > base:
		d.add(FoundOwnSeccomp, SortNote, GravityInfo, "own seccomp", "has a seccomp filter of its own: spec has no profile", facts)
	}
}

// inherited is how many filters the runtime itself runs under, as where the node is a container too: they are not the
// profile asked for.
func (d *drift) inherited() int {
	if d.first == nil {
		return 0
	}
	up := d.ix.Process(d.first.PPID)
	if up == nil || up.Role != RoleHelper {
		return 0
	}
	s, _ := up.Seccomp.Get()
	return s.Filters.Or(0)
}

// user compares the ids, by the numbers inside the container. Programs change their own as a rule: only who has become
// root without having been asked to be is a difference.
func (d *drift) user() {
	want, known := d.asked.User.Get()
	if !known || !d.own() || d.sameUserNS() != fact.Yes {
		return
	}
	uid, read := d.insideUID()
	if !read {
		return
	}
	n := func(id uint32) string { return strconv.FormatUint(uint64(id), 10) }
	facts := Versus{"uid.effective", n(want.UID), n(uid)}
	switch gid, read := d.insideGID(); {
	case uid == 0 && want.UID != 0:
		d.add(FoundUser, SortDrift, GravityNotice, "root", "runs as root inside, asked for as uid "+n(want.UID)+": an exec as root, or a set-id file", facts)
	case uid != want.UID:
		d.add(FoundUser, SortNote, GravityInfo, "uid "+n(uid), "runs as uid "+n(uid)+", the container was started as uid "+n(want.UID), facts)
	case d.isFirst() && read && gid != want.GID:
		d.add(FoundUser, SortNote, GravityInfo, "gid "+n(gid), "runs with gid "+n(gid)+", the container was started with gid "+n(want.GID),
			Versus{"gid.effective", n(want.GID), n(gid)})
	}
}

// nsWeight is how grave it is to be in the host's namespace of a type: the types that hold something back.
var nsWeight = map[nsinfo.Type]Gravity{
	nsinfo.CgroupNS: GravityInfo, nsinfo.IPC: GravityNotice, nsinfo.Mount: GravityDanger, nsinfo.Net: GravityNotice,
	nsinfo.PID: GravityWarning, nsinfo.UserNS: GravityDanger, nsinfo.UTS: GravityInfo,
}

// namespaces finds the namespaces of the host that p is in although its container has its own, or was to have.
func (d *drift) namespaces() {
	own, read := d.p.Namespaces.Get()
	if !read || d.outside() || d.p.Entered != "" || d.p.Nested != "" {
		return
	}
	host := d.ix.HostNamespaces()
	var first nsinfo.Set
	if d.first != nil {
		first, _ = d.first.Namespaces.Get()
	}
	for t := range own {
		kind := nsinfo.Type(t)
		if host[t] == 0 || own[t] != host[t] || kind == nsinfo.Time {
			continue
		}
		facts := Versus{"namespaces." + kind.String(), "its own", "host's"}
		path, listed, known := d.asked.listed(kind)
		switch {
		case known && listed && path == "":
			d.add(FoundNamespace, SortDrift, nsWeight[kind], "host "+kind.String(), "asked for its own "+kind.String()+" namespace, is in the host's", facts)
		case !d.isFirst() && differs(first[t], host[t]):
			d.add(FoundNamespace, SortDrift, nsWeight[kind], "host "+kind.String(), "is in the host's "+kind.String()+" namespace, its container is not", facts)
		}
	}
	if d.isFirst() {
		d.idMaps(own)
	}
}

// idMaps compares the id maps of the user namespace with those asked for. The runtime's numbers outside are compared
// only where they are the reader's too: a rootless one counts in its own user namespace.
func (d *drift) idMaps(own nsinfo.Set) {
	u := d.ix.UserNamespace(own[nsinfo.UserNS])
	host := d.ix.UserNamespace(d.ix.Host.UserNamespace)
	if u == nil || host == nil || u == host {
		return
	}
	outside := !d.c.Owner.Known() && d.c.NestedIn == "" && host.Level.Or(-1) == 0
	for _, m := range []struct {
		key        string
		asked, has Opt[[]nsinfo.Range]
	}{{"uid_map", d.asked.UIDMap, u.UIDMap}, {"gid_map", d.asked.GIDMap, u.GIDMap}} {
		asked, known := m.asked.Get()
		has, read := m.has.Get()
		if !known || !read || len(asked) == 0 || sameMap(asked, has, outside) {
			continue
		}
		d.add(FoundIDMap, SortDrift, GravityWarning, m.key, "its user namespace's "+m.key+" is not as asked for",
			Versus{m.key, rangesText(asked), rangesText(has)})
	}
}
