package trace

import (
	"context"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"capview/inspect"
)

// checkEvery is how long a workload of a million checks a second has for each.
const checkEvery = time.Microsecond

// work is a loop of one check, and of so much else that a round takes checkEvery where nothing is traced.
func checkLoop(rounds, spin int) time.Duration {
	begin := threadTime()
	for range rounds {
		unix.RawSyscall(unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, 99, 0)
		for i := range spin {
			sink += uint64(i)
		}
	}
	return threadTime() - begin
}

// threadTime is what this thread has had of a CPU: what else the machine does counts less.
func threadTime() time.Duration {
	var now unix.Timespec
	unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &now)
	return time.Duration(now.Nano())
}

var sink uint64

// calibrate finds the spin for which a round takes a time.
func calibrate(loop func(rounds, spin int) time.Duration, round time.Duration) int {
	const rounds = 100_000
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	bare := loop(rounds, 0) / rounds
	if bare >= round {
		return 0
	}
	perSpin := float64(loop(rounds, 1000)/rounds-bare) / 1000
	return int(float64(round-bare) / perSpin)
}

// slowed measures how much slower loop is while traced, in turns: the ratio of the fastest of each.
func slowed(b *testing.B, spin int, loop func(rounds, spin int) time.Duration, begin func() func()) (alone, traced time.Duration) {
	const rounds = 50_000
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	alone, traced = time.Hour, time.Hour
	for range max(b.N, 9) {
		alone = min(alone, loop(rounds, spin)/rounds)
		end := begin()
		traced = min(traced, loop(rounds, spin)/rounds)
		end()
	}
	return alone, traced
}

// BenchmarkChecks is what tracing costs one that makes a million checks a second, and one that does nothing else.
func BenchmarkChecks(b *testing.B) {
	if os.Geteuid() != 0 {
		b.Skip("needs root (CAP_BPF, CAP_PERFMON)")
	}
	paced := calibrate(checkLoop, checkEvery)
	for _, load := range []struct {
		name string
		spin int
	}{{"million", paced}, {"full", 0}} {
		for _, rung := range rungsHere(b) {
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
					alone, traced := slowed(b, load.spin, checkLoop, func() func() {
						tr, err := New(o)
						if err != nil {
							b.Fatal(err)
						}
						ctx, cancel := context.WithCancel(context.Background())
						go tr.Run(ctx, func([]inspect.Event) {})
						return func() { cancel(); tr.Close() }
					})
					report(b, alone, traced)
				})
			}
		}
	}
}

func report(b *testing.B, alone, traced time.Duration) {
	b.ReportMetric(float64(alone), "ns/alone")
	b.ReportMetric(float64(traced), "ns/traced")
	b.ReportMetric(100*(float64(traced)/float64(alone)-1), "%slower")
	b.ReportMetric(0, "ns/op")
}

// callLoop reads and writes: a 4 KiB block of /dev/zero, to /dev/null.
func callLoop(rounds, spin int) time.Duration {
	in, _ := unix.Open("/dev/zero", unix.O_RDONLY, 0)
	out, _ := unix.Open("/dev/null", unix.O_WRONLY, 0)
	defer unix.Close(in)
	defer unix.Close(out)
	block := make([]byte, 4096)
	begin := threadTime()
	for range rounds {
		unix.Read(in, block)
		unix.Write(out, block)
		for i := range spin {
			sink += uint64(i)
		}
	}
	return threadTime() - begin
}

// fileLoop opens a file, looks at it, reads it and closes it.
func fileLoop(rounds, _ int) time.Duration {
	block := make([]byte, 4096)
	begin := threadTime()
	for range rounds {
		var st unix.Stat_t
		fd, err := unix.Open("/etc/passwd", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			panic(err)
		}
		unix.Fstat(fd, &st)
		unix.Read(fd, block)
		unix.Close(fd)
	}
	return threadTime() - begin
}

// getppidLoop is the least a system call can be.
func getppidLoop(rounds, _ int) time.Duration {
	begin := threadTime()
	for range rounds {
		unix.RawSyscall(unix.SYS_GETPPID, 0, 0, 0)
	}
	return threadTime() - begin
}

// BenchmarkRecord is what recording costs one that makes system calls: reading and writing, opening files, and calls that
// do nothing.
func BenchmarkRecord(b *testing.B) {
	if os.Geteuid() != 0 {
		b.Skip("needs root (CAP_BPF, CAP_PERFMON)")
	}
	self := inspect.ProcessID{PID: os.Getpid(), StartTime: startTime(b, os.Getpid())}
	for _, load := range []struct {
		name string
		loop func(int, int) time.Duration
	}{{"copy", callLoop}, {"file", fileLoop}, {"nothing", getppidLoop}} {
		for _, refused := range []bool{false, true} {
			name := map[bool]string{false: "/calls", true: "/refused too"}[refused]
			b.Run(load.name+name, func(b *testing.B) {
				alone, traced := slowed(b, 0, load.loop, func() func() {
					r, err := NewRecorder(RecordOptions{Root: "/proc", Targets: []Target{{Processes: []inspect.ProcessID{self}}}, Refused: refused})
					if err != nil {
						b.Fatal(err)
					}
					return func() { r.Close() }
				})
				report(b, alone, traced)
			})
		}
	}
}

// BenchmarkDrain is what fetching the totals costs capview each second, in time of a CPU.
func BenchmarkDrain(b *testing.B) {
	if os.Geteuid() != 0 {
		b.Skip("needs root (CAP_BPF, CAP_PERFMON)")
	}
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
