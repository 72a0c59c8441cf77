package inspect

import (
	"strconv"
	"strings"

	"capview/nsinfo/cgroup"
)

// shortID is how many digits of a container's id people compare by.
const shortID = 12

// Label is c in words, as short as tells it apart: "web", "blog (alice)" for a rootless one, "docker 4e2f0c1b9a7d" without
// a name, "kube-system/coredns-1 coredns" in a pod, "web › db" inside another, "userns 4026532992 (alice)". Raw: sanitise
// before display.
func (ix *Index) Label(c *Container) string { return ix.label(c, false) }

// Heading is Label with the runtime, where nothing else shows it: "web (docker)", "blog (podman, alice)".
func (ix *Index) Heading(c *Container) string { return ix.label(c, true) }

func (ix *Index) label(c *Container, runtime bool) string {
	switch c.Kind {
	case KindContainer, KindSandbox:
		return ix.containerLabel(c, runtime)
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

func (ix *Index) containerLabel(c *Container, runtime bool) string {
	label, told := labelName(c)
	var words []string
	if _, inPod := c.Pod.Get(); runtime && !told && !inPod && c.Runtime != "" {
		words = append(words, c.Runtime)
	}
	if owner := ix.rootlessOf(c); owner != "" {
		words = append(words, owner)
	}
	if len(words) > 0 {
		label += " (" + strings.Join(words, ", ") + ")"
	}
	return ix.around(c) + label
}

// labelName is c by its pod and name, or what there is instead; told: the runtime is in it.
func labelName(c *Container) (label string, told bool) {
	pod, inPod := c.Pod.Get()
	if inPod {
		label = podLabel(pod) + " "
	}
	name, named := c.Name.Get()
	switch {
	case named && name != "":
		return label + name, false
	case c.Key == "own":
		return "the container capview runs in", true
	case c.Kind == KindSandbox && (c.Runtime == "" || pod.Name != ""):
		return label + "pod", true
	case c.unnamed():
		return label + strings.TrimSpace(c.Runtime+" pidns "+c.ID), true
	}
	return label + strings.TrimSpace(c.Runtime+" "+short(c.ID)), true
}

// rootlessOf is the user whose runtime made c, where that is not the host's; "" otherwise.
func (ix *Index) rootlessOf(c *Container) string {
	if uid, ok := c.Owner.Get(); ok {
		return ix.userOf(uid)
	}
	if c.NestedIn != "" || c.Runtime == "" || strings.HasPrefix(c.Key, c.Runtime+"/") {
		return ""
	}
	id := cgroup.Match(c.Cgroup) // made in a unit's subtree: see Contain's keys
	return ix.ownerName(&id)
}

// maxNesting bounds how many containers around one are named.
const maxNesting = 4

// around is the names of the containers around c, outermost first, each followed by " › ".
func (ix *Index) around(c *Container) (chain string) {
	for range maxNesting {
		if c = ix.Container(c.NestedIn); c == nil || !c.byRuntime() {
			break
		}
		name, _ := labelName(c)
		chain = name + " › " + chain
	}
	return chain
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
	label := "userns " + strconv.FormatUint(inode, 10)
	if ns := ix.UserNamespace(inode); ns != nil {
		if uid, ok := ns.OwnerUID.Get(); ok {
			return label + " (" + ix.userOf(uid) + ")"
		}
	}
	return label
}

// owner is " (alice)" where a cgroup is one user's.
func (ix *Index) owner(id *cgroup.Identity) string {
	if name := ix.ownerName(id); name != "" {
		return " (" + name + ")"
	}
	return ""
}

func (ix *Index) ownerName(id *cgroup.Identity) string {
	uid, err := strconv.ParseUint(id.UID, 10, 32)
	if err != nil || id.Manager == "" && id.Session == "" && id.Delegated == "" {
		return ""
	}
	return ix.userOf(uint32(uid))
}

func (ix *Index) userOf(uid uint32) string {
	if name, ok := ix.UserName(uid); ok {
		return name
	}
	return "uid " + strconv.FormatUint(uint64(uid), 10)
}
