package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"capview/inspect"
	"capview/inspect/bpf/trace"
)

const traceLong = `Trace prints the kernel's capability checks as they happen: who asked for which capability over which user namespace, in
which system call, and what the kernel answered; at the end, how often each was asked.

Without a target it watches the whole node. A target is a PID or a container: its processes, what they start from then on,
and of a container what is started in its control group. --filter takes the processes that match when it begins, and what
they start.

The totals are counted in the kernel and lose nothing. Single checks come through a ring: where it was full, that is said
and counted. --unique prints the first of each capability, verdict and container; --totals none, which costs least.

Left out unless --all is given: probes, which the kernel makes for its own sake (as at every mapping of memory,
cap_vm_enough_memory), and checks with credentials that the kernel put in place of the process's own (access(2), overlayfs).
capview's own checks are never shown. A security module may still deny what is allowed here.

The PIDs, users and groups are the node's own. As json, a line is a check, and the last one has the totals.`

// tracing is trace's own flags.
type tracing struct {
	denied, unique, stack, all, totals bool
	length                             time.Duration
	pids                               []int
}

// follower watches processes, and can be told of more.
type follower interface {
	Follow(target int, more trace.Target) error
	// Alive is how many of the processes that are followed have not ended.
	Alive() (int, error)
}

// tracer is a running inspect.Tracer.
type tracer interface {
	inspect.Tracer
	follower
	// Following is the processes that it follows one by one.
	Following() ([]inspect.ProcessID, error)
	Rung() trace.Rung
	// Refused is the better ways that could not be had, and why.
	Refused() []trace.Refused
}

func (a *app) traceCommand() *cobra.Command {
	var t tracing
	cmd := &cobra.Command{
		Use:   "trace [PID|CONTAINER...]",
		Short: "Capability checks as the kernel makes them, and their totals",
		Long:  traceLong,
		Example: "  capview trace --denied\n" +
			"  capview trace web --unique --for 30s\n" +
			"  capview trace 812 --stack\n" +
			"  capview trace -o json | jq -c 'select(.verdict == \"deny\")'",
		ValidArgsFunction: a.completeContainers,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.runTrace(cmd, t, args) },
	}
	f := cmd.Flags()
	f.BoolVar(&t.denied, "denied", false, "only what was denied")
	f.BoolVar(&t.unique, "unique", false, "only the first of each capability, verdict and container")
	f.BoolVar(&t.stack, "stack", false, "with the kernel's and the program's stack")
	f.BoolVar(&t.all, "all", false, "also probes, and checks with credentials that are not the process's own")
	f.BoolVar(&t.totals, "totals", false, "only the totals, at the end")
	f.DurationVar(&t.length, "for", 0, "end after this `TIME` (\"30s\", \"5m\")")
	f.IntSliceVar(&t.pids, "pid", nil, "a process to watch: `PID,...`")
	return cmd
}

func (a *app) runTrace(cmd *cobra.Command, t tracing, names []string) error {
	if err := refuse(cmd, "from"); err != nil {
		return err
	}
	if t.length < 0 {
		return usage(cmd, fmt.Errorf("--for %s: want a time that is not negative", t.length))
	}
	if t.totals && (t.unique || t.stack) {
		return usage(cmd, errors.New("--totals prints no single checks: leave --unique and --stack out"))
	}
	form, err := a.form(cmd, "table", "json", "ndjson")
	if err != nil {
		return err
	}
	for _, pid := range t.pids {
		names = append(names, strconv.Itoa(pid))
	}
	watched, err := a.watch(cmd.Context(), names)
	if err != nil {
		return err
	}
	running, err := newTracer(trace.Options{
		Root: procRoot, Targets: watched.targets(),
		Events: !t.totals, Denied: t.denied, Unique: t.unique, Hidden: t.all, Stack: t.stack,
	})
	if err != nil {
		return untraceable(err)
	}
	err = a.follow(cmd.Context(), t, form, watched, running)
	return errors.Join(err, running.Close())
}

// untraceable words why nothing can be traced.
func untraceable(err error) error {
	var none *trace.NoRung
	if errors.As(err, &none) {
		return trouble("run 'sudo capview trace'; see 'capview doctor'", "%w", err)
	}
	return trouble("see 'capview doctor'", "cannot trace: %w", err)
}

// follow prints checks until the time is over, a signal comes or what is watched has ended.
func (a *app) follow(ctx context.Context, t tracing, form string, w *watched, running tracer) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	if t.length > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, t.length)
		defer cancel()
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	if err := w.catchUp(ctx, running); err != nil {
		return err
	}
	out := a.traceWriter(t, form, w)
	out.begin()
	var exercise inspect.Exercise
	cause, err := w.run(ctx, running, exercise.Add, func(events []inspect.Event) {
		if err := out.events(events); err != nil {
			end(err)
		}
	})
	if err != nil {
		return err
	}
	if errors.Is(cause, errEnded) {
		a.complain(cause.Error())
	} else if cause != nil && !errors.Is(cause, context.Canceled) && !errors.Is(cause, context.DeadlineExceeded) {
		return cause
	}
	return out.end(&exercise, running.Rung())
}
