package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"capview/inspect"
	"capview/inspect/advise"
	"capview/ui/manifest"
	"capview/ui/view"
)

const adviseLong = `Advise tells which capabilities a container, or a process with those it has started, holds and needs not: what is held
is compared with what was exercised while it was watched, for each distinct credential. What was asked for and denied is
told too.

It watches for as long as --for says, or reads what 'capview trace -o json' wrote. Nothing is called unused that was not
watched: of a snapshot alone only what can have no effect where it is held is to be dropped. A program asks for some
capabilities at its start alone; where that was not seen they are left in. To see it, trace the node while it starts:

  capview trace -o json > events &
  docker start web; sleep 600; kill %1
  capview advise web --events events

--as writes the recommendation as flags of docker or podman, as a Kubernetes securityContext, lines of a systemd unit, an
OCI specification or prose; -o json has everything.

Exit status: 0 nothing to drop, 1 something could be dropped, 2 trouble, 3 cannot tell.`

// adviseOptions are the flags of advise.
type adviseOptions struct {
	watch  time.Duration
	events string
	as     choice
}

const defaultWatch = 30 * time.Second

func (a *app) adviseCommand() *cobra.Command {
	var o adviseOptions
	cmd := &cobra.Command{
		Use:   "advise PID|CONTAINER",
		Short: "Held and never exercised: what could be dropped",
		Long:  adviseLong,
		Example: "  capview advise web --for 10m\n" +
			"  capview trace -o json --for 10m web > events; capview advise web --events events --as kubernetes\n" +
			"  docker run $(capview advise web --events events --as docker) image",
		Args:              exactlyOne("a PID or a container"),
		ValidArgsFunction: a.completeContainers,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.runAdvise(cmd, args[0], &o) },
	}
	cmd.Flags().DurationVar(&o.watch, "for", defaultWatch, "watch for so long: 30s, 10m, 1h")
	cmd.Flags().StringVar(&o.events, "events", "", "read what 'capview trace -o json' wrote from `FILE`, - for standard input, instead of watching")
	forms := make([]string, len(manifest.Forms))
	for i, f := range manifest.Forms {
		forms[i] = string(f)
	}
	choiceVar(cmd, false, &o.as, "as", "", forms, "write the recommendation in this form")
	complete(cmd, "as", cobra.FixedCompletions(forms, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (a *app) runAdvise(cmd *cobra.Command, name string, o *adviseOptions) error {
	if err := refuse(cmd, "filter", "container"); err != nil {
		return err
	}
	form, err := a.form(cmd, "table", "json")
	if err != nil {
		return err
	}
	if err := o.check(cmd, form, a.flags.from); err != nil {
		return err
	}
	seen, err := a.readEvents(o.events)
	if err != nil {
		return err
	}
	a.needs = watching
	ix, live, err := a.index(cmd.Context(), false)
	if err != nil {
		return err
	}
	target, err := a.adviseTarget(cmd.Context(), ix, live, name)
	if err != nil {
		return err
	}
	if live != nil && o.events == "" {
		if ix, target, seen, err = a.exercised(cmd.Context(), target, o.watch); err != nil {
			return err
		}
	}
	advice := advise.Advise(ix, seen, target)
	if err := a.writeAdvice(cmd, ix, &advice, form, o); err != nil {
		return err
	}
	return answer(adviseStatus(&advice))
}

// check refuses flags that contradict each other.
func (o *adviseOptions) check(cmd *cobra.Command, form, from string) error {
	given := func(name string) bool { return cmd.Flags().Changed(name) }
	switch {
	case given("for") && given("events"):
		return usage(cmd, errors.New("--for watches, --events reads what was watched: not both"))
	case given("for") && from != "":
		return usage(cmd, errors.New("a snapshot cannot be watched: --from takes --events, not --for"))
	case given("for") && o.watch <= 0:
		return usage(cmd, fmt.Errorf("--for %s: want more than nothing", o.watch))
	case form == "json" && given("as"):
		return usage(cmd, errors.New("-o json has everything: it takes no --as"))
	case from == "-" && o.events == "-":
		return usage(cmd, errors.New("the snapshot and the events cannot both come from standard input"))
	}
	return nil
}

// readEvents reads what a trace has written; without a file that is an observation of nothing.
func (a *app) readEvents(path string) (*advise.Observation, error) {
	var r io.Reader
	name := path
	switch path {
	case "":
		return &advise.Observation{}, nil
	case "-":
		r, name = a.stdin, "standard input"
	default:
		f, err := os.Open(path)
		if err != nil {
			return nil, trouble("", "cannot read the events %s: %w", path, cause(err))
		}
		defer f.Close()
		r = f
	}
	seen, err := advise.ReadEvents(r)
	if err != nil {
		return nil, trouble("it is what 'capview trace -o json' writes", "cannot read the events %s: %w", name, cause(err))
	}
	return seen, nil
}

// adviseTarget is what "PID|CONTAINER" names, with the processes that count.
func (a *app) adviseTarget(ctx context.Context, ix *inspect.Index, live node, name string) (advise.Target, error) {
	if pid, err := strconv.Atoi(name); err == nil {
		p, err := a.actor(ctx, ix, live, pid)
		if err != nil {
			return advise.Target{}, err
		}
		return advise.Target{Name: name, Container: ix.Container(p.Container), Processes: family(ix, p), One: true}, nil
	}
	found := findContainers(ix, name)
	switch {
	case len(found) == 0:
		return advise.Target{}, noContainer(ix, name)
	case len(found) > 1:
		return advise.Target{}, ambiguous(ix, found, name)
	}
	t := advise.Target{Name: name, Container: found[0]}
	for _, p := range groupOf(ix, found[0]).Processes {
		if p.Role != inspect.RoleHelper && canAct(p) == nil {
			t.Processes = append(t.Processes, p)
		}
	}
	if len(t.Processes) == 0 {
		return t, trouble("", "%s has no process of its own", called(ix, found[0]))
	}
	return t, nil
}

// family is p and the processes that it and they have started, as far as they are there.
func family(ix *inspect.Index, p *inspect.Process) []*inspect.Process {
	all := []*inspect.Process{p}
	of := map[int]bool{p.PID: true}
	for before := 0; before < len(all); {
		before = len(all)
		for _, q := range ix.Processes {
			if of[q.PPID] && !of[q.PID] && canAct(q) == nil {
				all, of[q.PID] = append(all, q), true
			}
		}
	}
	return all
}

func (a *app) writeAdvice(cmd *cobra.Command, ix *inspect.Index, advice *advise.Advice, form string, o *adviseOptions) error {
	switch {
	case form == "json":
		return writeJSON(a.out, advice)
	case !cmd.Flags().Changed("as"):
		return view.WriteSections(a.out, view.AdviceSections(ix, advice), a.width(), a.style())
	}
	m, err := manifest.Write(ix, advice, manifest.Form(o.as))
	if err != nil {
		return err
	}
	for _, note := range m.Notes {
		a.complain(note)
	}
	if manifest.Form(o.as) != manifest.Prose {
		_, err = io.WriteString(a.out, m.Text)
		return err
	}
	for line := range strings.Lines(m.Text) {
		lines := view.Wrap(strings.TrimSuffix(line, "\n"), a.width())
		if lines == nil {
			lines = []string{""}
		}
		for _, l := range lines {
			a.out.WriteString(l + "\n")
		}
	}
	return nil
}

// adviseStatus is 1 where something could be dropped, 3 where that cannot be told, 0 where there is nothing.
func adviseStatus(advice *advise.Advice) int {
	switch g := &advice.Group; {
	case g.Drop != 0:
		return exitNo
	case g.Unknown != 0 || !g.Bounding.Known():
		return exitUnknown
	}
	return exitYes
}
