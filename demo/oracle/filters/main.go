// Filters holds package inspect/seccomp to the running kernel: it loads filters of many kinds, random ones and real ones,
// into processes of its own, has them make system calls with chosen numbers and arguments, and compares how each ended
// with what the package says. In the same way it asks which programs the kernel takes as filters at all.
//
// No call can do harm: the oldest filter refuses whatever the others let pass, or the call is one that does nothing
// (kernel/call.c). It needs root on amd64, and a C compiler or -helpers. A run is the same for the same -seed.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is main: 0 where package and kernel agree and everything was seen often enough, 1 where not, 2 for trouble.
func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("filters", flag.ContinueOnError)
	flags.SetOutput(stderr)
	n := flags.Int("n", 120000, "how many system calls to compare; a twentieth as many programs that may be no filters")
	seed := flags.Uint64("seed", 1, "of the random filters and calls")
	jobs := flags.Int("jobs", 2, "how many to do at once")
	least := flags.Int("least", 200, "how often each kind of filter and each action must be seen")
	only := flags.String("only", "", "only kinds of filters whose name contains this; nothing is too rare then")
	helpers := flags.String("helpers", "", "folder with the programs worker and library, built before; empty builds them with gcc")
	capture := flags.String("capture", "", "write the filters of the process given as PID:NAME below this folder, by ptrace, and compare nothing")
	if flags.Parse(args) != nil {
		return 2
	}
	if *capture != "" {
		if err := captureAll(*capture, flags.Args()); err != nil {
			fmt.Fprintln(stderr, "filters:", err)
			return 2
		}
		return 0
	}
	start := time.Now()
	total, err := compare(options{cases: *n, seed: *seed, jobs: *jobs, helpers: *helpers, only: *only, out: stderr})
	if err != nil {
		fmt.Fprintln(stderr, "filters:", err)
		return 2
	}
	if *only != "" {
		*least = 0
	}
	rare := total.report(stdout, *least)
	fmt.Fprintf(stdout, "%d system calls under filters and %d programs compared, seed %d, %.0f s; %d disagreements\n",
		total.calls, total.programs, *seed, time.Since(start).Seconds(), total.disagreements)
	if rare > 0 || total.disagreements > 0 {
		return 1
	}
	return 0
}
