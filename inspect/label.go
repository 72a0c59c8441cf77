package inspect

import (
	"strconv"
	"strings"

	"capview/nsinfo/cgroup"
)

// shortID is how many digits of a container's id people compare by.
const shortID = 12

// Label is c in words: its name where known, else its runtime and short id; a pod before it. Raw: sanitise before
// display.
func (ix *Index) Label(c *Container) string {
	switch c.Kind {
	case KindContainer, KindSandbox:
		return ix.containerLabel(c)
	case KindUserNS:
		inode, _ := strconv.ParseUint(c.ID, 10, 64)
		if name, ok := c.Name.Get(); ok && name != "" {
			return name + ", " + ix.userNSLabel(inode)
		}
		return ix.userNSLabel(inode)
	case KindUnit:
		id := cgroup.Match(c.Cgroup)
		return c.Unit + ix.owner(&id)
	case KindSession:
		id := cgroup.Match(c.Cgroup)
		return "session " + c.ID + ix.owner(&id)
	case KindKernel:
		return "kernel threads"
	case KindHost:
		return "host"
	}
	return c.Key
}

func (ix *Index) containerLabel(c *Container) string {
	label := ""
	if pod, ok := c.Pod.Get(); ok {
		label = podLabel(pod) + " "
	}
	name, named := c.Name.Get()
	switch {
	case named && name != "":
		label += name
	case c.Key == "own":
		return "the container capview runs in"
	case c.Kind == KindSandbox && (c.Runtime == "" || c.Pod.Or(Pod{}).Name != ""):
		label += "pod"
	case c.unnamed():
		label += strings.TrimSpace(c.Runtime + " PID namespace " + c.ID)
	case c.Runtime != "":
		label += c.Runtime + " " + short(c.ID)
	default:
		label += short(c.ID)
	}
	if uid, ok := c.Owner.Get(); ok {
		return label + " (" + ix.userOf(uid) + ")"
	}
	if c.NestedIn != "" || c.Runtime == "" || strings.HasPrefix(c.Key, c.Runtime+"/") {
		return label
	}
	id := cgroup.Match(c.Cgroup) // made in a unit's subtree: see Contain's keys
	return label + ix.owner(&id)
}

// podLabel is a pod as kubectl would name it, or its short uid.
func podLabel(p Pod) string {
	switch {
	case p.Name == "":
		return "pod " + short(p.UID)
	case p.Namespace == "":
		return p.Name
	}
	return p.Namespace + "/" + p.Name
}

func short(id string) string {
	if len(id) > shortID && (len(id) == 64 || len(id) == 36 || len(id) == 32) {
		return id[:shortID]
	}
	return id
}

func (ix *Index) userNSLabel(inode uint64) string {
	label := "user namespace " + strconv.FormatUint(inode, 10)
	if ns := ix.UserNamespace(inode); ns != nil {
		if uid, ok := ns.OwnerUID.Get(); ok {
			return label + " (" + ix.userOf(uid) + ")"
		}
	}
	return label
}

// owner is " (alice)" where a cgroup is one user's.
func (ix *Index) owner(id *cgroup.Identity) string {
	uid, err := strconv.ParseUint(id.UID, 10, 32)
	if err != nil || id.Manager == "" && id.Session == "" && id.Delegated == "" {
		return ""
	}
	return " (" + ix.userOf(uint32(uid)) + ")"
}

func (ix *Index) userOf(uid uint32) string {
	if name, ok := ix.UserName(uid); ok {
		return name
	}
	return "uid " + strconv.FormatUint(uint64(uid), 10)
}
