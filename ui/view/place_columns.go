package view

import (
	"capview/inspect"
)

func placeColumns() []Column[Row] {
	text := func(key, title, doc string, min, max int, get func(Row) inspect.Opt[string]) Column[Row] {
		return Column[Row]{Key: key, Title: title, Doc: doc, Min: min, Max: max, Flex: 1,
			Cell:  func(r Row) Cell { return optText(get(r)) },
			Less:  byOpt(get),
			Value: func(r Row) any { return value(get(r)) }}
	}
	return []Column[Row]{
		text("container", "CONTAINER", "the container, unit or other group the process belongs to", 12, 40, containerText),
		text("role", "ROLE", "what it is to its container: payload, helper (conmon, shim), infra (pause)", 7, 7,
			func(r Row) inspect.Opt[string] { return inspect.Some(string(r.P.Role)) }),
		text("runtime", "RUNTIME", "the container's runtime", 8, 12,
			ofContainer(func(c *inspect.Container) inspect.Opt[string] { return inspect.Some(c.Runtime) })),
		text("pod", "POD", "the container's pod: namespace/name", 8, 48, ofContainer(podText)),
		text("image", "IMAGE", "the container's image", 10, 60,
			ofContainer(func(c *inspect.Container) inspect.Opt[string] { return runtimeFact(c, c.Image) })),
		text("unit", "UNIT", "the systemd unit", 10, 40,
			ofContainer(func(c *inspect.Container) inspect.Opt[string] { return inspect.Some(c.Unit) })),
		text("cgroup", "CGROUP", "the control group", 12, 80, func(r Row) inspect.Opt[string] { return r.P.Cgroup }),
		driftColumn(),
	}
}

func containerText(r Row) inspect.Opt[string] {
	if c := r.container(); c != nil {
		return inspect.Some(containerName(c))
	}
	return noContainer(r.P)
}

// noContainer is the fact of a process that belongs to no group: none, unless its control group, which would tell of
// one, could not be read.
func noContainer(p *inspect.Process) inspect.Opt[string] {
	if p.Cgroup.Known() || p.KernelThread {
		return inspect.Some("")
	}
	return inspect.Opt[string]{}
}

// ofContainer asks the row's container.
func ofContainer(get func(*inspect.Container) inspect.Opt[string]) func(Row) inspect.Opt[string] {
	return func(r Row) inspect.Opt[string] {
		if c := r.container(); c != nil {
			return get(c)
		}
		return noContainer(r.P)
	}
}

// runtimeFact is a fact only a runtime can tell: what is no container has none.
func runtimeFact(c *inspect.Container, o inspect.Opt[string]) inspect.Opt[string] {
	if c.Kind != inspect.KindContainer && c.Kind != inspect.KindSandbox {
		return inspect.Some(o.Or(""))
	}
	return o
}

// podText is the pod by name, by its uid where no runtime named it.
func podText(c *inspect.Container) inspect.Opt[string] {
	p, ok := c.Pod.Get()
	if !ok {
		return inspect.Some("")
	}
	if p.Name == "" {
		return inspect.Some(p.UID)
	}
	if p.Namespace == "" {
		return inspect.Some(p.Name)
	}
	return inspect.Some(p.Namespace + "/" + p.Name)
}
