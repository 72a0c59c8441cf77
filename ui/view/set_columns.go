package view

import (
	"strconv"
	"strings"

	"capview/inspect"
	"capview/inspect/caps"
)

// whichSet is one of the five sets.
type whichSet struct {
	key, title, letter string
	doc                string
	of                 func(*caps.Sets) caps.Set
	marked             bool // where it counts is part of the cell
}

// theSets is the five sets in the order of every matrix: P E I B A.
var theSets = [5]whichSet{
	{"permitted", "PERMITTED", "P", "what the thread may make effective", func(s *caps.Sets) caps.Set { return s.Permitted }, true},
	{"effective", "EFFECTIVE", "E", "what the kernel checks", func(s *caps.Sets) caps.Set { return s.Effective }, true},
	{"inheritable", "INHERITABLE", "I", "kept across execve for files that have it inheritable too", func(s *caps.Sets) caps.Set { return s.Inheritable }, false},
	{"bounding", "BOUNDING", "B", "the most that execve can grant from a file", func(s *caps.Sets) caps.Set { return s.Bounding }, false},
	{"ambient", "AMBIENT", "A", "kept across execve of an unprivileged file", func(s *caps.Sets) caps.Set { return s.Ambient }, true},
}

// least is the least width of the set's column: the effective set matters most: most names of one capability fit.
func (w whichSet) least() int {
	if w.key == "effective" {
		return 16
	}
	return max(10, len(w.title))
}

func setColumns() []Column[Row] {
	var cols []Column[Row]
	for _, w := range []whichSet{theSets[1], theSets[0], theSets[2], theSets[3], theSets[4]} {
		get := func(r Row) inspect.Opt[caps.Set] {
			s, ok := r.creds().Caps.Get()
			if !ok {
				return inspect.Opt[caps.Set]{}
			}
			return inspect.Some(w.of(&s))
		}
		cols = append(cols, Column[Row]{Key: w.key, Title: w.title, Doc: w.key + " capabilities: " + w.doc, Min: w.least(), Max: 48, Flex: 2,
			Cell:  func(r Row) Cell { return setCell(r, get(r), w) },
			Less:  lessSet(get),
			Value: func(r Row) any { return value(get(r)) }})
	}
	return cols
}

// lessSet orders by how many capabilities are held, then by the mask; unknown first.
func lessSet[R any](get func(R) inspect.Opt[caps.Set]) func(a, b R) bool {
	return func(a, b R) bool {
		x, okX := get(a).Get()
		y, okY := get(b).Get()
		switch {
		case okX != okY:
			return !okX
		case x.Count() != y.Count():
			return x.Count() < y.Count()
		}
		return x < y
	}
}

func setCell(r Row, o inspect.Opt[caps.Set], w whichSet) Cell {
	s, ok := o.Get()
	if !ok {
		return gone()
	}
	c := Cell{setText(r.Ix, s, runtimeOf(r.Ix, r.P)), Plain}
	at := placeOf(r.Ix, r.P)
	if w.marked {
		marks := inPlace(r.Ix, s, at)
		if w.key == "effective" && marks != "" {
			marks = alsoPowerless(marks, powerless(r.Ix, r.P, s))
		}
		c.Text += marks
		c.Role = setRole(s, fullSet(r.Ix), at)
	}
	if r.P.KernelThread || s == 0 {
		c.Role = Muted
	}
	return c
}

// setText is a set in the notation of one cell.
func setText(ix *inspect.Index, s caps.Set, runtime string) string {
	return s.CellFor(fullSet(ix), runtime)
}

// inPlace marks capabilities that count only in a user namespace other than the host's.
func inPlace(ix *inspect.Index, s caps.Set, at place) string {
	if s == 0 || !at.known || at.host {
		return ""
	}
	name := UserNSName(ix, at.inode)
	if name != "" && name[0] >= '0' && name[0] <= '9' {
		return " (in userns " + name + ")"
	}
	return " (in " + name + ")"
}

// alsoPowerless puts into " (in alice)" what works nowhere: " (in alice, 7 powerless)".
func alsoPowerless(place, powerless string) string {
	if powerless == "" {
		return place
	}
	return strings.TrimSuffix(place, ")") + ", " + powerless + ")"
}

func confinementColumns() []Column[Row] {
	return []Column[Row]{
		{Key: "userns", Title: "USERNS", Doc: "user namespace: host, its owner's name, or its inode", Min: 6, Max: 14,
			Cell:  func(r Row) Cell { return userNSCell(r.Ix, placeOf(r.Ix, r.P)) },
			Less:  by(func(r Row) uint64 { return placeOf(r.Ix, r.P).inode }),
			Value: func(r Row) any { return inodeValue(placeOf(r.Ix, r.P).inode) }},
		{Key: "seccomp", Title: "SECCOMP", Doc: "seccomp: none, strict, filter and how many, or whose profile it is", Min: 7, Max: 20,
			Cell:  func(r Row) Cell { return seccompCell(r.creds().Seccomp, inContainer(r)) },
			Less:  byOpt(func(r Row) inspect.Opt[string] { return seccompKey(r.creds().Seccomp) }),
			Value: func(r Row) any { return value(r.creds().Seccomp) }},
		{Key: "nnp", Title: "NNP", Doc: "no_new_privs: execve grants nothing (set-id bits, file capabilities)", Min: 3, Max: 3,
			Cell:  func(r Row) Cell { return nnpCell(r.creds().NoNewPrivs) },
			Less:  byOpt(func(r Row) inspect.Opt[string] { return boolKey(r.creds().NoNewPrivs) }),
			Value: func(r Row) any { return value(r.creds().NoNewPrivs) }},
		{Key: "power", Title: "POWER", Doc: "what the process could do to the host, in short; sorts by how much", Min: 8, Max: 32,
			Cell: func(r Row) Cell { return powerCell(r.Ix, r.P) },
			Less: by(func(r Row) int { return inspect.Power(r.Ix, r.P) }),
			Value: func(r Row) any {
				if powerCell(r.Ix, r.P).Text == unknown {
					return nil
				}
				return inspect.Power(r.Ix, r.P)
			}},
	}
}

// powerCell is why the process ranks as it does, in the role of what it has effective.
func powerCell(ix *inspect.Index, p *inspect.Process) Cell {
	why := inspect.PowerWhy(ix, p)
	if why == unknown {
		return gone()
	}
	return Cell{why, effectiveRole(Row{Ix: ix, P: p})}
}

func userNSCell(ix *inspect.Index, at place) Cell {
	switch {
	case at.inode == 0:
		return gone()
	case !at.known:
		return Cell{strconv.FormatUint(at.inode, 10), Plain}
	case at.host:
		return Cell{"host", Muted}
	}
	return Cell{UserNSName(ix, at.inode), Notice}
}

func inodeValue(inode uint64) any {
	if inode == 0 {
		return nil
	}
	return inode
}

// inContainer tells whether a runtime put r's process where it is.
func inContainer(r Row) bool {
	c := r.container()
	return c != nil && (c.Kind == inspect.KindContainer || c.Kind == inspect.KindSandbox)
}

// seccompCell: a container without a filter is worth a look, anything else on the host is usual.
func seccompCell(o inspect.Opt[inspect.Seccomp], contained bool) Cell {
	s, ok := o.Get()
	if !ok {
		return gone()
	}
	switch s.Mode {
	case inspect.SeccompDisabled:
		if contained {
			return Cell{"none", Warn}
		}
		return Cell{"none", Muted}
	case inspect.SeccompFilter:
		return Cell{filterText(s), Good}
	}
	return Cell{Clean(string(s.Mode)), Good}
}

func filterText(s inspect.Seccomp) string {
	text := "filter"
	if p := s.Profile.Or(""); p != "" {
		if p != "custom" {
			return Clean(p)
		}
		text = p
	}
	if n, ok := s.Filters.Get(); ok && n > 1 {
		text += " ×" + strconv.Itoa(n)
	}
	return text
}

// seccompKey sorts none before filters.
func seccompKey(o inspect.Opt[inspect.Seccomp]) inspect.Opt[string] {
	s, ok := o.Get()
	if !ok {
		return inspect.Opt[string]{}
	}
	if s.Mode == inspect.SeccompDisabled {
		return inspect.Some("")
	}
	return inspect.Some(filterText(s))
}

func nnpCell(o inspect.Opt[bool]) Cell {
	switch v, ok := o.Get(); {
	case !ok:
		return gone()
	case v:
		return Cell{"yes", Good}
	}
	return Cell{"no", Plain}
}

func boolKey(o inspect.Opt[bool]) inspect.Opt[string] {
	v, ok := o.Get()
	if !ok {
		return inspect.Opt[string]{}
	}
	return inspect.Some(strconv.FormatBool(v))
}
