package view

import (
	"strings"

	"capview/inspect"
	"capview/inspect/caps"
)

// seenKind is one of the two columns of what was traced.
type seenKind struct {
	key, title, doc string
	role            Role
	of              func(inspect.Sight) caps.Set
}

var seenKinds = []seenKind{
	{"used", "USED", "traced: capabilities that were asked for and allowed, by the process and children that have ended; ? where it is not traced", Plain,
		func(s inspect.Sight) caps.Set { return s.Used }},
	{"denied", "DENIED", "traced: capabilities that were asked for and refused, by the process and children that have ended; ? where it is not traced", Warn,
		func(s inspect.Sight) caps.Set { return s.Denied }},
}

// SeenKeys are the columns of what is traced, in the order in which they are shown.
var SeenKeys = []string{"used", "denied"}

// Traced is the columns of what a tracer has seen of a process.
func Traced() (cols []Column[Row]) {
	for _, k := range seenKinds {
		get := func(r Row) inspect.Opt[caps.Set] {
			sight, ok := r.Seen.Process(r.P).Get()
			if !ok {
				return inspect.Opt[caps.Set]{}
			}
			return inspect.Some(k.of(sight))
		}
		cols = append(cols, Column[Row]{Key: k.key, Title: k.title, Doc: k.doc, Min: 11, Max: 32, Flex: 1,
			Cell: func(r Row) Cell {
				if r.T != nil { // checks are counted by process
					return Cell{}
				}
				return k.cell(get(r), true)
			},
			Less: lessCount(get), Value: func(r Row) any { return value(get(r)) }})
	}
	return cols
}

// TracedGroups is those of a group: of all its processes, ended ones too. "+?" says that not all of them are traced.
func TracedGroups() (cols []Column[GroupRow]) {
	for _, k := range seenKinds {
		get := func(g GroupRow) (inspect.Opt[caps.Set], bool) {
			sight, all := g.Seen.Group(&g.G)
			if !sight.Known() {
				return inspect.Opt[caps.Set]{}, false
			}
			return inspect.Some(k.of(sight.Or(inspect.Sight{}))), all
		}
		known := func(g GroupRow) inspect.Opt[caps.Set] {
			set, _ := get(g)
			return set
		}
		cols = append(cols, Column[GroupRow]{Key: k.key, Title: k.title, Doc: k.doc, Min: 11, Max: 32, Flex: 1,
			Cell: func(g GroupRow) Cell { return k.cell(get(g)) },
			Less: lessCount(known), Value: func(g GroupRow) any { return value(known(g)) }})
	}
	return cols
}

// cell names the capabilities: what is not traced must not look like nothing.
func (k *seenKind) cell(o inspect.Opt[caps.Set], all bool) Cell {
	set, ok := o.Get()
	switch {
	case !ok, set == 0 && !all:
		return gone()
	case set == 0:
		return absent()
	}
	c := Cell{capNames(set), k.role}
	if !all {
		c.Text += " +?"
	}
	return c
}

// capNames is "chown,sys_nice".
func capNames(s caps.Set) string {
	names := make([]string, 0, s.Count())
	s.Each(func(c caps.Cap) { names = append(names, c.Short()) })
	return strings.Join(names, ",")
}

// lessCount orders by how many there are, unknown first.
func lessCount[R any](get func(R) inspect.Opt[caps.Set]) func(a, b R) bool {
	return byOpt(func(r R) inspect.Opt[int] {
		if s, ok := get(r).Get(); ok {
			return inspect.Some(s.Count())
		}
		return inspect.Opt[int]{}
	})
}
