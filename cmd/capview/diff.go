package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"capview/inspect"
	"capview/inspect/fact"
)

const diffLong = `Diff prints what appeared (+), left (-) and changed (~) from the snapshot OLD to the snapshot NEW, or to this node.

Within one boot a process is the same where PID and start time are; across boots and nodes, where its container's name,
its command's name and executable are. --filter and --container keep the differences of processes that match
before or after. Exit status: 0 no difference, 1 differences, 2 trouble, 3 none seen, but facts of some processes could not be read.`

func (a *app) diffCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "diff OLD [NEW]",
		Short:   "What appeared, left, gained and lost between two snapshots",
		Long:    diffLong,
		Example: "  capview diff before.json.gz after.json.gz\n  sudo capview diff yesterday.json.gz",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(cmd, fmt.Errorf("diff what? one or two snapshots"))
			}
			return atMost(2)(cmd, args)
		},
		RunE: a.runDiff,
	}
	cmd.ValidArgsFunction = func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 1 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return nil, cobra.ShellCompDirectiveDefault
	}
	return cmd
}

func (a *app) runDiff(cmd *cobra.Command, args []string) error {
	if err := refuse(cmd, "from"); err != nil {
		return err
	}
	form, err := a.form(cmd, "table", "json")
	if err != nil {
		return err
	}
	keep, err := a.keep()
	if err != nil {
		return err
	}
	before, err := a.open(cmd.Context(), args[0])
	if err != nil {
		return err
	}
	newer := ""
	if len(args) > 1 {
		newer = args[1]
	}
	after, err := a.open(cmd.Context(), newer)
	if err != nil {
		return err
	}
	c := kept(inspect.Diff(before, after), before, after, keep)
	if !c.SameBoot {
		a.complain("not the same boot: processes are compared by container, name and executable, not by PID")
	}
	if err := a.writeChanges(form, before, after, c); err != nil {
		return err
	}
	return a.verdict(before, after, c, keep)
}

// open indexes the snapshot in a file, or this node where name is "".
func (a *app) open(ctx context.Context, name string) (*inspect.Index, error) {
	a.flags.from = name
	ix, live, err := a.index(ctx, false)
	if err == nil {
		a.notice(live)
	}
	return ix, err
}

// kept is the changes of processes that f keeps, or may keep, before or after.
func kept(c inspect.Changes, before, after *inspect.Index, f inspect.Filter) inspect.Changes {
	if f.Empty() {
		return c
	}
	hides := func(ix *inspect.Index) func(*inspect.Process) bool {
		return func(p *inspect.Process) bool { return f.Match(ix, p) == fact.No }
	}
	c.Appeared = slices.DeleteFunc(c.Appeared, hides(after))
	c.Left = slices.DeleteFunc(c.Left, hides(before))
	c.Changed = slices.DeleteFunc(c.Changed, func(c inspect.Change) bool {
		return hides(before)(c.Before) && hides(after)(c.After)
	})
	c.ContainersAppeared = slices.DeleteFunc(c.ContainersAppeared, unused(after, f))
	c.ContainersLeft = slices.DeleteFunc(c.ContainersLeft, unused(before, f))
	return c
}

// unused tells of a container whether f keeps none of its processes.
func unused(ix *inspect.Index, f inspect.Filter) func(*inspect.Container) bool {
	used := map[string]bool{}
	for _, p := range ix.Processes {
		if f.Match(ix, p) != fact.No {
			used[p.Container] = true
		}
	}
	return func(c *inspect.Container) bool { return !used[c.Key] }
}

// verdict is the exit status: a fact that only one side knows is no difference, and "same" is said only where
// everything that decides was known on both sides.
func (a *app) verdict(before, after *inspect.Index, c inspect.Changes, f inspect.Filter) error {
	if certain(c) {
		return answer(exitNo)
	}
	unknown := max(undecidedIn(before, f), undecidedIn(after, f), len(c.Changed))
	if unknown == 0 {
		return nil
	}
	a.complain("no difference seen, but facts of " + counted(unknown, "process", "processes") + " could not be read")
	return answer(exitUnknown)
}

// certain tells whether anything differs that is known on both sides.
func certain(c inspect.Changes) bool {
	for _, change := range c.Changed {
		for _, f := range change.Facts {
			if f.Fact == "comm" || f.Before != unknownFact && f.After != unknownFact {
				return true
			}
		}
	}
	c.Changed = nil
	return !c.Empty()
}

// unknownFact is what inspect.Diff puts for the side of a fact that could not be read.
const unknownFact = "unknown"

// undecidedIn counts the processes that f may keep and of which a fact that decides is not known.
func undecidedIn(ix *inspect.Index, f inspect.Filter) (n int) {
	for _, p := range ix.Processes {
		if undecided(p) && f.Match(ix, p) != fact.No {
			n++
		}
	}
	return n
}

// undecided tells whether a fact of p that decides over its capabilities is not known.
func undecided(p *inspect.Process) bool {
	return !p.Caps.Known() || !p.NoNewPrivs.Known() || !p.Seccomp.Known() || !p.Namespaces.Known() ||
		!p.FileCaps.Known() || !p.UID.Known()
}
