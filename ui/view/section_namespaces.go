package view

import (
	"strconv"
	"strings"

	"capview/inspect"
	"capview/nsinfo"
)

func namespaceBlocks(r Row) []Block {
	at := placeOf(r.Ix, r.P)
	if at.inode == 0 {
		return []Block{namespaceTable(r)}
	}
	return []Block{namespaceTable(r), chainBlock(r.Ix, at.inode)}
}

func namespaceTable(r Row) Block {
	b := Block{Title: "Namespaces", Head: []string{"TYPE", "INODE", "SHARED", "OWNED BY USER NAMESPACE"}}
	set, ok := r.P.Namespaces.Get()
	if !ok {
		b.Note = "The namespaces could not be read: see the gaps."
	}
	host := r.Ix.HostNamespaces()
	for t := range nsinfo.Types {
		b.Rows = append(b.Rows, []Cell{{nsinfo.Type(t).String(), Heading}, inodeCell(set[t]),
			sharedCell(set[t], host[t]), ownerCell(r.Ix, nsinfo.Type(t), set[t])})
	}
	return b
}

func inodeCell(inode uint64) Cell {
	if inode == 0 {
		return gone()
	}
	return text(strconv.FormatUint(inode, 10))
}

// sharedCell tells whether a namespace is the host's.
func sharedCell(inode, host uint64) Cell {
	switch {
	case inode == 0 || host == 0:
		return gone()
	case inode == host:
		return Cell{"host's", Muted}
	}
	return Cell{"its own", Notice}
}

func ownerCell(ix *inspect.Index, t nsinfo.Type, inode uint64) Cell {
	if t == nsinfo.UserNS {
		u := ix.UserNamespace(inode)
		if u == nil {
			return gone()
		}
		parent, ok := u.Parent.Get()
		switch {
		case !ok:
			return gone()
		case parent == 0:
			return absent()
		}
		return Cell{namespaceName(ix, parent), Muted}
	}
	if owner := ownerOf(ix, t, inode); owner != 0 {
		return Cell{namespaceName(ix, owner), Muted}
	}
	return gone()
}

// chainBlock is the user namespaces from inode out to the host's, with who owns them and what they map.
func chainBlock(ix *inspect.Index, inode uint64) Block {
	b := Block{Title: "User namespaces, outwards", Head: []string{"NAMESPACE", "LEVEL", "OWNER", "UID MAP (inside outside count)", "GID MAP"}}
	for range maxLevels {
		if inode == 0 {
			break
		}
		u := ix.UserNamespace(inode)
		if u == nil {
			b.Rows = append(b.Rows, []Cell{text(namespaceName(ix, inode)), gone(), gone(), gone(), gone()})
			b.Note = "Nothing more is known of user namespace " + strconv.FormatUint(inode, 10) + "."
			break
		}
		b.Rows = append(b.Rows, userRow(ix, u))
		parent, ok := u.Parent.Get()
		if !ok && inode != ix.Host.UserNamespace {
			b.Note = "What is around it could not be read."
		}
		inode = parent
	}
	return b
}

func userRow(ix *inspect.Index, u *nsinfo.User) []Cell {
	level, owner := gone(), gone()
	if n, ok := u.Level.Get(); ok {
		level = number(n)
	}
	if uid, ok := u.OwnerUID.Get(); ok {
		owner = text(uidText(ix, uid) + " (" + strconv.FormatUint(uint64(uid), 10) + ")")
	}
	return []Cell{text(namespaceName(ix, u.Inode)), level, owner, mapCell(u.UIDMap), mapCell(u.GIDMap)}
}

// mapCell is the lines of uid_map or gid_map, separated by commas.
func mapCell(o inspect.Opt[[]nsinfo.Range]) Cell {
	m, ok := o.Get()
	if !ok {
		return gone()
	}
	if len(m) == 0 {
		return Cell{"nothing is mapped", Notice}
	}
	lines := make([]string, 0, len(m))
	for _, r := range m {
		n := func(v uint32) string { return strconv.FormatUint(uint64(v), 10) }
		lines = append(lines, n(r.Inside)+" "+n(r.Outside)+" "+n(r.Count))
	}
	return text(strings.Join(lines, ", "))
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
