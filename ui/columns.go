package ui

import (
	"strconv"
	"strings"

	"capview/inspect"
	"capview/ui/view"
)

// nameKey is the column the tree is drawn in; it is always first and cannot be taken away.
const nameKey = "name"

// startColumns are shown at the start, as many as fit, the most telling first.
var startColumns = []string{
	"user", "effective", "userns", "seccomp", "nnp", "filecaps", "drift",
	"cmdline", "image", "cpu", "memory", "permitted", "ambient", "bounding", "inheritable",
}

// inTree are the columns the tree's own column stands for.
var inTree = map[string]bool{"pid": true, "comm": true, nameKey: true, "tid": true}

// columnChoice is every column that can be chosen, in order.
func columnChoice() []view.Column[view.Row] {
	var cols []view.Column[view.Row]
	for _, c := range rowColumns() {
		if !inTree[c.Key] {
			cols = append(cols, c)
		}
	}
	return cols
}

// rowColumns is every column of a process, and those that only its group fills.
func rowColumns() []view.Column[view.Row] {
	return append(append(view.Processes(), view.GroupOnly()...), view.Traced()...)
}

// groupColumns is every column of a group.
func groupColumns() []view.Column[view.GroupRow] {
	return append(view.Containers(), view.TracedGroups()...)
}

// nodeColumns is the list's columns: the tree, then those with these keys, in that order.
func nodeColumns(keys []string) []view.Column[*node] {
	cols := []view.Column[*node]{nameColumn()}
	own, groups := byKey(columnChoice()), byKey(groupColumns())
	for _, k := range keys {
		if c, ok := own[k]; ok {
			cols = append(cols, nodeColumn(c, groups))
		}
	}
	return cols
}

func nameColumn() view.Column[*node] {
	return view.Column[*node]{
		Key: nameKey, Title: "NAME", Min: 22, Max: 48, Flex: 1,
		Cell: func(n *node) view.Cell {
			role := view.Plain
			switch {
			case n.lit:
				role = view.Warn
			case n.group != nil:
				role = view.Accent
			case n.helps():
				role = view.Muted
			case n.fresh != nil && (n.fresh.appeared || n.fresh.columns[nameKey]):
				role = view.Changed
			}
			return view.Cell{Text: n.label(), Role: role}
		},
	}
}

// nodeColumn shows c for a process or thread, and for a group what view.Containers has under the same key.
func nodeColumn(c view.Column[view.Row], ofGroup map[string]view.Column[view.GroupRow]) view.Column[*node] {
	group, summed := ofGroup[c.Key]
	return view.Column[*node]{
		Key: c.Key, Title: c.Title, Doc: c.Doc, Min: c.Min, Max: c.Max, Flex: c.Flex, Right: c.Right,
		Cell: func(n *node) view.Cell {
			switch {
			case n.served:
				return view.Cell{}
			case n.group != nil && summed:
				return group.Cell(n.sum)
			case n.group != nil:
				return n.cells[c.Key]
			}
			cell := c.Cell(n.row)
			if n.fresh != nil && n.fresh.columns[c.Key] {
				cell.Role = view.Changed
			}
			return cell
		},
	}
}

// common is the cell of a group in a column that groups do not have: what all its processes show, or nothing.
func common(c view.Column[view.Row], kids []*node) view.Cell {
	first := c.Cell(kids[0].row)
	for _, k := range kids[1:] {
		if c.Cell(k.row).Text != first.Text {
			return view.Cell{}
		}
	}
	return first
}

// fillCommon gives the groups their cells of the columns with these keys that view.Containers has not.
func fillCommon(groups []*node, keys []string) {
	summed := byKey(groupColumns())
	own := byKey(view.Processes())
	for _, k := range keys {
		c, ok := own[k]
		if _, has := summed[k]; has || !ok {
			continue
		}
		for _, g := range groups {
			g.cells[k] = common(c, g.kids)
		}
	}
}

func byKey[T any](cols []view.Column[T]) map[string]view.Column[T] {
	m := make(map[string]view.Column[T], len(cols))
	for _, c := range cols {
		m[c.Key] = c
	}
	return m
}

// label is what the tree shows of a node, clean: a group's name with its runtime, a process's PID and name. It
// is made when it is drawn. The numbers stand under each other.
func (n *node) label() string {
	if n.group != nil && n.group.Container != nil {
		return view.Clean(n.sum.Ix.Heading(n.group.Container))
	}
	if n.group != nil {
		return view.Clean(n.group.Label)
	}
	return rowLabel(n.row)
}

// count is how many processes a group has, as it stands behind its label; "" for what is no group.
func (n *node) count() string {
	if n.group == nil {
		return ""
	}
	count := strconv.Itoa(len(n.group.Processes))
	if n.served {
		count += " helper"
	}
	return "(" + count + ")"
}

// titled is a node's label and count.
func (n *node) titled() string { return strings.TrimSpace(n.label() + " " + n.count()) }

func rowLabel(r view.Row) string {
	if r.T != nil {
		return strconv.Itoa(r.T.TID) + " " + view.Clean(r.T.Comm)
	}
	pid := strconv.Itoa(r.P.PID)
	label := strings.Repeat(" ", max(pidWidth(r.Ix)-len(pid), 0)) + pid + " " + view.Clean(r.P.Comm)
	if r.P.Role == inspect.RoleHelper || r.P.Role == inspect.RoleInfra {
		label += " (" + string(r.P.Role) + ")"
	}
	return label
}

// pidWidth is the digits of the node's largest PID.
func pidWidth(ix *inspect.Index) int {
	if n := len(ix.Processes); n > 0 {
		return len(strconv.Itoa(ix.Processes[n-1].PID))
	}
	return 1
}
