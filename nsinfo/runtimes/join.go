package runtimes

import (
	"slices"
	"strconv"
	"strings"

	"capview/inspect"
	"capview/nsinfo"
)

// join writes into the Snapshot what the answers say. It is pure.
type join struct {
	*links
	answers map[request]*answer
	keys    map[string]*instance
	byPIDNS map[uint64]*instance
	left    map[string]bool // groups that processes were taken from
}

// fill completes the containers that the cgroups name.
func (j *join) fill() {
	for _, k := range j.order {
		c, a := k.container, j.answers[k.request]
		if a == nil {
			j.waiting(c.Key, k.request)
			continue
		}
		j.s.Gaps = a.gapsInto(j.s.Gaps, "container "+c.Key)
		j.complete(c, &a.facts)
		c.Claimed = c.Claimed || !k.trusted || a.facts.claimed
	}
}

func (j *join) waiting(key string, q request) {
	j.s.Gaps = append(j.s.Gaps, inspect.Gap{Subject: "container " + key, What: "name", Why: q.describe() + ": has not answered yet"})
}

// complete takes over the facts that were found. What the cgroup tells of the id stands.
func (j *join) complete(c *inspect.Container, f *facts) {
	if f.name != "" {
		c.Name = inspect.Some(f.name)
	}
	if f.image.Known() {
		c.Image = f.image
	}
	if f.runtime != "" {
		c.Runtime = f.runtime
	}
	if c.Runtime == "lxc" || c.Runtime == "incus" || c.Runtime == "lxd" {
		c.ID = first(f.id, c.ID)
	}
	if f.pod != nil {
		pod := *f.pod
		if have, ok := c.Pod.Get(); ok {
			pod.UID = first(have.UID, pod.UID)
		}
		c.Pod = inspect.Some(pod)
	}
	if f.sandbox {
		c.Kind = inspect.KindSandbox
	}
	if f.declared != nil {
		d := *f.declared
		d.Claimed = d.Claimed || c.Claimed
		c.Declared = inspect.Some(d)
	}
}

// place makes containers of the instances, and gives them their processes.
func (j *join) place() {
	j.keys, j.byPIDNS, j.left = map[string]*instance{}, map[uint64]*instance{}, map[string]bool{}
	var tree []*instance
	for _, in := range j.instances {
		if !j.name(in) {
			continue
		}
		if in.own != 0 {
			if j.byPIDNS[in.own] == nil {
				j.byPIDNS[in.own] = in
			}
		} else {
			tree = append(tree, in)
		}
	}
	if len(j.keys) == 0 {
		return
	}
	for i := range j.s.Processes {
		if in := j.owner(j.s.Processes[i]); in != nil {
			j.give(i, in, inspect.RolePayload)
		}
	}
	j.descend(tree)
	j.helpers()
	j.settle()
}

// name completes an instance and finds its key; false where it stays unnamed.
func (j *join) name(in *instance) bool {
	c, p := &in.container, j.s.Processes[in.init]
	a := j.answers[in.request]
	if in.asks && a != nil {
		c.ID = first(c.ID, a.facts.id)
		c.Claimed = c.Claimed || a.facts.claimed
		j.complete(c, &a.facts)
	}
	if c.ID != "" {
		j.identify(in)
	}
	if key := first(c.Key, p.Container); in.asks && a == nil {
		j.waiting(key, in.request)
	} else if in.asks {
		j.s.Gaps = a.gapsInto(j.s.Gaps, "container "+key)
	}
	return c.ID != ""
}

// identify finds an instance's key, and takes over what its processes' former group tells.
func (j *join) identify(in *instance) {
	c, p := &in.container, j.s.Processes[in.init]
	old := j.kinds[p.Container]
	c.Cgroup, c.Unit = p.Cgroup.Or(""), old.Unit
	if old.NestedIn != "" && old.NestedIn != old.Key {
		c.NestedIn = old.NestedIn
	}
	ns, _ := p.Namespaces.Get()
	if ns[nsinfo.UserNS] != 0 {
		c.UserNamespace = inspect.Some(ns[nsinfo.UserNS])
	}
	in.own = j.ownPIDNS(in, ns[nsinfo.PID])
	c.Key = c.Runtime + "/" + c.ID
	if owner, ok := c.Owner.Get(); ok {
		c.Key = "uid/" + strconv.FormatUint(uint64(owner), 10) + "/" + c.Key
	}
	if j.taken(in) {
		c.Key += "#" + strconv.Itoa(p.PID)
	}
	if j.keys[c.Key] == nil {
		j.keys[c.Key] = in
	}
}

// ownPIDNS is the PID namespace that only the instance's processes are in; 0 where it is the host's or its starter's.
func (j *join) ownPIDNS(in *instance, inode uint64) uint64 {
	if inode == j.hostNS[nsinfo.PID] {
		return 0
	}
	if in.st != nil {
		if beside, _ := j.s.Processes[in.st.index].Namespaces.Get(); beside[nsinfo.PID] == inode {
			return 0
		}
	}
	return inode
}

// taken tells whether another container has the instance's key: two runtimes' directories may hold one id. What runs in
// one PID namespace is the same container: a command that was started in it later.
func (j *join) taken(in *instance) bool {
	if other := j.keys[in.container.Key]; other != nil {
		return in.own == 0 || other.own != in.own
	}
	c := j.kinds[in.container.Key]
	return c != nil && fromCgroup(c)
}

// open tells whether a process's group is no more than what its namespaces or place on the host say.
func (j *join) open(p *inspect.Process) bool {
	c := j.kinds[p.Container]
	return c != nil && c.Kind != inspect.KindKernel && !fromCgroup(c) && c.Key != "own"
}

// owner is the instance whose PID namespace or cgroup the process is in.
func (j *join) owner(p *inspect.Process) *instance {
	ns, _ := p.Namespaces.Get()
	if inode := ns[nsinfo.PID]; inode != 0 && inode != j.hostNS[nsinfo.PID] {
		if in := j.byPIDNS[inode]; in != nil && j.open(p) {
			return in
		}
	}
	return nil
}

// descend gives instances without a PID namespace of their own the processes that their first one started, and those in
// the cgroup that their state tells.
func (j *join) descend(tree []*instance) {
	if len(tree) == 0 {
		return
	}
	first := map[int]*instance{} // by PID
	for _, in := range tree {
		first[j.s.Processes[in.init].PID] = in
	}
	for i, p := range j.s.Processes {
		if !j.open(p) || j.starters[p.PID] != nil {
			continue
		}
		in := j.ancestor(p, first)
		for k := 0; in == nil && k < len(tree); k++ {
			if st := tree[k].state; st != nil && st.inCgroup(p.Cgroup.Or("")) && (!st.claimed || j.mayOwn(p, st.owner)) {
				in = tree[k]
			}
		}
		if in != nil {
			j.give(i, in, inspect.RolePayload)
		}
	}
}

// ancestor is the instance that the process or the nearest of those above it is the first process of.
func (j *join) ancestor(p *inspect.Process, first map[int]*instance) *instance {
	for range 1000 { // a damaged snapshot's parents may go in circles
		if in := first[p.PID]; in != nil {
			return in
		}
		if p = j.process(p.PPID); p == nil || p.PID == 1 {
			return nil
		}
	}
	return nil
}

// helpers puts the starters with the containers that they serve.
func (j *join) helpers() {
	for _, in := range j.instances { // a shim serves several: the first
		if in.st != nil && j.keys[in.container.Key] == in && j.open(j.s.Processes[in.st.index]) {
			j.give(in.st.index, in, inspect.RoleHelper)
		}
	}
}

func (j *join) give(i int, in *instance, role inspect.Role) {
	p := j.s.Processes[i]
	if p.Container == in.container.Key {
		return
	}
	j.left[p.Container] = true
	at := p.Placement()
	at.Container, at.Role = in.container.Key, role
	j.s.Place(i, at)
}

// settle enters the new containers and drops the groups that have no process left.
func (j *join) settle() {
	j.drop()
	for key, in := range j.keys {
		if i := slices.IndexFunc(j.s.Containers, func(c inspect.Container) bool { return c.Key == key }); i >= 0 {
			j.s.Containers[i] = in.container
		} else {
			j.s.Containers = append(j.s.Containers, in.container)
		}
	}
	slices.SortFunc(j.s.Containers, func(a, b inspect.Container) int { return strings.Compare(a.Key, b.Key) })
	j.index()
}

// drop removes the groups that lost their last process, and what refers to them.
func (j *join) drop() {
	for i := range j.s.Processes {
		delete(j.left, j.s.Processes[i].Container)
		delete(j.left, j.s.Processes[i].Nested)
	}
	if len(j.left) == 0 {
		return
	}
	j.s.Containers = slices.DeleteFunc(j.s.Containers, func(c inspect.Container) bool { return j.left[c.Key] })
	for i := range j.s.Containers {
		if j.left[j.s.Containers[i].NestedIn] {
			j.s.Containers[i].NestedIn = ""
		}
	}
	for _, in := range j.keys {
		if j.left[in.container.NestedIn] {
			in.container.NestedIn = ""
		}
	}
}
