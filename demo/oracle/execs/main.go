// Execs holds package inspect/rules to the running kernel: it makes processes in random states (credentials, nested
// user namespaces, mounts, files), says what an execve(2) of each would leave or how it fails, has the kernel do it, and
// compares. In the same way it asks who may join which user namespace, for the walk of cap_capable.
//
// It needs root in the initial user namespace, and a C compiler or -helpers. All that it does happens in namespaces of
// its own. A run is the same for the same -seed.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is main: 0 where rules and kernel agree and every branch was seen often enough, 1 where not, 2 for trouble.
func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("execs", flag.ContinueOnError)
	flags.SetOutput(stderr)
	n := flags.Int("n", 10000, "how many execve to compare; a fifth as many joined user namespaces")
	seed := flags.Uint64("seed", 1, "of the random states")
	jobs := flags.Int("jobs", 2, "how many to do at once")
	least := flags.Int("least", 50, "how often each branch of the rules must be seen")
	helpers := flags.String("helpers", "", "folder with the programs worker and report, built before; empty builds them with gcc")
	if flags.Parse(args) != nil {
		return 2
	}
	start := time.Now()
	total, err := compare(options{cases: *n, seed: *seed, jobs: *jobs, helpers: *helpers, out: stderr})
	if err != nil {
		fmt.Fprintln(stderr, "execs:", err)
		return 2
	}
	rare := total.report(stdout, *least)
	fmt.Fprintf(stdout, "%d execve and %d joined user namespaces compared, seed %d, %.0f s; %d disagreements\n",
		total.execs, total.enters, *seed, time.Since(start).Seconds(), total.disagreements)
	if rare > 0 || total.disagreements > 0 {
		return 1
	}
	return 0
}
