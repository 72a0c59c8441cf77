package trace

import (
	"os"
	"os/exec"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
)

// way is one way to run a workload: what begins before it, and ends after it.
type way struct {
	name  string
	begin func() (end func())
}

func alone() way { return way{"alone", func() func() { return func() {} }} }

// empty is a program that does nothing where capview's are attached: what no program can do without.
func empty(b *testing.B, hooks ...hook) way {
	var programs []*ebpf.Program
	for _, h := range hooks {
		p, err := ebpf.NewProgram(&ebpf.ProgramSpec{
			Name: "nothing", Type: ebpf.Tracing, AttachType: h.kind, AttachTo: h.name, License: "GPL",
			Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()},
		})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { p.Close() })
		programs = append(programs, p)
	}
	return way{"empty", func() func() {
		var links []link.Link
		for _, p := range programs {
			l, err := link.AttachTracing(link.TracingOptions{Program: p})
			if err != nil {
				b.Fatal(err)
			}
			links = append(links, l)
		}
		return func() {
			for _, l := range links {
				l.Close()
			}
		}
	}}
}

type hook struct {
	kind ebpf.AttachType
	name string
}

// batch is how many rounds of a loop are timed together: too few for much else to come between in each of them.
const batch = 200

// loop does rounds of a workload.
type loop func(rounds int)

// took is the time that each batch took in ns a round: the shortest were not disturbed. The clock is the wall's:
// a thread's is corrected for what a hypervisor took, and may be told too little.
func (l loop) took(batches int) []float64 {
	times := make([]float64, batches)
	for i := range times {
		begin := time.Now()
		l(batch)
		times[i] = float64(time.Since(begin)) / batch
	}
	return times
}

// inTurns runs a workload each way in turn, many times. It reports the fastest batch of each way, and how much slower than
// the first way each is: the median of what the turns say by their fastest, for what slows the machine slows a whole turn.
func inTurns(b *testing.B, took func() []float64, ways ...way) {
	const turns = 15
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	fastest := make([][]float64, len(ways))
	slower := make([][]float64, len(ways))
	for range turns {
		var first float64
		for i, w := range ways {
			end := w.begin()
			took := slices.Min(took())
			end()
			if i == 0 {
				first = took
			}
			fastest[i] = append(fastest[i], took)
			slower[i] = append(slower[i], 100*(took/first-1))
		}
	}
	for i, w := range ways {
		b.ReportMetric(slices.Min(fastest[i]), "ns/"+w.name)
		if i > 0 {
			slices.Sort(slower[i])
			b.ReportMetric(slower[i][turns/2], "%"+w.name)
		}
	}
	b.ReportMetric(0, "ns/op")
}

// spinning does so much besides a loop's round that a round takes a time.
func spinning(one loop, round time.Duration) loop {
	spun := func(spin int) loop {
		return func(rounds int) {
			for range rounds {
				one(1)
				x := sink
				for range spin {
					x = x*6364136223846793005 + 1 // in a register, each after the one before
				}
				sink = x
			}
		}
	}
	bare, spin := slices.Min(spun(0).took(1500)), 1000.0
	for range 4 {
		spin *= max(0, float64(round)-bare) / (slices.Min(spun(int(spin)).took(1500)) - bare)
	}
	return spun(int(spin))
}

var sink uint64

// program runs a program to its end: the CPU time that it took.
func program(b *testing.B, line ...string) func() []float64 {
	if _, err := exec.LookPath(line[0]); err != nil {
		b.Skip(err)
	}
	return func() []float64 {
		cmd := exec.Command(line[0], line[1:]...)
		if err := cmd.Run(); err != nil {
			b.Fatalf("%v: %v", line, err)
		}
		return []float64{float64(cmd.ProcessState.SystemTime() + cmd.ProcessState.UserTime())}
	}
}

func needsRoot(b *testing.B) {
	if os.Geteuid() != 0 {
		b.Skip("needs root (CAP_BPF, CAP_PERFMON)")
	}
}
