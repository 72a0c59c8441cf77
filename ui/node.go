package ui

import (
	"capview/inspect"
	"capview/ui/view"
)

// id is what a row stays through refreshes, sorts and groupings: a process by PID and start time, a thread of it, or
// a group by what it is grouped by and its key.
type id struct {
	group string
	pid   int
	start uint64
	tid   int
}

func processID(p *inspect.Process) id { return id{pid: p.PID, start: p.StartTime} }

func groupID(by inspect.GroupBy, key string) id { return id{group: string(by) + "\x00" + key} }

func (i id) isGroup() bool { return i.group != "" }

// node is a row of the list: a group, a process or a thread. Nodes are built beside the program, and are the program's then: what
// runs beside it takes along what it needs of one.
type node struct {
	id     id
	row    view.Row // P is nil for a group
	group  *inspect.Group
	kids   []*node // a group's processes, a process's threads
	parent *node
	power  int
	sum    view.GroupRow        // a group's
	served bool                 // only helpers of a group's container are left: they say nothing of what it may do
	cells  map[string]view.Cell // a group's, of the columns that sum has not
	fresh  *change              // what differs from the last refresh; nil: nothing
	lit    bool                 // it was denied something a moment ago
}

// helps tells of a process that serves a container from outside: it is not what the container may do.
func (n *node) helps() bool { return n.row.P != nil && n.row.P.Role == inspect.RoleHelper }

// change is what a refresh brought for a process.
type change struct {
	appeared bool
	columns  map[string]bool // keys of the columns that show what differs
}

// changedColumns tells which column shows a fact that inspect.Diff names by its JSON key.
var changedColumns = map[string]string{
	"caps.effective": "effective", "caps.permitted": "permitted", "caps.inheritable": "inheritable",
	"caps.bounding": "bounding", "caps.ambient": "ambient", "no_new_privs": "nnp", "file_caps": "filecaps",
	"seccomp": "seccomp", "user": "user", "uid": "user", "namespaces.user": "userns", "comm": "name", "exe": "exe",
	"cmdline": "cmdline", "container": "container", "threads": "threads", "thread_count": "threads",
}

// freshChanges is the changes by process, as the list shows them.
func freshChanges(d inspect.Changes) map[id]*change {
	fresh := make(map[id]*change, len(d.Appeared)+len(d.Changed))
	for _, p := range d.Appeared {
		fresh[processID(p)] = &change{appeared: true}
	}
	for _, c := range d.Changed {
		columns := make(map[string]bool, len(c.Facts))
		for _, f := range c.Facts {
			columns[changedColumns[f.Fact]] = true
			columns[changedColumns[f.Key()]] = true
		}
		fresh[processID(c.After)] = &change{columns: columns}
	}
	return fresh
}
