package main

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"capview/inspect"
	"capview/ui/view"
)

// keep is what --filter and --container say to keep.
func (a *app) keep() (inspect.Filter, error) {
	f, err := inspect.ParseFilter(a.flags.filter)
	if err != nil {
		failed := &failure{code: exitTrouble, err: err}
		var where *inspect.FilterError
		if errors.As(err, &where) {
			failed.hint = where.Caret()
		}
		return f, failed
	}
	return inspect.ContainerFilter(a.flags.container).And(f), nil
}

// selected is the processes of ix that --filter and --container keep. What a filter hides because it cannot tell
// is counted on standard error.
func (a *app) selected(ix *inspect.Index) ([]*inspect.Process, error) {
	f, err := a.keep()
	if err != nil {
		return nil, err
	}
	kept, unknown := f.Select(ix)
	if unknown > 0 {
		a.complain(counted(unknown, "more process", "more processes") + " may match: facts the filter asks for could not be read")
	}
	if len(kept) == 0 && unknown == 0 && a.flags.container != "" {
		in, _ := inspect.ContainerFilter(a.flags.container).Select(ix)
		if len(in) == 0 {
			return nil, noContainer(ix, a.flags.container)
		}
	}
	return kept, nil
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// noContainer says that there is none, and which there are.
func noContainer(ix *inspect.Index, name string) error {
	var names []string
	for i := range ix.Containers {
		if c := &ix.Containers[i]; c.Kind == inspect.KindContainer || c.Kind == inspect.KindSandbox {
			names = append(names, called(ix, c))
		}
	}
	slices.Sort(names)
	hint := "no container was found; groups of any kind: capview list --containers"
	if len(names) > 0 {
		if len(names) > 8 {
			names = append(names[:8:8], "...")
		}
		hint = "there are: " + strings.Join(names, " ")
	}
	return trouble(hint, "no container %q", name)
}

// findContainers is the groups that name means, in the order of how well: those that it names in full, else
// those whose id begins with it, else those whose name it is part of.
func findContainers(ix *inspect.Index, name string) []*inspect.Container {
	for _, means := range []func(*inspect.Container) bool{
		func(c *inspect.Container) bool { return slices.Contains(containerNames(ix, c), name) },
		func(c *inspect.Container) bool { return len(name) >= 4 && strings.HasPrefix(c.ID, name) },
		func(c *inspect.Container) bool { return name != "" && strings.Contains(c.Name.Or(""), name) },
	} {
		var found []*inspect.Container
		for i := range ix.Containers {
			if c := &ix.Containers[i]; means(c) {
				found = append(found, c)
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// containerNames is everything that a group is called in full.
func containerNames(ix *inspect.Index, c *inspect.Container) []string {
	names := []string{c.Key, ix.Label(c)}
	for _, name := range []string{c.ID, c.Unit, c.Name.Or("")} {
		if name != "" {
			names = append(names, name)
		}
	}
	if pod, ok := c.Pod.Get(); ok {
		names = append(names, pod.Namespace+"/"+pod.Name+"/"+c.Name.Or(""))
	}
	return names
}

// called is a group's label as it may be shown.
func called(ix *inspect.Index, c *inspect.Container) string { return view.Clean(ix.Label(c)) }
