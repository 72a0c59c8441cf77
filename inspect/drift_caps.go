package inspect

import (
	"strconv"
	"strings"

	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/nsinfo"
)

// capabilities compares p's five sets with those asked for, where both are over the same user namespace: whoever makes
// one of its own holds everything there (user_namespaces(7)).
func (d *drift) capabilities() {
	asked, known := d.asked.Caps.Get()
	has, read := d.p.Caps.Get()
	if !known || !read || d.sameUserNS() != fact.Yes {
		return
	}
	d.more(asked, has)
	if !d.own() {
		return
	}
	if d.isFirst() {
		d.notGiven(asked, has)
		d.changed(asked, has)
	}
	d.powerless(asked, has)
}

// more finds what the process, or any thread of it, has beyond what its container can come by: execve takes from the
// bounding and the inheritable set (capabilities(7), "Transformation of capabilities during execve()"), the rest was given
// to begin with.
func (d *drift) more(asked, has caps.Sets) {
	held, bounding := has.Permitted|has.Effective|has.Ambient|has.Inheritable, has.Bounding
	for i := range d.p.Threads {
		t, _ := d.p.Threads[i].Caps.Get()
		held |= t.Permitted | t.Effective | t.Ambient | t.Inheritable
		bounding |= t.Bounding
	}
	most := asked.Union()
	if extra := held &^ most; extra != 0 {
		name := d.names(extra)
		d.add(FoundMore, SortDrift, d.graveness(extra), "+"+name, "holds "+name+", its container does not",
			Versus{"caps.permitted", d.cell(most), d.cell(held)})
		return
	}
	if extra := bounding &^ most; extra != 0 {
		name := d.names(extra)
		d.add(FoundMore, SortDrift, GravityNotice, "+"+name+" bounding", "may come to hold "+name+
			" by an execve, its container may not: they are in its bounding set", Versus{"caps.bounding", d.cell(most), d.cell(bounding)})
	}
}

// graveness is how grave it is to hold s: much only over the host's user namespace.
func (d *drift) graveness(s caps.Set) Gravity {
	switch host, known := d.ix.InHostUserNS(d.p); {
	case known && !host:
		return GravityNotice
	case s.Dangerous(3) != 0:
		return GravityDanger
	}
	return GravityWarning
}

// notGiven finds what the first process was to have and has not: the runtime lacked it itself, or the program has given
// it away since.
func (d *drift) notGiven(asked, has caps.Sets) {
	full := d.ix.fullCaps()
	for _, w := range []struct {
		key        string
		asked, has caps.Set
	}{{"bounding", asked.Bounding, has.Bounding}, {"ambient", asked.Ambient & asked.Permitted & asked.Inheritable, has.Ambient}} {
		missing := w.asked &^ w.has
		if missing == 0 {
			continue
		}
		why := ": the runtime could not give it, or the program has dropped it since"
		g := GravityInfo
		switch maker := d.makerCaps(); {
		case missing&^full == missing:
			why = ": this kernel does not know it"
		case maker.Known() && missing&^maker.Or(0) == missing:
			why, g = ": the runtime does not have it itself", GravityNotice
		}
		sort := SortDrift
		if g == GravityInfo {
			sort = SortNote
		}
		name := d.names(missing)
		d.add(FoundNotGiven, sort, g, "−"+name, "asked for "+name+" in the "+w.key+" set and does not have it"+why,
			Versus{"caps." + w.key, d.cell(w.asked), d.cell(w.has)})
	}
}

// makerCaps is the bounding set of the first process's parent, a shim or the runtime's monitor.
func (d *drift) makerCaps() Opt[caps.Set] {
	up := d.ix.Process(d.p.PPID)
	if up == nil || up.Role != RoleHelper {
		return Opt[caps.Set]{}
	}
	s, known := up.Caps.Get()
	if !known {
		return Opt[caps.Set]{}
	}
	return Some(s.Bounding)
}

// changed finds where root's execve gave the first process more than was asked to be permitted, and where it has less
// than execve gave.
func (d *drift) changed(asked, has caps.Sets) {
	uid, known := d.insideUID()
	want, asking := d.asked.User.Get()
	if !known || !asking || uid != 0 || want.UID != 0 {
		return
	}
	gets := asked.Bounding | asked.Inheritable
	given := asked.Permitted | asked.Effective | asked.Ambient
	if back := has.Permitted & gets &^ given; back != 0 && d.isSpec() {
		name := d.names(back)
		d.add(FoundRegained, SortDrift, GravityNotice, "regained "+name, "was not to hold "+name+
			", but left it in the bounding set: execve gives root all of that",
			Versus{"caps.permitted", d.cell(given), d.cell(has.Permitted)})
	}
	if gone := gets & has.Bounding &^ has.Permitted; gone != 0 {
		d.add(FoundLess, SortNote, GravityInfo, "less", "does not hold "+d.names(gone)+" of what execve gives root: the program has dropped it",
			Versus{"caps.permitted", d.cell(gets), d.cell(has.Permitted)})
	}
}

// isSpec tells whether what was asked for is an OCI specification, which tells all five sets.
func (d *drift) isSpec() bool { return strings.HasSuffix(d.asked.Source, ".json") }

// powerless finds a process that is not root, as asked, and has nothing effective of what was asked for by name:
// execve keeps only the ambient set and what the file gives (capabilities(7)).
func (d *drift) powerless(asked, has caps.Sets) {
	want, known := d.asked.User.Get()
	uid, read := d.insideUID()
	if !known || !read || want.UID == 0 || uid != want.UID {
		return
	}
	wanted := d.byName(asked)
	if wanted == 0 || wanted&(has.Effective|has.Permitted) != 0 || wanted&^has.Bounding == wanted {
		return
	}
	name := d.names(wanted)
	where := ": "
	if asked.Bounding&wanted != 0 && (asked.Permitted|asked.Effective|asked.Ambient)&wanted == 0 {
		where = " in bounding only: "
	}
	d.add(FoundPowerless, SortDrift, GravityNotice, "powerless "+name,
		"asked for "+name+where+"as uid "+strconv.FormatUint(uint64(uid), 10)+" nothing of it is effective ("+d.whyPowerless(wanted)+")",
		Versus{"caps.effective", d.cell(asked.Effective), d.cell(has.Effective)}, Versus{"caps.bounding", d.cell(asked.Bounding), d.cell(has.Bounding)})
}

// whyPowerless is which of the two ways there are was missing.
func (d *drift) whyPowerless(wanted caps.Set) string {
	file, read := d.p.FileCaps.Get()
	exe, _ := d.p.ExeFile.Get()
	switch {
	case !read:
		return "no ambient; what capabilities the file has could not be read"
	case file.None():
		return "no ambient, no file capability"
	case file.Permitted&wanted == 0:
		return "no ambient, the file has other capabilities"
	case d.p.NoNewPrivs.Or(false):
		return "no ambient; no_new_privs keeps the file's from counting"
	case exe.NoSUID.Or(false):
		return "no ambient; the file's do not count on a nosuid mount"
	case file.Revision == 3:
		return "no ambient; the file's are another user namespace's"
	}
	return "no ambient; the file's were dropped since"
}

// byName is the capabilities that were asked for one by one: all, where they are so few that the default must have been
// dropped; else those beyond the runtime's default. Where no default is known, all that are fewer than half of the
// kernel's.
func (d *drift) byName(asked caps.Sets) caps.Set {
	all := asked.Union()
	standard, known := caps.DefaultFor(d.c.Runtime)
	if !known {
		if all.Count() > d.ix.fullCaps().Count()/2 {
			return 0
		}
		return all
	}
	if all.Count() <= standard.Count()/2 {
		return all
	}
	return all &^ standard
}

// insideUID is p's effective uid as its container numbers it.
func (d *drift) insideUID() (uint32, bool) {
	ids, read := d.p.UID.Get()
	if host, known := d.ix.InHostUserNS(d.p); read && known && host {
		return ids.Effective, true
	}
	return d.ix.InsideUID(d.p)
}

// insideGID is p's effective gid as its container numbers it.
func (d *drift) insideGID() (uint32, bool) {
	ids, read := d.p.GID.Get()
	if host, known := d.ix.InHostUserNS(d.p); read && known && host {
		return ids.Effective, true
	}
	u := d.ix.UserNSOf(d.p)
	if !read || u == nil {
		return 0, false
	}
	m, known := u.GIDMap.Get()
	if !known {
		return 0, false
	}
	return nsinfo.ToInside(m, ids.Effective)
}

// cell is a set in the notation of cells.
func (d *drift) cell(s caps.Set) string { return s.CellFor(d.ix.fullCaps(), d.c.Runtime) }

// names is a few capabilities by name, and how many more: the gravest first.
func (d *drift) names(s caps.Set) string {
	const few = 4
	if s.Count() <= few {
		return shortNames(s)
	}
	if full := d.ix.fullCaps(); full&^s == 0 {
		return "all capabilities"
	}
	var worst caps.Set
	for least := 3; least >= 0; least-- {
		(s.Dangerous(least) &^ s.Dangerous(least+1)).Each(func(c caps.Cap) {
			if worst.Count() < few-1 {
				worst |= caps.Of(c)
			}
		})
	}
	return shortNames(worst) + " and " + strconv.Itoa((s &^ worst).Count()) + " more"
}
