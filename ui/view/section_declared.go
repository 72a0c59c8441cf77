package view

import (
	"slices"
	"strconv"
	"strings"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/nsinfo"
)

// declaredSection compares what a runtime was asked for with what there is: the differences first, then both side by side.
func declaredSection(of comparison) Section {
	return Section{"declared", "Declared", of.blocks()}
}

// comparison is of a process, or of a group's processes together, with the specification of their container.
type comparison struct {
	ix       *inspect.Index
	c        *inspect.Container // nil: of no container
	in       fact.Answer        // whether it is in a container at all
	p        *inspect.Process   // whose facts are compared; nil where there is none
	has      inspect.Opt[caps.Sets]
	found    []inspect.Finding
	together bool // of several processes: findings say whose they are
}

func processComparison(r Row) comparison {
	c := r.container()
	if r.P.Entered != "" {
		c = r.Ix.Container(r.P.Entered)
	}
	of := comparison{ix: r.Ix, c: c, p: r.P, has: r.P.Caps, found: slices.Clone(r.Ix.Drift(r.P)), in: asks(c, r.P)}
	if of.in == fact.Yes {
		of.found = append(of.found, inspect.ContainerDrift(r.Ix, c, nil)...)
		inspect.SortFindings(of.found)
	}
	return of
}

// asks tells whether a runtime was asked to make what c is.
func asks(c *inspect.Container, p *inspect.Process) fact.Answer {
	if c == nil {
		if noContainer(p).Known() {
			return fact.No
		}
		return fact.Unknown
	}
	return fact.Is(isContainer(c) || c.Declared.Known())
}

// groupComparison compares the first process; the capabilities are those of all together.
func groupComparison(r GroupRow) comparison {
	of := comparison{ix: r.Ix, c: r.G.Container, in: fact.No, together: true}
	if of.c == nil {
		return of
	}
	of.in = asks(of.c, nil)
	of.found = inspect.ContainerDrift(r.Ix, of.c, r.G.Processes)
	of.p = r.Ix.FirstProcess(of.c.Key)
	if s := r.sums(); s.unknown == 0 && len(s.inside) > 0 {
		of.has = inspect.Some(s.union)
	}
	return of
}

func isContainer(c *inspect.Container) bool {
	return c.Kind == inspect.KindContainer || c.Kind == inspect.KindSandbox
}

func (of comparison) blocks() []Block {
	switch {
	case of.in == fact.No:
		return []Block{{Note: "No container: no runtime was asked for anything."}}
	case !of.together && of.p.Role == inspect.RoleHelper:
		return []Block{{Note: "It serves its container from outside: what was asked for the container was not asked for it."}}
	case of.in == fact.Unknown:
		return []Block{{Note: "Whether it is in a container could not be read: see the gaps."}}
	}
	asked, known := of.c.Declared.Get()
	if !known {
		return []Block{of.findings()}
	}
	return []Block{of.findings(), of.sets(&asked), of.rest(&asked), of.namespaces(&asked), mountsBlock(&asked), sourceBlock(&asked)}
}

// findingRole: what cannot be told is neither good nor bad.
func findingRole(f *inspect.Finding) Role {
	switch {
	case f.Sort == inspect.SortUnknown:
		return Gone
	case f.Gravity == inspect.GravityDanger:
		return Bad
	case f.Gravity == inspect.GravityWarning:
		return Warn
	case f.Gravity == inspect.GravityNotice:
		return Notice
	}
	return Muted
}

var sortWords = map[inspect.FindingSort]string{
	inspect.SortDrift: "differs", inspect.SortRisk: "risk", inspect.SortUnknown: "cannot tell", inspect.SortNote: "note",
}

func (of comparison) findings() Block {
	b := Block{Title: "Asked against real"}
	if len(of.found) == 0 {
		b.Note = "Nothing differs of what can be compared."
		return b
	}
	b.Head = []string{"", "FINDING"}
	if of.together {
		b.Head = []string{"", "PIDS", "FINDING"}
	}
	for i := range of.found {
		f := &of.found[i]
		role := findingRole(f)
		row := []Cell{{sortWords[f.Sort], role}, {bounded(f.Text), role}}
		if of.together {
			who := text("container")
			if len(f.PIDs) > 0 {
				who = text(idList(f.PIDs))
			}
			row = slices.Insert(row, 1, who)
		}
		b.Rows = append(b.Rows, row)
	}
	return b
}

// versus is a line of what was asked and what is, marked where they differ.
func versus(name string, asked, has Cell) []Cell {
	if asked.Role != Gone && has.Role != Gone && asked.Text != has.Text {
		has.Role = max(has.Role, Notice)
	}
	return []Cell{{name, Heading}, asked, has}
}

func (of comparison) sets(asked *inspect.Declared) Block {
	b := Block{Title: "Capabilities", Head: []string{"SET", "ASKED", "HAS"}}
	if of.together {
		b.Head[2] = "HAVE, TOGETHER"
	}
	want, known := asked.Caps.Get()
	has, read := of.has.Get()
	for _, w := range theSets {
		wanted, held := gone(), gone()
		if known {
			wanted = text(setText(of.ix, w.of(&want), of.c.Runtime))
		}
		if read {
			held = text(setText(of.ix, w.of(&has), of.c.Runtime))
		}
		b.Rows = append(b.Rows, versus(w.key, wanted, held))
	}
	return b
}

func (of comparison) rest(asked *inspect.Declared) Block {
	b := Block{Title: "Credentials", Head: []string{"FACT", "ASKED", "HAS"}}
	if of.together {
		b.Head[2] = "FIRST PROCESS HAS"
	}
	p := of.p
	if p == nil {
		p = &inspect.Process{}
	}
	b.Rows = [][]Cell{
		versus("user", specUserCell(asked.User), insideIDs(of.ix, p)),
		versus("no_new_privs", nnpCell(asked.NoNewPrivs), nnpCell(p.NoNewPrivs)),
		{{"seccomp", Heading}, specSeccomp(asked), seccompCell(p.Seccomp, true)},
		{{"privileged", Heading}, privilegedCell(asked.Privileged), absent()},
		of.mapRow("uid map", asked.UIDMap, p, func(u *nsinfo.User) inspect.Opt[[]nsinfo.Range] { return u.UIDMap }),
		of.mapRow("gid map", asked.GIDMap, p, func(u *nsinfo.User) inspect.Opt[[]nsinfo.Range] { return u.GIDMap }),
	}
	return b
}

func specUserCell(o inspect.Opt[inspect.SpecUser]) Cell {
	u, ok := o.Get()
	if !ok {
		return gone()
	}
	return text(idPair(u.UID, u.GID))
}

func idPair(uid, gid uint32) string {
	return strconv.FormatUint(uint64(uid), 10) + ":" + strconv.FormatUint(uint64(gid), 10)
}

// insideIDs is the effective uid and gid by the numbers inside p's user namespace.
func insideIDs(ix *inspect.Index, p *inspect.Process) Cell {
	uids, okUID := p.UID.Get()
	gids, okGID := p.GID.Get()
	if !okUID || !okGID {
		return gone()
	}
	switch host, known := ix.InHostUserNS(p); {
	case !known:
		return gone()
	case host:
		return text(idPair(uids.Effective, gids.Effective))
	}
	u := ix.UserNSOf(p)
	if u == nil {
		return gone()
	}
	uid, okUID := insideID(u.UIDMap, uids.Effective)
	gid, okGID := insideID(u.GIDMap, gids.Effective)
	if !okUID || !okGID {
		return gone()
	}
	return text(idPair(uid, gid))
}

func insideID(o inspect.Opt[[]nsinfo.Range], outside uint32) (uint32, bool) {
	m, ok := o.Get()
	if !ok {
		return 0, false
	}
	return nsinfo.ToInside(m, outside)
}

func specSeccomp(asked *inspect.Declared) Cell {
	c := optText(asked.Seccomp)
	if action := asked.SeccompDefault.Or(""); action != "" {
		c.Text += ", else " + Clean(action)
	}
	if asked.Seccomp.Or("") == "none" {
		c.Role = Warn
	}
	return c
}

func privilegedCell(o inspect.Opt[bool]) Cell {
	if o.Or(false) {
		return Cell{"yes", Bad}
	}
	return nnpCell(o)
}

func (of comparison) mapRow(name string, asked inspect.Opt[[]nsinfo.Range], p *inspect.Process, get func(*nsinfo.User) inspect.Opt[[]nsinfo.Range]) []Cell {
	wanted := mapCell(asked)
	if m, ok := asked.Get(); ok && len(m) == 0 {
		wanted = absent()
	}
	has := gone()
	if u := of.ix.UserNSOf(p); u != nil {
		has = mapCell(get(u))
	}
	if host, known := of.ix.InHostUserNS(p); known && host {
		has = Cell{"host's", Muted}
	}
	return []Cell{{name, Heading}, wanted, has}
}

// namespaces is, by type, what was asked for and where the process is.
func (of comparison) namespaces(asked *inspect.Declared) Block {
	b := Block{Title: "Namespaces", Head: []string{"TYPE", "ASKED", "HAS"}}
	list, known := asked.Namespaces.Get()
	var own nsinfo.Set
	if of.p != nil {
		own, _ = of.p.Namespaces.Get()
	}
	host := of.ix.HostNamespaces()
	for t := range nsinfo.Types {
		kind := nsinfo.Type(t)
		wanted := gone()
		if known {
			wanted = specNamespace(list, kind)
		}
		if kind == nsinfo.Time && wanted.Role != Plain && own[t] == host[t] {
			continue
		}
		b.Rows = append(b.Rows, []Cell{{kind.String(), Heading}, wanted, sharedCell(own[t], host[t])})
	}
	return b
}

func specNamespace(list []inspect.SpecNamespace, t nsinfo.Type) Cell {
	i := slices.IndexFunc(list, func(n inspect.SpecNamespace) bool { return n.Type == t.String() })
	switch {
	case i < 0:
		return Cell{"not its own", Muted}
	case list[i].Path == "":
		return text("its own")
	}
	return text("that of " + bounded(list[i].Path))
}

func mountsBlock(asked *inspect.Declared) Block {
	b := Block{Title: "Mounts that lead out of it"}
	mounts, known := asked.Mounts.Get()
	if !known || len(mounts) == 0 {
		b.Note = "None was asked for."
		if !known {
			b.Note = "Which were asked for is not known."
		}
		return b
	}
	b.Head = []string{"WHAT", "FROM", "AT", "MODE"}
	for _, m := range mounts {
		mode := Cell{"writable", Warn}
		if m.ReadOnly {
			mode = Cell{"read-only", Plain}
		}
		b.Rows = append(b.Rows, []Cell{{bounded(m.Risk), Notice}, orAbsent(m.Source), orAbsent(m.Destination), mode})
	}
	return b
}

func sourceBlock(asked *inspect.Declared) Block {
	b := Block{Title: "Source", Rows: [][]Cell{pair("file", orAbsent(asked.Source))}}
	if asked.Claimed {
		b.Note = strings.Join([]string{"Only claimed: others than the host's root can change this file or the folder it is in.",
			"What is asked for here is what they say."}, " ")
	}
	return b
}
