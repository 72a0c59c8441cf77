package view

import (
	"capview/inspect"
	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/nsinfo"
)

// owned is the namespace whose owner decides over a capability.
var owned = map[caps.Scope]nsinfo.Type{caps.ScopeNet: nsinfo.Net, caps.ScopeIPC: nsinfo.IPC, caps.ScopePID: nsinfo.PID}

// worksCell is where a capability works that is effective in a user namespace other than the host's (cap_capable in
// security/commoncap.c: over what is owned by that user namespace and those below it, and nowhere else).
func worksCell(r Row, c caps.Cap, effective bool) Cell {
	if !effective {
		return Cell{".", Muted}
	}
	at := placeOf(r.Ix, r.P)
	scope := c.Scope()
	if t, ok := owned[scope]; ok {
		return worksOver(r, t, at)
	}
	switch {
	case scope == caps.ScopeHost && c.ChildPart() == "":
		return Cell{"no, host only", Notice}
	case scope == caps.ScopeHost:
		return Cell{"hardly, host only", Notice}
	case c.HostPart() != "":
		return Cell{"in " + UserNSName(r.Ix, at.inode) + ", in part", Plain}
	}
	return Cell{"in " + UserNSName(r.Ix, at.inode), Plain}
}

// worksOver asks who owns the process's namespace of type t.
func worksOver(r Row, t nsinfo.Type, at place) Cell {
	set, _ := r.P.Namespaces.Get()
	owner := ownerOf(r.Ix, t, set[t])
	switch below(r.Ix, owner, at.inode) {
	case fact.Yes:
		return Cell{"over its " + t.String(), Plain}
	case fact.No:
		return Cell{"no, " + t.String() + " is " + UserNSName(r.Ix, owner) + "'s", Notice}
	}
	return gone()
}

// ownerOf is the user namespace that owns a namespace; 0 unknown.
func ownerOf(ix *inspect.Index, t nsinfo.Type, inode uint64) uint64 {
	if inode == 0 {
		return 0
	}
	for i := range ix.Namespaces {
		if n := &ix.Namespaces[i]; n.Inode == inode && n.Type == t.String() {
			return n.Owner
		}
	}
	return 0
}

// below tells whether a user namespace is another one or below it.
func below(ix *inspect.Index, inode, above uint64) fact.Answer {
	if inode == 0 || above == 0 {
		return fact.Unknown
	}
	for range maxLevels {
		if inode == above {
			return fact.Yes
		}
		if inode == ix.Host.UserNamespace || inode == 0 {
			return fact.No
		}
		u := ix.UserNamespace(inode)
		if u == nil {
			return fact.Unknown
		}
		parent, ok := u.Parent.Get()
		if !ok {
			return fact.Unknown
		}
		inode = parent
	}
	return fact.Unknown
}
