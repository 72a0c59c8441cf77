package view

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"capview/inspect"
)

// ProcessSections is everything known of p, as the tabs of its detail page and the parts of `show`: overview,
// capabilities, file, seccomp, namespaces, threads, declared, raw, gaps. All of them are always there.
func ProcessSections(ix *inspect.Index, p *inspect.Process) []Section {
	r := Row{Ix: ix, P: p}
	return []Section{
		{"overview", "Overview", overviewBlocks(r)},
		{"capabilities", "Capabilities", capabilityBlocks(r)},
		{"file", "File", fileBlocks(r)},
		{"seccomp", "Seccomp", seccompBlocks(r)},
		{"namespaces", "Namespaces", namespaceBlocks(r)},
		{"threads", "Threads", threadBlocks(r)},
		declaredSection(processComparison(r)),
		{"raw", "Raw", rawBlocks(p)},
		{"gaps", "Gaps", []Block{gapBlock(p.Gaps)}},
	}
}

// pair is a line "name  value" of a block without a head.
func pair(name string, c Cell) []Cell { return []Cell{{name, Heading}, c} }

func text(s string) Cell { return Cell{s, Plain} }

func overviewBlocks(r Row) []Block {
	p := r.P
	group := optText(containerText(r))
	if c := r.container(); c != nil {
		group = text(ContainerName(r.Ix, c))
	}
	kind := Cell{"process", Plain}
	if p.KernelThread {
		kind = Cell{"kernel thread", Muted}
	}
	return []Block{
		{Rows: [][]Cell{
			pair("pid", number(p.PID)),
			pair("name", orAbsent(p.Comm)),
			pair("kind", kind),
			pair("state", stateCell(p.State)),
			pair("parent", parentCell(r)),
			pair("started", sinceCell(r)),
			pair("command", cmdlineCell(r)),
			pair("user", userCell(r)),
			pair("uid", idsInWords(p.UID)),
			pair("gid", idsInWords(p.GID)),
			pair("groups", groupsCell(p.Groups)),
			pair("threads", threadsCell(r)),
			pair("no_new_privs", nnpCell(p.NoNewPrivs)),
			pair("securebits", secureBitsCell(p.SecureBits)),
		}},
		{Title: "Belongs to", Rows: append(belongsTo(r.container(), group, optText(p.Cgroup), string(p.Role)), oddPlace(r)...)},
	}
}

var stateWords = map[string]string{
	"R": "running", "S": "sleeping", "D": "uninterruptible sleep", "T": "stopped", "t": "stopped by a tracer",
	"Z": "zombie", "X": "dead", "I": "idle",
}

func stateCell(s string) Cell {
	c := orAbsent(s)
	if w := stateWords[s]; w != "" {
		c.Text += " (" + w + ")"
	}
	return c
}

func parentCell(r Row) Cell {
	c := number(r.P.PPID)
	if parent := r.Ix.Process(r.P.PPID); parent != nil {
		c.Text += " " + Clean(parent.Comm)
	}
	return c
}

// sinceCell is when the process began, and how old it was when the snapshot was taken.
func sinceCell(r Row) Cell {
	t, ok := Started(r.Ix, r.P)
	if !ok {
		return Cell{strconv.FormatUint(r.P.StartTime, 10) + " ticks after boot", Plain}
	}
	c := Cell{t.Format(time.RFC3339), Plain}
	if age := r.Ix.TakenAt.Sub(t); age >= 0 && !r.Ix.TakenAt.IsZero() {
		c.Text += ", " + Age(age) + " before this was read"
	}
	return c
}

// Age is a duration in its two greatest units: "3d 4h", "12s".
func Age(d time.Duration) string {
	s := int64(d / time.Second)
	units := []struct {
		n    int64
		name string
	}{{86400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}}
	for i, u := range units {
		if s < u.n || u.n == 1 {
			continue
		}
		a := strconv.FormatInt(s/u.n, 10) + u.name
		if rest := s % u.n / units[i+1].n; rest > 0 {
			a += " " + strconv.FormatInt(rest, 10) + units[i+1].name
		}
		return a
	}
	return strconv.FormatInt(max(s, 0), 10) + "s"
}

func idsInWords(o inspect.Opt[inspect.IDs]) Cell {
	ids, ok := o.Get()
	if !ok {
		return gone()
	}
	one := idsText(ids)
	if !strings.Contains(one, "/") {
		return text(one)
	}
	n := func(id uint32) string { return strconv.FormatUint(uint64(id), 10) }
	return Cell{"real " + n(ids.Real) + ", effective " + n(ids.Effective) + ", saved " + n(ids.Saved) + ", filesystem " + n(ids.FS), Notice}
}

func groupsCell(o inspect.Opt[[]uint32]) Cell {
	groups, ok := o.Get()
	if !ok {
		return gone()
	}
	words := make([]string, len(groups))
	for i, g := range groups {
		words[i] = strconv.FormatUint(uint64(g), 10)
	}
	return orAbsent(strings.Join(words, " "))
}

// secureBits names the bits of capabilities(7), "The securebits flags", in their order.
var secureBits = [8]string{"noroot", "noroot_locked", "no_setuid_fixup", "no_setuid_fixup_locked",
	"keep_caps", "keep_caps_locked", "no_cap_ambient_raise", "no_cap_ambient_raise_locked"}

func secureBitsCell(o inspect.Opt[uint32]) Cell {
	bits, ok := o.Get()
	switch {
	case !ok:
		return Cell{"? (/proc does not tell)", Gone}
	case bits == 0:
		return Cell{"none", Muted}
	}
	var words []string
	for i, name := range secureBits {
		if bits>>i&1 == 1 {
			words = append(words, name)
		}
	}
	if rest := bits >> len(secureBits) << len(secureBits); rest != 0 {
		words = append(words, "0x"+strconv.FormatUint(uint64(rest), 16))
	}
	return Cell{strings.Join(words, " "), Notice}
}

func belongsTo(c *inspect.Container, name, cgroup Cell, role string) [][]Cell {
	if c == nil {
		return [][]Cell{pair("group", name), pair("cgroup", cgroup)}
	}
	rows := [][]Cell{
		pair(string(c.Kind), Cell{name.Text, Accent}),
		pair("runtime", orAbsent(c.Runtime)),
		pair("id", orAbsent(c.ID)),
		pair("image", optText(runtimeFact(c, c.Image))),
		pair("pod", optText(podText(c))),
		pair("unit", orAbsent(c.Unit)),
		pair("nested in", orAbsent(c.NestedIn)),
		pair("cgroup", cgroup),
	}
	if role != "" {
		rows = slices.Insert(rows, 1, pair("role", text(Clean(role))))
	}
	if uid, ok := c.Owner.Get(); ok {
		rows = append(rows, pair("rootless of", text("uid "+strconv.FormatUint(uint64(uid), 10))))
	}
	if c.Claimed {
		rows = append(rows, pair("", Cell{"only claimed: from a cgroup, file or argument that others than the host's root could have made", Notice}))
	}
	return rows
}

// oddPlace is what a process's cgroup and its namespaces say differently of where it is.
func oddPlace(r Row) (rows [][]Cell) {
	p := r.P
	name := func(key string) string {
		if c := r.Ix.Container(key); c != nil {
			return ContainerName(r.Ix, c)
		}
		return Clean(key)
	}
	if p.Nested != "" {
		rows = append(rows, pair("within it", Cell{name(p.Nested) + ", as the cgroup claims", Plain}))
	}
	if p.Entered != "" {
		rows = append(rows, pair("entered", Cell{name(p.Entered) + ": it is in its namespaces, not in its cgroup", Notice}))
	}
	if p.Outside {
		rows = append(rows, pair("outside", Cell{"in its container's cgroup, and in none of the container's own namespaces", Notice}))
	}
	return rows
}

func rawBlocks(p *inspect.Process) []Block {
	if p.Status == "" {
		return []Block{{Note: "/proc/" + strconv.Itoa(p.PID) + "/status was not kept with this snapshot."}}
	}
	b := Block{Title: "/proc/" + strconv.Itoa(p.PID) + "/status"}
	for line := range strings.Lines(p.Status) {
		name, rest, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		if !ok {
			b.Rows = append(b.Rows, []Cell{plain(name)})
			continue
		}
		b.Rows = append(b.Rows, pair(Clean(name), Cell{bounded(strings.ReplaceAll(strings.TrimLeft(rest, "\t"), "\t", " ")), Plain}))
	}
	return []Block{b}
}

// gapBlock is what could not be read. Its note says so when nothing is missing.
func gapBlock(gaps []inspect.Gap) Block {
	if len(gaps) == 0 {
		return Block{Note: "Everything asked for could be read."}
	}
	b := Block{Head: []string{"SUBJECT", "WHAT", "WHY"}}
	for _, g := range gaps {
		b.Rows = append(b.Rows, []Cell{plain(g.Subject), plain(g.What), {Clean(g.Why), Gone}})
	}
	return b
}
