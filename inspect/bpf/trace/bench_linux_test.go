package trace

import (
	"context"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"capview/inspect"
)

// checkEvery is how long a workload of a million checks a second has for each.
const checkEvery = time.Microsecond

// checks makes one check a round, and little else.
func checks(rounds int) {
	for range rounds {
		unix.RawSyscall(unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, 99, 0)
	}
}

// checkHooks is where each rung's program is attached.
var checkHooks = map[Rung][]hook{
	Fexit:      {{ebpf.AttachTraceFExit, "cap_capable"}},
	Tracepoint: {{ebpf.AttachTraceRawTp, "cap_capable"}},
}

// BenchmarkChecks is what tracing costs a workload that makes a million checks a second, and one that does nothing else,
// beside an empty program at the same place.
func BenchmarkChecks(b *testing.B) {
	needsRoot(b)
	for _, load := range []struct {
		name string
		loop loop
	}{{"million", spinning(checks, checkEvery)}, {"full", checks}} {
		for _, rung := range rungsHere(b) {
			ways := []way{alone()}
			if hooks := checkHooks[rung]; hooks != nil {
				ways = append(ways, empty(b, hooks...))
			}
			for _, mode := range []struct {
				name string
				o    Options
			}{
				{"totals", Options{}},
				{"unique", Options{Events: true, Unique: true}},
				{"events", Options{Events: true}},
				{"other", Options{Targets: []Target{{Processes: []inspect.ProcessID{{PID: 1, StartTime: 1}}}}}},
			} {
				b.Run(load.name+"/"+string(rung)+"/"+mode.name, func(b *testing.B) {
					o := mode.o
					o.Root, o.Rung, o.self = "/proc", rung, true
					inTurns(b, func() []float64 { return load.loop.took(200) }, append(ways, way{"traced", func() func() { return traced(b, o) }})...)
				})
			}
		}
	}
}

func traced(b *testing.B, o Options) (end func()) {
	tr, err := New(o)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		tr.Run(ctx, func([]inspect.Event) {})
		close(ended)
	}()
	return func() { cancel(); <-ended; tr.Close() }
}

// BenchmarkDrain is what fetching the totals costs capview each second, in time of a CPU.
func BenchmarkDrain(b *testing.B) {
	needsRoot(b)
	tr, err := New(Options{Root: "/proc"})
	if err != nil {
		b.Fatal(err)
	}
	defer tr.Close()
	before := cpuTime()
	for range b.N {
		if _, err := tr.Drain(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/drain")
}

func cpuTime() time.Duration {
	var u unix.Rusage
	unix.Getrusage(unix.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
