package inspect

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"capview/inspect/caps"
	"capview/inspect/filecap"
	"capview/nsinfo"
)

// unknownFact stands for the side of a FactChange that could not be read.
const unknownFact = "unknown"

// differ puts into words what differs between two states of a process.
type differ struct {
	before, after *Index
	sameBoot      bool
}

// factList collects changes.
type factList struct {
	facts []FactChange
	full  [2]caps.Set // what "all" is, before and after
}

// add adds a fact, unless it is alike.
func (l *factList) add(fact, before, after string) {
	if before != after {
		l.facts = append(l.facts, FactChange{Fact: fact, Before: before, After: after})
	}
}

// addOpt adds a fact that may be unknown.
func addOpt[T comparable](l *factList, fact string, before, after Opt[T], words func(T) string) {
	if before != after {
		l.add(fact, optWords(before, words), optWords(after, words))
	}
}

func optWords[T any](o Opt[T], words func(T) string) string {
	if v, known := o.Get(); known {
		return words(v)
	}
	return unknownFact
}

func verbatim(s string) string { return s }

func (d *differ) process(a, b *Process) []FactChange {
	l := factList{full: [2]caps.Set{d.before.fullCaps(), d.after.fullCaps()}}
	if !sameComm(a, b) {
		l.add("comm", a.Comm, b.Comm)
	}
	addOpt(&l, "exe", a.Exe, b.Exe, verbatim)
	addOpt(&l, "uid", a.UID, b.UID, IDs.words)
	addOpt(&l, "gid", a.GID, b.GID, IDs.words)
	l.groups(a.Groups, b.Groups)
	l.creds("", a.Creds, b.Creds)
	d.namespaces(&l, a, b)
	l.fileCaps(a.FileCaps, b.FileCaps)
	d.container(&l, a, b)
	switch {
	case slices.Equal(a.Threads, b.Threads):
	case d.sameBoot:
		l.threads(a, b)
	default:
		l.add("threads", allUnlike(a), allUnlike(b))
	}
	return l.facts
}

// words is the one id that all four are, or each by its name.
func (i IDs) words() string {
	if i == (IDs{i.Real, i.Real, i.Real, i.Real}) {
		return strconv.FormatUint(uint64(i.Real), 10)
	}
	return fmt.Sprintf("real %d, effective %d, saved %d, fs %d", i.Real, i.Effective, i.Saved, i.FS)
}

func (l *factList) groups(a, b Opt[[]uint32]) {
	if sameList(a, b) {
		return
	}
	c := FactChange{Fact: "groups", Before: optWords(a, joinIDs), After: optWords(b, joinIDs)}
	as, aKnown := a.Get()
	bs, bKnown := b.Get()
	if aKnown && bKnown {
		c.Gained, c.Lost = idsWithout(bs, as), idsWithout(as, bs)
	}
	l.facts = append(l.facts, c)
}

func joinIDs(ids []uint32) string {
	if len(ids) == 0 {
		return "none"
	}
	return idsWithout(ids, nil)
}

// idsWithout is the ids that are not in without, apart by commas.
func idsWithout(ids, without []uint32) string {
	skip := make(map[uint32]bool, len(without))
	for _, id := range without {
		skip[id] = true
	}
	var words []string
	for _, id := range ids {
		if !skip[id] {
			words = append(words, strconv.FormatUint(uint64(id), 10))
		}
	}
	return strings.Join(words, ",")
}

// creds adds what differs in credentials, each fact's key after prefix.
func (l *factList) creds(prefix string, a, b Creds) {
	if a.Caps != b.Caps {
		as, aKnown := a.Caps.Get()
		bs, bKnown := b.Caps.Get()
		for _, s := range capSets {
			l.set(prefix+"caps."+s.name, s.of(as), s.of(bs), aKnown, bKnown)
		}
	}
	addOpt(l, prefix+"no_new_privs", a.NoNewPrivs, b.NoNewPrivs, yesNoWords)
	addOpt(l, prefix+"securebits", a.SecureBits, b.SecureBits, secureBitsWords)
	if a.Seccomp == b.Seccomp {
		return
	}
	as, aKnown := a.Seccomp.Get()
	bs, bKnown := b.Seccomp.Get()
	if !aKnown || !bKnown {
		addOpt(l, prefix+"seccomp", a.Seccomp, b.Seccomp, func(s Seccomp) string { return string(s.Mode) })
		return
	}
	l.add(prefix+"seccomp.mode", string(as.Mode), string(bs.Mode))
	addOpt(l, prefix+"seccomp.filters", as.Filters, bs.Filters, strconv.Itoa)
	if as.Mode != bs.Mode || as.Stack != bs.Stack || as.Profile.Known() && bs.Profile.Known() { // else one of them was not worked out yet
		addOpt(l, prefix+"seccomp.profile", as.Profile, bs.Profile, verbatim)
	}
	addOpt(l, prefix+"seccomp.stack", as.Stack, bs.Stack, FilterStack.words)
}

func secureBitsWords(bits uint32) string { return "0x" + strconv.FormatUint(uint64(bits), 16) }

func yesNoWords(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// capSets is the five sets by their JSON keys.
var capSets = []struct {
	name string
	of   func(caps.Sets) caps.Set
}{
	{"inheritable", func(s caps.Sets) caps.Set { return s.Inheritable }},
	{"permitted", func(s caps.Sets) caps.Set { return s.Permitted }},
	{"effective", func(s caps.Sets) caps.Set { return s.Effective }},
	{"bounding", func(s caps.Sets) caps.Set { return s.Bounding }},
	{"ambient", func(s caps.Sets) caps.Set { return s.Ambient }},
}

func (l *factList) set(fact string, a, b caps.Set, aKnown, bKnown bool) {
	c := FactChange{Fact: fact, Before: unknownFact, After: unknownFact}
	if aKnown {
		c.Before = a.Cell(l.full[0])
	}
	if bKnown {
		c.After = b.Cell(l.full[1])
	}
	if aKnown && bKnown {
		if a == b {
			return
		}
		c.Gained, c.Lost = shortNames(b&^a), shortNames(a&^b)
	}
	l.facts = append(l.facts, c)
}

func shortNames(s caps.Set) string {
	var names []string
	s.Each(func(c caps.Cap) { names = append(names, c.Short()) })
	return strings.Join(names, ",")
}

// namespaces adds a fact for each type. Across boots inodes mean nothing: then only whether the user namespace is the
// host's is compared.
func (d *differ) namespaces(l *factList, a, b *Process) {
	as, aKnown := a.Namespaces.Get()
	bs, bKnown := b.Namespaces.Get()
	if !d.sameBoot {
		l.add("namespaces.user", userNSWords(d.before, a), userNSWords(d.after, b))
		return
	}
	for t := range as {
		l.add("namespaces."+nsinfo.Type(t).String(), inodeWords(as[t], aKnown), inodeWords(bs[t], bKnown))
	}
}

func inodeWords(inode uint64, known bool) string {
	if !known || inode == 0 {
		return unknownFact
	}
	return strconv.FormatUint(inode, 10)
}

func userNSWords(ix *Index, p *Process) string {
	switch host, known := ix.InHostUserNS(p); {
	case !known:
		return unknownFact
	case host:
		return "host"
	}
	return "other"
}

// fileCaps adds a change of the executable's file capabilities; gained and lost are of what they give or let be inherited.
func (l *factList) fileCaps(a, b Opt[filecap.Caps]) {
	if a == b {
		return
	}
	c := FactChange{Fact: "file_caps", Before: optWords(a, fileCapWords), After: optWords(b, fileCapWords)}
	as, aKnown := a.Get()
	bs, bKnown := b.Get()
	if aKnown && bKnown {
		before, after := as.Permitted|as.Inheritable, bs.Permitted|bs.Inheritable
		c.Gained, c.Lost = shortNames(after&^before), shortNames(before&^after)
	}
	l.facts = append(l.facts, c)
}

func fileCapWords(c filecap.Caps) string {
	if c.None() {
		return "none"
	}
	return c.String()
}

// container adds a move to another container. Across boots processes are matched by it, so it is the same.
func (d *differ) container(l *factList, a, b *Process) {
	if d.sameBoot && a.Container != b.Container {
		before, after := containerName(d.before, a.Container), containerName(d.after, b.Container)
		if before == after {
			before, after = a.Container, b.Container
		}
		l.add("container", before, after)
	}
}
