package trace

import (
	"os"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"capview/inspect"
	"capview/inspect/caps"
)

// settableClock is set where the machine is the test's own: its clock is there to be set.
const settableClock = "CAPVIEW_SETTABLE_CLOCK"

// An event's time is the wall clock's also after that was set, forward or back, while the tracer runs.
func TestClockThatJumps(t *testing.T) {
	if os.Getenv(settableClock) == "" {
		t.Skip("it sets the machine's clock: run by demo/kernels, in machines of its own")
	}
	var jump atomic.Int64 // what the clock is ahead by
	set := func(d time.Duration) {
		t.Helper()
		to := unix.NsecToTimespec(time.Now().Add(d).UnixNano())
		if err := unix.ClockSettime(unix.CLOCK_REALTIME, &to); err != nil {
			t.Fatal("CAP_SYS_TIME is needed:", err)
		}
		jump.Add(int64(d))
	}
	t.Cleanup(func() { set(-time.Duration(jump.Load())) })
	eachRung(t, func(t *testing.T, rung Rung) {
		r := run(t, Options{Rung: rung, Events: true, self: true})
		var seen int
		var e inspect.Event
		for _, d := range []time.Duration{0, 30 * time.Hour, -60 * time.Hour, 30 * time.Hour} {
			set(d)
			before := time.Now().Round(0)
			if err := unix.Prctl(unix.PR_CAPBSET_DROP, 99, 0, 0, 0); err != unix.EINVAL {
				t.Fatal(err)
			}
			e, seen = r.after(seen, caps.SetPCap)
			if off := e.Time.Sub(before); off < -time.Second || off > time.Minute {
				t.Errorf("the clock set by %v: the event of %v is told as of %v", d, before, e.Time)
			}
		}
		r.stop()
	})
}

// after waits for a prctl of this process that asks for a capability, from the nth event on. It tells where the next is.
func (r *running) after(n int, c caps.Cap) (inspect.Event, int) {
	r.t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		r.mu.Lock()
		events := r.events[n:]
		r.mu.Unlock()
		for _, e := range events {
			n++
			if e.PID == os.Getpid() && e.Cap == c && e.Syscall.Name() == "prctl" {
				return e, n
			}
		}
	}
	r.t.Fatalf("no event about %s came", c)
	return inspect.Event{}, 0
}
