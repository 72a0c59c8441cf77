package view

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/nsinfo"
)

// GroupSections is what the processes of g hold together and in what they differ: overview, capabilities, seccomp,
// namespaces, processes, gaps.
func GroupSections(ix *inspect.Index, g inspect.Group) []Section {
	r := NewGroupRow(ix, g)
	return []Section{
		{"overview", "Overview", groupOverview(r)},
		{"capabilities", "Capabilities", groupCapabilities(r)},
		{"seccomp", "Seccomp", groupSeccompBlocks(r)},
		{"namespaces", "Namespaces", groupNamespaces(r)},
		{"processes", "Processes", []Block{groupProcesses(r)}},
		{"gaps", "Gaps", []Block{gapBlock(groupGaps(g))}},
	}
}

func groupOverview(r GroupRow) []Block {
	b := Block{Rows: [][]Cell{
		pair("group", Cell{bounded(r.G.Label), Accent}),
		pair("processes", number(len(r.G.Processes))),
		pair("threads", number(r.sums().threads)),
		pair("users", groupUsers(r)),
		pair("effective", groupCell(r, "effective")),
		pair("user namespace", groupUserNS(r)),
		pair("seccomp", groupSeccomp(r)),
		pair("no_new_privs", groupNNP(r)),
		pair("file caps", groupFileCaps(r)),
	}}
	if c := r.G.Container; c != nil {
		return []Block{b, {Title: "Identity", Rows: belongsTo(c, orAbsent(c.Cgroup), "")}, declaredBlock(r, c)}
	}
	return []Block{b}
}

func groupCell(r GroupRow, key string) Cell {
	c, _ := Find(containerColumns, key)
	return c.Cell(r)
}

var containerColumns = Containers()

// declaredBlock is what the runtime was asked for.
func declaredBlock(r GroupRow, c *inspect.Container) Block {
	d, ok := c.Declared.Get()
	if !ok {
		return Block{}
	}
	b := Block{Title: "Declared to the runtime", Rows: [][]Cell{
		pair("no_new_privs", nnpCell(d.NoNewPrivs)), pair("seccomp", optText(d.Seccomp)),
	}}
	if s, ok := d.Caps.Get(); ok {
		for _, w := range theSets {
			b.Rows = append(b.Rows, pair(w.key, text(setText(r.Ix, w.of(&s), c.Runtime))))
		}
	}
	return b
}

func groupCapabilities(r GroupRow) []Block {
	return []Block{distinctSets(r), groupMatrix(r)}
}

// distinctSets is each different five sets of the group's threads, with who holds it, the most common first.
func distinctSets(r GroupRow) Block {
	holders := map[caps.Sets][]int{}
	add := func(o inspect.Opt[caps.Sets], id int) {
		if s, ok := o.Get(); ok {
			holders[s] = append(holders[s], id)
		}
	}
	for _, p := range r.G.Processes {
		add(p.Caps, p.PID)
		for i := range p.Threads {
			if p.Threads[i].Caps != p.Caps {
				add(p.Threads[i].Caps, p.Threads[i].TID)
			}
		}
	}
	distinct := make([]caps.Sets, 0, len(holders))
	for s := range holders {
		distinct = append(distinct, s)
	}
	slices.SortFunc(distinct, func(a, b caps.Sets) int {
		return cmp.Or(cmp.Compare(len(holders[b]), len(holders[a])), cmp.Compare(holders[a][0], holders[b][0]))
	})
	b := Block{Title: "Distinct credentials", Head: []string{"THREADS", "PERMITTED", "EFFECTIVE", "INHERITABLE", "BOUNDING", "AMBIENT", "PIDS"}}
	for _, s := range distinct {
		row := []Cell{number(len(holders[s]))}
		for _, w := range theSets {
			row = append(row, unionRow(r, w, w.of(&s)))
		}
		b.Rows = append(b.Rows, []Cell{row[0], row[1], row[2], row[3], row[4], row[5], text(idList(holders[s]))})
	}
	if n := r.sums().unknown; n > 0 {
		b.Note = "The sets of " + strconv.Itoa(n) + " of " + strconv.Itoa(len(r.G.Processes)) + " processes could not be read."
	}
	return b
}

func unionRow(r GroupRow, w whichSet, s caps.Set) Cell {
	c := setOf(Row{Ix: r.Ix}, s)
	if w.marked {
		c.Role = setRole(s, fullSet(r.Ix), r.sums().place())
	}
	return c
}

// idList is the first few of ids, and how many more there are.
func idList(ids []int) string {
	const few = 8
	words := make([]string, 0, few+1)
	for i, id := range ids {
		if i == few {
			words = append(words, "+"+strconv.Itoa(len(ids)-few))
			break
		}
		words = append(words, strconv.Itoa(id))
	}
	return strings.Join(words, " ")
}

// groupMatrix is, for each capability, how many of the processes have it in each set.
func groupMatrix(r GroupRow) Block {
	s := r.sums()
	b := Block{Title: "Held by how many", Head: []string{"CAPABILITY", "P", "E", "I", "B", "A", "ALLOWS"}}
	full, union := fullSet(r.Ix), s.union.Union()
	counts := countHolders(r.G.Processes)
	known := len(r.G.Processes) - s.unknown
	for c := caps.Cap(0); c <= maxCap; c++ {
		if !full.Has(c) && !union.Has(c) {
			continue
		}
		name := Cell{c.Short(), Muted}
		if s.union.Effective.Has(c) || s.union.Permitted.Has(c) {
			name.Role = setRole(caps.Of(c), full, s.place())
		}
		row := []Cell{name}
		for i := range theSets {
			row = append(row, countCell(counts[c][i], known))
		}
		b.Rows = append(b.Rows, append(row, allowsCell(c, full, union)))
	}
	return b
}

func countHolders(ps []*inspect.Process) (counts [maxCap + 1][len(theSets)]int) {
	for _, p := range ps {
		s, ok := p.Caps.Get()
		if !ok {
			continue
		}
		for i, w := range theSets {
			w.of(&s).Each(func(c caps.Cap) { counts[c][i]++ })
		}
	}
	return counts
}

// countCell: "." none, "all", or how many.
func countCell(n, of int) Cell {
	switch n {
	case 0:
		return Cell{".", Muted}
	case of:
		return Cell{"all", Plain}
	}
	return Cell{strconv.Itoa(n), Notice}
}

func groupSeccompBlocks(r GroupRow) []Block {
	pids := map[string][]int{}
	for _, p := range r.G.Processes {
		key := seccompCell(p.Seccomp, false).Text + "\x00" + nnpCell(p.NoNewPrivs).Text
		pids[key] = append(pids[key], p.PID)
	}
	keys := make([]string, 0, len(pids))
	for k := range pids {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(cmp.Compare(len(pids[b]), len(pids[a])), cmp.Compare(a, b)) })
	b := Block{Head: []string{"PROCESSES", "SECCOMP", "NO_NEW_PRIVS", "PIDS"}}
	for _, k := range keys {
		mode, nnp, _ := strings.Cut(k, "\x00")
		p := r.Ix.Process(pids[k][0])
		if p == nil {
			continue
		}
		b.Rows = append(b.Rows, []Cell{number(len(pids[k])), {mode, seccompCell(p.Seccomp, false).Role}, {nnp, nnpCell(p.NoNewPrivs).Role}, text(idList(pids[k]))})
	}
	return []Block{b}
}

// groupNamespaces is, by type, the namespaces the processes share or differ in.
func groupNamespaces(r GroupRow) []Block {
	b := Block{Title: "Namespaces", Head: []string{"TYPE", "INODE", "", "OWNED BY USER NAMESPACE", "PIDS"}}
	init, initKnown := hostProcess(r.Ix)
	for t := range nsinfo.Types {
		pids := map[uint64][]int{}
		for _, p := range r.G.Processes {
			set, _ := p.Namespaces.Get()
			pids[set[t]] = append(pids[set[t]], p.PID)
		}
		inodes := make([]uint64, 0, len(pids))
		for inode := range pids {
			inodes = append(inodes, inode)
		}
		slices.SortFunc(inodes, func(a, b uint64) int {
			return cmp.Or(cmp.Compare(len(pids[b]), len(pids[a])), cmp.Compare(a, b))
		})
		for i, inode := range inodes {
			name := Cell{nsinfo.Type(t).String(), Heading}
			if i > 0 {
				name = Cell{}
			}
			who := "all"
			if len(inodes) > 1 {
				who = idList(pids[inode])
			}
			b.Rows = append(b.Rows, []Cell{name, inodeCell(inode), sameCell(inode, init[t], initKnown), ownerCell(r.Ix, nsinfo.Type(t), inode), text(who)})
		}
	}
	blocks := []Block{b}
	for _, at := range r.sums().places {
		if at.inode != 0 {
			blocks = append(blocks, chainBlock(r.Ix, at.inode))
		}
	}
	return blocks
}

func groupProcesses(r GroupRow) Block {
	cols, err := Select(processColumns, []string{"pid", "name", "user", "role", "effective", "seccomp", "nnp", "filecaps"})
	if err != nil {
		return Block{Note: err.Error()}
	}
	b := Block{}
	for _, c := range cols {
		b.Head = append(b.Head, c.Title)
	}
	for _, p := range r.G.Processes {
		row := make([]Cell, len(cols))
		for i, c := range cols {
			row[i] = c.Cell(Row{Ix: r.Ix, P: p})
		}
		b.Rows = append(b.Rows, row)
	}
	return b
}

func groupGaps(g inspect.Group) (gaps []inspect.Gap) {
	for _, p := range g.Processes {
		gaps = append(gaps, p.Gaps...)
	}
	return gaps
}
