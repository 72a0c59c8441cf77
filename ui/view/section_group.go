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
// namespaces, declared, processes, gaps.
func GroupSections(ix *inspect.Index, g inspect.Group) []Section {
	r := NewGroupRow(ix, g)
	return []Section{
		{"overview", "Overview", groupOverview(r)},
		{"capabilities", "Capabilities", groupCapabilities(r)},
		{"seccomp", "Seccomp", groupSeccompBlocks(r)},
		{"namespaces", "Namespaces", groupNamespaces(r)},
		declaredSection(groupComparison(r)),
		{"processes", "Processes", []Block{groupProcesses(r)}},
		{"gaps", "Gaps", []Block{gapBlock(groupGaps(g))}},
	}
}

func groupOverview(r GroupRow) []Block {
	b := Block{Rows: [][]Cell{
		pair("group", Cell{bounded(r.G.Label), Accent}),
		pair("processes", processCount(r)),
		pair("threads", number(r.sums().threads)),
		pair("users", groupUsers(r)),
		pair("effective", groupCell(r, "effective")),
		pair("user namespace", groupUserNS(r)),
		pair("seccomp", groupSeccomp(r)),
		pair("no_new_privs", groupNNP(r)),
		pair("file caps", groupFileCaps(r)),
		pair("drift", groupDrift(r).cell()),
	}}
	if r.contained() {
		b.Rows = append(b.Rows, pair("memory", groupCell(r, "memory")), pair("cpu %", groupCell(r, "cpu")))
	}
	if c := r.G.Container; c != nil {
		return []Block{b, {Title: "Identity", Rows: belongsTo(c, text(ContainerName(r.Ix, c)), orAbsent(c.Cgroup), "")}}
	}
	return []Block{b}
}

// processCount says how many of the processes are helpers, which nothing else here is about.
func processCount(r GroupRow) Cell {
	c := number(len(r.G.Processes))
	if n := r.sums().helpers; n > 0 {
		c.Text += ", of them " + strconv.Itoa(n) + " outside as helper: what follows is about the others"
	}
	return c
}

func groupCell(r GroupRow, key string) Cell {
	c, _ := Find(containerColumns, key)
	return c.Cell(r)
}

var containerColumns = Containers()

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
	for _, p := range r.sums().inside {
		add(p.Caps, p.PID)
		for i := range p.Threads {
			if p.Threads[i].Caps != p.Caps {
				add(p.Threads[i].Caps, p.Threads[i].TID)
			}
		}
	}
	b := Block{Title: "Distinct credentials", Head: []string{"THREADS", "PERMITTED", "EFFECTIVE", "INHERITABLE", "BOUNDING", "AMBIENT", "PIDS"}}
	for _, s := range mostHeld(holders) {
		row := []Cell{number(len(holders[s]))}
		for _, w := range theSets {
			row = append(row, heldCell(r, w, w.of(&s)))
		}
		b.Rows = append(b.Rows, append(row, text(idList(holders[s]))))
	}
	if n := r.sums().unknown; n > 0 {
		b.Note = "The sets of " + strconv.Itoa(n) + " of " + strconv.Itoa(len(r.sums().inside)) + " processes could not be read."
	}
	return b
}

func heldCell(r GroupRow, w whichSet, s caps.Set) Cell {
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
	counts := countHolders(s.inside)
	known := len(s.inside) - s.unknown
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

// confinement is a process's seccomp state and no_new_privs as cells.
type confinement struct{ seccomp, nnp Cell }

func groupSeccompBlocks(r GroupRow) []Block {
	contained := r.contained()
	pids := map[confinement][]int{}
	for _, p := range r.sums().inside {
		key := confinement{seccompCell(p.Seccomp, contained), nnpCell(p.NoNewPrivs)}
		pids[key] = append(pids[key], p.PID)
	}
	b := Block{Head: []string{"PROCESSES", "SECCOMP", "NO_NEW_PRIVS", "PIDS"}}
	for _, k := range mostHeld(pids) {
		b.Rows = append(b.Rows, []Cell{number(len(pids[k])), k.seccomp, k.nnp, text(idList(pids[k]))})
	}
	return []Block{b}
}

// mostHeld is the keys in the order of how many ids have them, then of the first id.
func mostHeld[K comparable](ids map[K][]int) []K {
	keys := make([]K, 0, len(ids))
	for k := range ids {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b K) int {
		return cmp.Or(cmp.Compare(len(ids[b]), len(ids[a])), cmp.Compare(ids[a][0], ids[b][0]))
	})
	return keys
}

// groupNamespaces is, by type, the namespaces the processes share or differ in.
func groupNamespaces(r GroupRow) []Block {
	b := Block{Title: "Namespaces", Head: []string{"TYPE", "INODE", "SHARED", "OWNED BY USER NAMESPACE", "PIDS"}}
	host := r.Ix.HostNamespaces()
	for t := range nsinfo.Types {
		pids := map[uint64][]int{}
		for _, p := range r.sums().inside {
			set, _ := p.Namespaces.Get()
			pids[set[t]] = append(pids[set[t]], p.PID)
		}
		inodes := mostHeld(pids)
		for i, inode := range inodes {
			name := Cell{nsinfo.Type(t).String(), Heading}
			if i > 0 {
				name = Cell{}
			}
			who := "all"
			if len(inodes) > 1 {
				who = idList(pids[inode])
			}
			b.Rows = append(b.Rows, []Cell{name, inodeCell(inode), sharedCell(inode, host[t]), ownerCell(r.Ix, nsinfo.Type(t), inode), text(who)})
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
	cols := mustSelect("pid", "name", "user", "role", "effective", "seccomp", "nnp", "filecaps")
	b := Block{Title: "Processes"}
	for _, c := range cols {
		b.Head = append(b.Head, c.Title)
	}
	for _, p := range r.G.Processes {
		b.Rows = append(b.Rows, cellsOf(cols, Row{Ix: r.Ix, P: p}))
	}
	return b
}

func groupGaps(g inspect.Group) (gaps []inspect.Gap) {
	for _, p := range g.Processes {
		gaps = append(gaps, p.Gaps...)
	}
	return gaps
}
