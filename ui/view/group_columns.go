package view

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"capview/inspect"
	"capview/inspect/caps"
)

// ContainerKeys are the columns of a table of groups shown at first on a terminal that many cells wide; 0 is none.
func ContainerKeys(width int) []string {
	if width != 0 && width < 120 {
		return []string{"name", "runtime", "processes", "user", "effective", "userns", "seccomp", "nnp"}
	}
	if width != 0 && width < 180 {
		return []string{"name", "kind", "runtime", "processes", "user", "effective", "userns", "seccomp", "nnp", "filecaps", "drift", "image"}
	}
	return []string{"name", "kind", "runtime", "id", "processes", "user", "effective", "bounding", "userns", "seccomp", "nnp", "filecaps", "drift", "memory", "pod", "image"}
}

// Containers is every column of a group. A key that Processes has too means the same of all the group's processes, so
// that a tree can show both in one column.
func Containers() []Column[GroupRow] {
	cols := groupIdentity()
	for _, w := range []whichSet{theSets[1], theSets[0], theSets[2], theSets[3], theSets[4]} {
		cols = append(cols, unionColumn(w))
	}
	cols = append(cols, groupConfinement()...)
	cols = append(cols, groupPlace()...)
	return append(cols, groupUsage()...)
}

func groupIdentity() []Column[GroupRow] {
	label := func(g GroupRow) string { return g.G.Label }
	count := func(g GroupRow) int { return len(g.G.Processes) }
	return []Column[GroupRow]{
		{Key: "name", Title: "NAME", Doc: "what the group is called", Min: 14, Max: 48, Flex: 2,
			Cell: func(g GroupRow) Cell { return Cell{bounded(g.G.Label), Accent} }, Less: by(label),
			Value: func(g GroupRow) any { return g.G.Label }},
		textOf("kind", "KIND", "container, sandbox, userns, unit, session, kernel or host", 9, 9, func(g GroupRow) inspect.Opt[string] { return inspect.Some(string(g.G.Kind)) }),
		textOf("runtime", "RUNTIME", "the container's runtime", 8, 12, ofGroup(func(c *inspect.Container) inspect.Opt[string] { return inspect.Some(c.Runtime) })),
		{Key: "id", Title: "ID", Doc: "the container's id, in JSON whole", Min: 12, Max: 24,
			Cell:  func(g GroupRow) Cell { return orAbsent(shortID(groupID(g))) },
			Less:  by(groupID),
			Value: func(g GroupRow) any { return groupID(g) }},
		{Key: "processes", Title: "PROCS", Doc: "how many processes, a container's helpers outside of it (shim, conmon) included", Min: 5, Max: 6, Right: true,
			Cell: func(g GroupRow) Cell { return number(count(g)) }, Less: by(count), Value: func(g GroupRow) any { return count(g) }},
		{Key: "threads", Title: "THREADS", Doc: "how many threads", Min: 7, Max: 7, Right: true,
			Cell:  func(g GroupRow) Cell { return number(g.sums().threads) },
			Less:  by(func(g GroupRow) int { return g.sums().threads }),
			Value: func(g GroupRow) any { return g.sums().threads }},
		{Key: "user", Title: "USER", Doc: "effective users", Min: 8, Max: 24, Cell: groupUsers,
			Less: func(a, b GroupRow) bool { return slices.Compare(a.sums().users, b.sums().users) < 0 }, Value: groupUsersValue},
	}
}

func textOf(key, title, doc string, min, max int, get func(GroupRow) inspect.Opt[string]) Column[GroupRow] {
	return Column[GroupRow]{Key: key, Title: title, Doc: doc, Min: min, Max: max,
		Cell: func(g GroupRow) Cell { return optText(get(g)) }, Less: byOpt(get), Value: func(g GroupRow) any { return value(get(g)) }}
}

// ofGroup asks the group's container; a group that is none has none of its facts.
func ofGroup(get func(*inspect.Container) inspect.Opt[string]) func(GroupRow) inspect.Opt[string] {
	return func(g GroupRow) inspect.Opt[string] {
		if g.G.Container != nil {
			return get(g.G.Container)
		}
		return inspect.Some("")
	}
}

func groupID(g GroupRow) string {
	if g.G.Container != nil {
		return g.G.Container.ID
	}
	return ""
}

func groupUsers(g GroupRow) Cell {
	s := g.sums()
	names := s.users
	more := ""
	if len(names) > 3 {
		names, more = names[:3], " +"+strconv.Itoa(len(names)-3)
	}
	text := strings.Join(names, ",")
	if s.nameless > 0 {
		if text == "" {
			return gone()
		}
		more += " +?"
	}
	return Cell{Clean(text) + more, Plain}
}

func groupUsersValue(g GroupRow) any {
	if s := g.sums(); s.nameless == 0 || len(s.users) > 0 {
		return append([]string{}, s.users...)
	}
	return nil
}

// unionColumn is the union of one of the five sets over the group's processes and threads. "+?" says that the sets of
// some of them could not be read.
func unionColumn(w whichSet) Column[GroupRow] {
	get := func(g GroupRow) inspect.Opt[caps.Set] {
		s := g.sums()
		if s.unknown > 0 && s.unknown == len(s.inside) {
			return inspect.Opt[caps.Set]{}
		}
		return inspect.Some(w.of(&s.union))
	}
	return Column[GroupRow]{Key: w.key, Title: w.title, Doc: w.key + " capabilities of all its processes together", Min: w.least(), Max: 48, Flex: 2,
		Cell:  func(g GroupRow) Cell { return unionCell(g, get(g), w) },
		Less:  lessSet(get),
		Value: func(g GroupRow) any { return value(get(g)) }}
}

func unionCell(g GroupRow, o inspect.Opt[caps.Set], w whichSet) Cell {
	set, ok := o.Get()
	if !ok {
		return gone()
	}
	s := g.sums()
	runtime := ""
	if g.G.Container != nil {
		runtime = g.G.Container.Runtime
	}
	c := Cell{setText(g.Ix, set, runtime), Plain}
	if w.marked {
		c.Text += s.inPlaces(g.Ix, set)
		c.Role = s.worst[w.key]
	}
	if s.kernel || set == 0 {
		c.Role = Muted
	}
	if s.unknown > 0 {
		c.Text += " +?"
	}
	return c
}

func groupConfinement() []Column[GroupRow] {
	return []Column[GroupRow]{
		{Key: "userns", Title: "USERNS", Doc: "user namespace: host, its owner's name, its inode, or how many", Min: 6, Max: 14, Cell: groupUserNS,
			Less: by(func(g GroupRow) uint64 { return g.sums().place().inode }), Value: groupUserNSValue},
		{Key: "seccomp", Title: "SECCOMP", Doc: "seccomp of its processes, with how many where they differ", Min: 7, Max: 24, Cell: groupSeccomp,
			Less: by(func(g GroupRow) string { return groupSeccomp(g).Text }), Value: func(g GroupRow) any { return g.sums().seccomp }},
		{Key: "nnp", Title: "NNP", Doc: "no_new_privs of its processes: yes, no, some; ? where not all could be read", Min: 3, Max: 4, Cell: groupNNP,
			Less: by(func(g GroupRow) int { return g.sums().nnp[1] }), Value: groupNNPValue},
		{Key: "filecaps", Title: "FILE CAPS", Doc: "how many processes run a file with capabilities", Min: 9, Max: 9, Cell: groupFileCaps,
			Less: by(func(g GroupRow) int { return g.sums().fileCaps }), Value: func(g GroupRow) any { return g.sums().fileCaps }},
		{Key: "power", Title: "POWER", Doc: "the most that any of its processes could do to the host; sorts by how much", Min: 8, Max: 32,
			Cell: groupPower, Less: by(func(g GroupRow) int { return g.sums().power }),
			Value: func(g GroupRow) any { return g.sums().power }},
		{Key: "gaps", Title: "GAPS", Doc: "how many facts could not be read", Min: 4, Max: 5, Right: true,
			Cell: func(g GroupRow) Cell {
				if n := g.sums().gaps; n > 0 {
					return Cell{strconv.Itoa(n), Gone}
				}
				return Cell{"0", Muted}
			},
			Less: by(func(g GroupRow) int { return g.sums().gaps }), Value: func(g GroupRow) any { return g.sums().gaps }},
	}
}

func groupPower(g GroupRow) Cell {
	if p := g.sums().strongest; p != nil {
		return powerCell(g.Ix, p)
	}
	return absent()
}

func groupUserNS(g GroupRow) Cell {
	switch places := g.sums().places; {
	case len(places) == 1:
		return userNSCell(g.Ix, places[0])
	case len(places) > 1:
		return Cell{strconv.Itoa(len(places)) + " differ", Notice}
	}
	return absent()
}

// groupUserNSValue is every user namespace's inode; null among them is one that could not be read.
func groupUserNSValue(g GroupRow) any {
	inodes := []any{}
	for _, at := range g.sums().places {
		inodes = append(inodes, inodeValue(at.inode))
	}
	return inodes
}

// contained tells whether a runtime made the group.
func (g GroupRow) contained() bool {
	return g.G.Kind == inspect.KindContainer || g.G.Kind == inspect.KindSandbox
}

func groupSeccomp(g GroupRow) Cell {
	s := g.sums()
	if len(s.seccomp) == 1 {
		return seccompCell(s.inside[0].Seccomp, g.contained())
	}
	return Cell{tally(s.seccomp), Notice}
}

// tally is "filter 3, none 1": the most common first.
func tally(counts map[string]int) string {
	if len(counts) == 0 {
		return notApplicable
	}
	words := make([]string, 0, len(counts))
	for w := range counts {
		words = append(words, w)
	}
	slices.SortFunc(words, func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	for i, w := range words {
		words[i] = w + " " + strconv.Itoa(counts[w])
	}
	return strings.Join(words, ", ")
}

func groupNNP(g GroupRow) Cell {
	s := g.sums()
	switch n := len(s.inside); {
	case n == 0:
		return absent()
	case s.nnp[1] == n:
		return Cell{"yes", Good}
	case s.nnp[0] == n:
		return Cell{"no", Plain}
	case s.nnpGone == n:
		return gone()
	case s.nnp[1] > 0 && s.nnp[0] > 0:
		return Cell{"some", Plain}
	case s.nnp[1] > 0:
		return Cell{"yes?", Gone}
	}
	return Cell{"no?", Gone}
}

// groupNNPValue is how many processes have it, have it not, and did not tell.
func groupNNPValue(g GroupRow) any {
	s := g.sums()
	return struct {
		Yes     int `json:"yes"`
		No      int `json:"no"`
		Unknown int `json:"unknown"`
	}{s.nnp[1], s.nnp[0], s.nnpGone}
}

func groupFileCaps(g GroupRow) Cell {
	switch s := g.sums(); {
	case s.fileCaps > 0:
		text := strconv.Itoa(s.fileCaps)
		if s.filesGone > 0 {
			text += " +?"
		}
		return Cell{text, Notice}
	case s.filesGone > 0:
		return gone()
	}
	return absent()
}

func groupPlace() []Column[GroupRow] {
	return []Column[GroupRow]{
		textOf("pod", "POD", "the container's pod: namespace/name", 8, 48, ofGroup(podText)),
		textOf("image", "IMAGE", "the container's image", 10, 60, ofGroup(func(c *inspect.Container) inspect.Opt[string] { return runtimeFact(c, c.Image) })),
		textOf("unit", "UNIT", "the systemd unit", 10, 40, ofGroup(func(c *inspect.Container) inspect.Opt[string] { return inspect.Some(c.Unit) })),
		groupDriftColumn(),
		textOf("cgroup", "CGROUP", "the control group", 12, 80, ofGroup(func(c *inspect.Container) inspect.Opt[string] { return inspect.Some(c.Cgroup) })),
		textOf("nested_in", "NESTED IN", "key of the container around it", 9, 40, ofGroup(func(c *inspect.Container) inspect.Opt[string] { return inspect.Some(c.NestedIn) })),
	}
}
