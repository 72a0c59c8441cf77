package inspect

import "strings"

// diffNodes compares two nodes, or two boots of one, whose PIDs, start times and inodes have nothing to do with each
// other. Of processes that are called the same the first is matched with the first, by PID; those in excess appeared or left.
func diffNodes(before, after *Index) Changes {
	var c Changes
	olds := map[string][]*Process{}
	for _, p := range before.Processes {
		id := identity(before, p)
		olds[id] = append(olds[id], p)
	}
	matched := make(map[*Process]bool, len(before.Processes))
	for _, p := range after.Processes {
		id := identity(after, p)
		same := olds[id]
		if len(same) == 0 {
			c.Appeared = append(c.Appeared, p)
			continue
		}
		olds[id], matched[same[0]] = same[1:], true
		c.compare(before, after, same[0], p)
	}
	for _, p := range before.Processes {
		if !matched[p] {
			c.Left = append(c.Left, p)
		}
	}
	c.ContainersAppeared, c.ContainersLeft = diffContainers(before, after)
	return c
}

func diffContainers(before, after *Index) (appeared, left []*Container) {
	olds := map[string]int{}
	for i := range before.Containers {
		olds[containerIdentity(&before.Containers[i])]++
	}
	for i := range after.Containers {
		c := &after.Containers[i]
		if id := containerIdentity(c); olds[id] > 0 {
			olds[id]--
		} else {
			appeared = append(appeared, c)
		}
	}
	for i := len(before.Containers) - 1; i >= 0; i-- {
		c := &before.Containers[i]
		if id := containerIdentity(c); olds[id] > 0 {
			olds[id]--
			left = append([]*Container{c}, left...)
		}
	}
	return appeared, left
}

// identity is what p is called where PIDs mean nothing.
func identity(ix *Index, p *Process) string {
	id := p.Container
	if c := ix.Container(p.Container); c != nil {
		id = containerIdentity(c)
	}
	return strings.Join([]string{id, p.Comm, p.Exe.Or("")}, "\x00")
}

// containerIdentity is what c is called across nodes and boots: its pod and name where known, else its id; a unit's
// name. Inodes of namespaces, which keys may hold, do not count.
func containerIdentity(c *Container) string {
	parts := []string{string(c.Kind), c.Runtime}
	pod, _ := c.Pod.Get()
	switch name, named := c.Name.Get(); {
	case named && name != "":
		parts = append(parts, pod.Namespace, pod.Name, name)
	case c.ID != "":
		parts = append(parts, c.ID)
	case c.Unit != "":
		parts = append(parts, c.Unit)
	case c.Kind != KindUserNS:
		parts = append(parts, c.Key)
	}
	return strings.Join(parts, "\x00")
}

// containerName is what a FactChange calls the container with that key.
func containerName(ix *Index, key string) string {
	c := ix.Container(key)
	switch {
	case c == nil && key == "":
		return "none"
	case c == nil:
		return key
	}
	return ix.Label(c)
}
