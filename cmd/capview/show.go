package main

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"capview/inspect"
	"capview/nsinfo"
	"capview/ui/view"
)

const showLong = `Show prints everything known of a process or a container, and what could not be read.

A number is a PID; anything else is a container: its name, its id or the beginning of one, or its unit.`

func (a *app) showCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "show PID|CONTAINER",
		Short:             "Everything known of a process or a container",
		Long:              showLong,
		Example:           "  capview show 1\n  capview show web\n  capview show 812 -o json",
		Args:              exactlyOne("a PID or a container"),
		ValidArgsFunction: a.completeContainers,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.runShow(cmd, args[0]) },
	}
}

// shown is what show writes as JSON: the objects of the snapshot that bear on what was asked for.
type shown struct {
	Host           inspect.Host       `json:"host"`
	Container      *inspect.Container `json:"container"`
	Process        *inspect.Process   `json:"process,omitempty"`
	Processes      []*inspect.Process `json:"processes,omitempty"`
	Findings       []inspect.Finding  `json:"findings"` // where it is not what its runtime was asked for
	UserNamespaces []*nsinfo.User     `json:"user_namespaces"`
	Gaps           []inspect.Gap      `json:"gaps"`
}

func (a *app) runShow(cmd *cobra.Command, name string) error {
	if err := refuse(cmd, "filter", "container"); err != nil {
		return err
	}
	form, err := a.form(cmd, "table", "json")
	if err != nil {
		return err
	}
	a.hurry()
	ix, live, err := a.index(cmd.Context(), false)
	if err != nil {
		return err
	}
	if pid, err := strconv.Atoi(name); err == nil {
		return a.showProcess(cmd.Context(), ix, live, pid, form)
	}
	return a.showContainer(ix, name, form)
}

func (a *app) showProcess(ctx context.Context, ix *inspect.Index, live node, pid int, form string) error {
	p := ix.Process(pid)
	if p == nil {
		return trouble("", "no process %d%s", pid, a.inSnapshot())
	}
	if live != nil {
		full, err := inFull(ctx, live, p)
		if err != nil {
			return err
		}
		p = full
	}
	if form == "json" {
		return writeJSON(a.out, shown{
			Host: ix.Host, Container: ix.Container(p.Container), Process: p,
			Findings: append([]inspect.Finding{}, ix.Drift(p)...), UserNamespaces: userNamespaces(ix, p), Gaps: gapsOf(ix, p),
		})
	}
	return view.WriteSections(a.out, view.ProcessSections(ix, p), a.width(), a.style())
}

// inFull reads a process of the scan again, with all its threads and the text of its status.
func inFull(ctx context.Context, live node, p *inspect.Process) (*inspect.Process, error) {
	full, err := live.Process(ctx, p.PID, p.StartTime)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, trouble("", "process %d ended while it was read", p.PID)
	case err != nil:
		return nil, trouble("", "cannot read process %d: %w", p.PID, err)
	}
	full.Placed(p)
	return &full, nil
}

func (a *app) inSnapshot() string {
	if a.flags.from == "" {
		return ""
	}
	return " in " + a.origin()
}

func (a *app) showContainer(ix *inspect.Index, name, form string) error {
	found := findContainers(ix, name)
	if len(found) == 0 {
		return noContainer(ix, name)
	}
	if len(found) > 1 {
		return ambiguous(ix, found, name)
	}
	c := found[0]
	g := groupOf(ix, c)
	if form == "table" {
		return view.WriteSections(a.out, view.GroupSections(ix, g), a.width(), a.style())
	}
	s := shown{Host: ix.Host, Container: c, Processes: g.Processes, Findings: inspect.ContainerDrift(ix, c, g.Processes), Gaps: slices.Clone(ix.Gaps)}
	for _, p := range g.Processes {
		for _, u := range userNamespaces(ix, p) {
			if !slices.Contains(s.UserNamespaces, u) {
				s.UserNamespaces = append(s.UserNamespaces, u)
			}
		}
		s.Gaps = append(s.Gaps, p.Gaps...)
	}
	return writeJSON(a.out, s)
}

// groupOf is c with its processes.
func groupOf(ix *inspect.Index, c *inspect.Container) inspect.Group {
	g := inspect.Group{Key: c.Key, Label: ix.Label(c), Kind: c.Kind, Container: c}
	for _, p := range ix.Processes {
		if p.Container == c.Key {
			g.Processes = append(g.Processes, p)
		}
	}
	return g
}

// ambiguous names what the name could mean, with what tells them apart.
func ambiguous(ix *inspect.Index, found []*inspect.Container, name string) error {
	var lines []string
	for _, c := range found[:min(len(found), 10)] {
		lines = append(lines, strings.Join([]string{called(ix, c), c.Runtime, c.Key}, "  "))
	}
	if more := len(found) - len(lines); more > 0 {
		lines = append(lines, "and "+strconv.Itoa(more)+" more")
	}
	return trouble(strings.Join(lines, "\n"), "%q names %d containers: say which, by its id or key", name, len(found))
}

// userNamespaces is p's user namespace and those around it, innermost first.
func userNamespaces(ix *inspect.Index, p *inspect.Process) []*nsinfo.User {
	chain := []*nsinfo.User{}
	for u := ix.UserNSOf(p); u != nil && !slices.Contains(chain, u); u = ix.UserNamespace(u.Parent.Or(0)) {
		chain = append(chain, u)
	}
	return chain
}

// gapsOf is what could not be read of p, and of the node at large.
func gapsOf(ix *inspect.Index, p *inspect.Process) []inspect.Gap {
	return append(slices.Clone(p.Gaps), ix.Gaps...)
}

// exactlyOne wants one argument.
func exactlyOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usage(cmd, errors.New(cmd.Name()+" what? "+what))
		}
		return atMost(1)(cmd, args)
	}
}
