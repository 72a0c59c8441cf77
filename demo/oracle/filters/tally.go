package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"

	"capview/inspect/seccomp"
)

// tally is what was compared.
type tally struct {
	calls, programs  int
	disagreements    int
	conditional      int                    // calls that a decision of several paths was compared for
	refused          int                    // programs that the kernel did not take
	kinds            map[string]int         // calls by kind of filter
	decided, unknown map[string]int         // of them: how many had a decision
	actions          map[seccomp.Action]int // calls by action; all values that are none count as one
	abis             map[seccomp.Arch]int
	i386, x32        bool // whether calls of that ABI do what they should, when nothing filters them
	probes           bool // whether uprobe(2) is filtered
}

func newTally() *tally {
	return &tally{kinds: map[string]int{}, decided: map[string]int{}, unknown: map[string]int{},
		actions: map[seccomp.Action]int{}, abis: map[seccomp.Arch]int{}}
}

func (t *tally) add(o *tally) {
	t.calls, t.programs, t.disagreements = t.calls+o.calls, t.programs+o.programs, t.disagreements+o.disagreements
	t.conditional, t.refused = t.conditional+o.conditional, t.refused+o.refused
	sum(t.kinds, o.kinds)
	sum(t.decided, o.decided)
	sum(t.unknown, o.unknown)
	sum(t.actions, o.actions)
	sum(t.abis, o.abis)
	t.i386, t.x32, t.probes = o.i386, o.x32, o.probes
}

func sum[K cmp.Ordered](to, from map[K]int) {
	for key, n := range from {
		to[key] += n
	}
}

// actions is what every run must meet, and what stands for every value that is no action.
var actions = []struct {
	value seccomp.Action
	name  string
}{
	{seccomp.KillProcess, "KILL_PROCESS"}, {seccomp.KillThread, "KILL_THREAD"}, {seccomp.Trap, "TRAP"}, {seccomp.Errno, "ERRNO"},
	{seccomp.UserNotify, "USER_NOTIF"}, {seccomp.Trace, "TRACE"}, {seccomp.Log, "LOG"}, {seccomp.Allow, "ALLOW"},
}

// report writes how often each was seen, and returns how many were seen less than least times.
func (t *tally) report(out io.Writer, least int) (rare int) {
	line := func(n int, format string, arguments ...any) {
		mark := ""
		if n < least {
			rare++
			mark = "  too rare"
		}
		fmt.Fprintf(out, "%8d %s%s\n", n, fmt.Sprintf(format, arguments...), mark)
	}
	for _, k := range kinds {
		line(t.kinds[k.name], "filters: %s; the decision was exact for %d, open for %d", k.name, t.decided[k.name], t.unknown[k.name])
		if k.exact && t.unknown[k.name] > 0 {
			rare++
			fmt.Fprintf(out, "         filters: %s: no decision may be open\n", k.name)
		}
	}
	known := map[seccomp.Action]bool{}
	for _, a := range actions {
		known[a.value] = true
		line(t.actions[a.value], "action: %s", a.name)
	}
	none := 0
	for _, a := range slices.Sorted(maps.Keys(t.actions)) {
		if !known[a] {
			none += t.actions[a]
		}
	}
	line(none, "action: none that the kernel knows")
	for _, abi := range []seccomp.Arch{seccomp.X86_64, seccomp.I386, seccomp.X32} {
		note := ""
		if abi == seccomp.I386 && !t.i386 || abi == seccomp.X32 && !t.x32 {
			note = ": refused only, this kernel has no such calls"
		}
		line(t.abis[abi], "calls: %s%s", abi, note)
	}
	if !t.probes {
		fmt.Fprintln(out, "         calls: uprobe(2) is not filtered by this kernel, whatever the filters say")
	}
	line(t.conditional, "calls: the arguments decide")
	line(t.programs-t.refused, "programs: taken as filters")
	line(t.refused, "programs: refused")
	return rare
}
