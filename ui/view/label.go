package view

import (
	"strconv"
	"strings"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/nsinfo"
)

// Words that every column uses alike.
const (
	unknown       = "?" // could not be read: see the gaps
	notApplicable = "-" // known: there is none
)

func gone() Cell          { return Cell{unknown, Gone} }
func absent() Cell        { return Cell{notApplicable, Muted} }
func plain(s string) Cell { return Cell{Clean(s), Plain} }
func number(n int) Cell   { return Cell{strconv.Itoa(n), Plain} }
func orAbsent(s string) Cell {
	if s == "" {
		return absent()
	}
	return Cell{bounded(s), Plain}
}

// optText is the cell of a known string, "-" where it is empty, "?" where it is unknown.
func optText(o inspect.Opt[string]) Cell {
	s, ok := o.Get()
	if !ok {
		return gone()
	}
	return orAbsent(s)
}

// fullSet is every capability that the snapshot's kernel has.
func fullSet(ix *inspect.Index) caps.Set {
	if last := ix.Host.CapLastCap; last != 0 {
		return caps.Full(last)
	}
	return caps.Full(caps.Last) // /proc/sys/kernel/cap_last_cap could not be read
}

// place is where a process's capabilities count: its user namespace.
type place struct {
	inode uint64
	host  bool
	known bool
}

func placeOf(ix *inspect.Index, p *inspect.Process) place {
	ns, _ := p.Namespaces.Get()
	host, known := ix.InHostUserNS(p)
	return place{ns[nsinfo.UserNS], host, known}
}

// UserNSName is how a user namespace is called: "host", its owner's name where the owner is not root and has
// one, else its inode. It is clean.
func UserNSName(ix *inspect.Index, inode uint64) string {
	switch u := ix.UserNamespace(inode); {
	case inode == 0:
		return unknown
	case inode == ix.Host.UserNamespace:
		return "host"
	case u != nil:
		if uid, ok := u.OwnerUID.Get(); ok && uid != 0 {
			return ownerName(ix, uid)
		}
	}
	return strconv.FormatUint(inode, 10)
}

func ownerName(ix *inspect.Index, uid uint32) string {
	if name, ok := ix.UserName(uid); ok {
		if _, err := strconv.Atoi(name); err != nil {
			return Clean(name)
		}
	}
	return "uid " + strconv.FormatUint(uint64(uid), 10)
}

// ContainerName is a group's name in full, with its pod or runtime where it has no name of its own: inspect.Index.Label
// made clean.
func ContainerName(ix *inspect.Index, c *inspect.Container) string { return Clean(ix.Label(c)) }

// containerName is a group's name for a cell, in short: its name, its short id, its unit or what kind it is; its runtime
// and pod have columns of their own. It is raw.
func containerName(c *inspect.Container) string {
	name := c.Name.Or("")
	switch {
	case name != "":
		return name
	case c.Kind == inspect.KindUserNS:
		return "userns " + c.ID
	case c.Kind == inspect.KindSession && c.ID != "":
		return "session " + c.ID
	case (c.Kind == inspect.KindContainer || c.Kind == inspect.KindSandbox) && c.ID != "":
		return shortID(c.ID)
	case c.Unit != "":
		return c.Unit
	case c.Kind == inspect.KindKernel || c.Kind == inspect.KindHost:
		return string(c.Kind)
	case c.ID != "":
		return shortID(c.ID)
	}
	return c.Key
}

// shortID is the first 12 characters of a container's hexadecimal id, as docker ps shows it; other ids stay whole.
func shortID(id string) string {
	if len(id) == 64 && strings.Trim(id, "0123456789abcdef") == "" {
		return id[:12]
	}
	return id
}
