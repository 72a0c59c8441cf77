package main

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"capview/inspect"
	"capview/inspect/fact"
	"capview/inspect/rules"
)

const canLong = `Can tells whether a process, or each distinct credential of a container's processes, may do something: as the kernel would
decide it, with the rules that decide, and what would allow it.

An ACTION is one of:

`

func (a *app) canCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "can PID|CONTAINER ACTION...",
		Short: "May it? What the kernel would decide, and why",
		Long:  canLong + actionList() + "\n\nExit status: 0 yes, 1 no, 2 trouble, 3 cannot tell; of several answers no counts most.",
		Example: "  capview can 812 bind:80\n" +
			"  capview can web bind:80 set-clock mount\n" +
			"  capview can 812 cap:net_admin@host -o json",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usage(cmd, errors.New("can what do what? a PID or a container, and an action"))
			}
			return nil
		},
		ValidArgsFunction: a.completeCan,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.runCan(cmd, args[0], args[1:]) },
	}
}

func actionList() string {
	lines := make([]string, len(rules.ActionForms))
	for i, f := range rules.ActionForms {
		lines[i] = "  " + f.Form + strings.Repeat(" ", max(1, 30-len(f.Form))) + f.Does
	}
	return strings.Join(lines, "\n")
}

// completeCan offers containers, then actions.
func (a *app) completeCan(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return a.completeContainers(cmd, args, typed)
	}
	directive := cobra.ShellCompDirectiveNoFileComp
	var verbs []string
	for _, f := range rules.ActionForms {
		verb, _, takes := strings.Cut(f.Form, ":")
		if takes {
			verb += ":"
		}
		if strings.HasPrefix(verb, typed) {
			verbs = append(verbs, verb+"\t"+f.Does)
			if takes {
				directive |= cobra.ShellCompDirectiveNoSpace
			}
		}
	}
	return verbs, directive
}

func parseActions(texts []string) ([]rules.Action, error) {
	actions := make([]rules.Action, len(texts))
	for i, text := range texts {
		parsed, err := rules.ParseAction(text)
		var bad *rules.ActionError
		if errors.As(err, &bad) {
			return nil, trouble(bad.Hint(), "%w", err)
		}
		actions[i] = parsed
	}
	return actions, nil
}

func (a *app) runCan(cmd *cobra.Command, name string, texts []string) error {
	if err := refuse(cmd, "filter", "container"); err != nil {
		return err
	}
	form, err := a.form(cmd, "table", "json", "ndjson")
	if err != nil {
		return err
	}
	actions, err := parseActions(texts)
	if err != nil {
		return err
	}
	ix, live, err := a.index(cmd.Context(), false)
	if err != nil {
		return err
	}
	subjects, err := a.subjects(cmd.Context(), ix, live, name)
	if err != nil {
		return err
	}
	var all []answered
	for _, s := range subjects {
		for _, action := range actions {
			q, err := a.may(cmd.Context(), ix, live, s, action)
			if err != nil {
				return err
			}
			all = append(all, q)
		}
	}
	return a.writeAnswers(ix, form, all)
}

// may answers one question: it reads the facts that the action asks for.
func (a *app) may(ctx context.Context, ix *inspect.Index, live node, s subject, action rules.Action) (answered, error) {
	q := answered{subject: s, Action: action.String()}
	facts := ix.ActionFacts(s.p)
	var gaps []string
	if live != nil {
		facts.System = system(live, facts.System)
		if self, err := live.Self(ctx, s.p.PID, s.p.StartTime); err == nil {
			self.Filtered = facts.Filtered
			facts.Self = self
		}
	}
	switch action.Verb {
	case rules.Ptrace, rules.Kill:
		target, err := a.target(ctx, ix, live, s.p, action.PID)
		if err != nil {
			return q, err
		}
		facts.Target = target
	case rules.Chown, rules.Read:
		path, why, err := a.path(ctx, live, s.p, action.Path)
		if err != nil {
			return q, err
		}
		if why != "" {
			gaps = append(gaps, why)
		}
		facts.Path = path
	}
	users := ix.Users()
	q.Result = rules.May(&users, &s.task, &facts, action)
	if q.Answer != fact.Unknown {
		gaps = nil
	}
	q.Gaps = append(gaps, q.Gaps...)
	return q, nil
}

// system is the node's sysctls with those of a network namespace.
func system(live node, network rules.System) rules.System {
	s := live.System()
	s.PortStart, s.PingGroups, s.LogByAdmin = network.PortStart, network.PingGroups, network.LogByAdmin
	return s
}

// target is the process that is acted upon.
func (a *app) target(ctx context.Context, ix *inspect.Index, live node, from *inspect.Process, pid int) (*rules.TargetTask, error) {
	p := ix.Process(pid)
	if p == nil {
		return nil, a.noProcess(ctx, live, pid)
	}
	if live == nil {
		return ix.Target(from, p), nil
	}
	full, err := inFull(ctx, live, p)
	if err != nil {
		return nil, err
	}
	g := ix.Target(from, full)
	if owner, err := live.Owner(ctx, p.PID, p.StartTime); err == nil {
		g.Dumpable = ix.Dumpable(full, owner[0], owner[1])
	}
	return g, nil
}

// path is the facts of a path; why says what kept them from being read.
func (a *app) path(ctx context.Context, live node, p *inspect.Process, path string) (info *rules.PathInfo, why string, err error) {
	if live == nil {
		return nil, "the snapshot does not have the file's facts", nil
	}
	read, err := live.Path(ctx, p.PID, p.StartTime, path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, "", trouble("", "process %d ended while it was read", p.PID)
	case err != nil:
		return nil, path + ": " + err.Error(), nil
	}
	return &read, "", nil
}
