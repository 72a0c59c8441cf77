package trace

import (
	"os"
	"testing"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"capview/inspect"
)

// nothing is the least that a system call can be.
func nothing(rounds int) {
	for range rounds {
		unix.RawSyscall(unix.SYS_GETPPID, 0, 0, 0)
	}
}

// copying reads from /dev/zero and writes to /dev/null; a round is two calls.
func copying(size int) loop {
	in, _ := unix.Open("/dev/zero", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	out, _ := unix.Open("/dev/null", unix.O_WRONLY|unix.O_CLOEXEC, 0)
	block := make([]byte, size)
	return func(rounds int) {
		for range rounds {
			unix.Read(in, block)
			unix.Write(out, block)
		}
	}
}

// files opens a file, looks at it, reads it and closes it; a round is four calls.
func files(rounds int) {
	var st unix.Stat_t
	block := make([]byte, 4096)
	for range rounds {
		fd, err := unix.Open("/etc/passwd", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			panic(err)
		}
		unix.Fstat(fd, &st)
		unix.Read(fd, block)
		unix.Close(fd)
	}
}

// BenchmarkRecord is what recording costs one that makes system calls, beside programs that do nothing where each call
// begins and ends: with both (as capview record has it), and with the beginnings alone.
func BenchmarkRecord(b *testing.B) {
	needsRoot(b)
	took := func(l loop) func(*testing.B) func() []float64 {
		return func(*testing.B) func() []float64 { return func() []float64 { return l.took(100) } }
	}
	run := func(line ...string) func(*testing.B) func() []float64 {
		return func(b *testing.B) func() []float64 { return program(b, line...) }
	}
	self := inspect.ProcessID{PID: os.Getpid(), StartTime: startTime(b, os.Getpid())}
	enter, exit := hook{ebpf.AttachTraceRawTp, "sys_enter"}, hook{ebpf.AttachTraceRawTp, "sys_exit"}
	for _, load := range []struct {
		name string
		took func(*testing.B) func() []float64
	}{
		{"nothing", took(nothing)}, {"byte", took(copying(1))}, {"block", took(copying(4096))}, {"file", took(files)},
		{"find", run("find", "/usr", "-xdev", "-newer", "/etc/passwd")},
		{"grep", run("sh", "-c", "grep -r capable /usr/include >/dev/null; true")},
		{"tar", run("sh", "-c", "tar cf - /usr/include 2>/dev/null | cat >/dev/null")},
		{"exec", run("sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do /bin/true; done")},
	} {
		for _, refused := range []bool{true, false} {
			name, hooks := "/all", []hook{enter, exit}
			if !refused {
				name, hooks = "/calls", hooks[:1]
			}
			b.Run(load.name+name, func(b *testing.B) {
				inTurns(b, load.took(b), alone(), empty(b, hooks...), way{"recorded", func() func() {
					r, err := NewRecorder(RecordOptions{Root: "/proc", Targets: []Target{{Processes: []inspect.ProcessID{self}}}, Refused: refused})
					if err != nil {
						b.Fatal(err)
					}
					return func() { r.Close() }
				}})
			})
		}
	}
}
