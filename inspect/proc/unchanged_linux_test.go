package proc

import (
	"context"
	"errors"
	"os"
	"testing"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/inspect/seccomp"
	"capview/inspect/task"
)

// teller is a kernel that tells of this process alone, as if it were a thread of its own: of those it is known without looking
// at any executable.
type teller struct {
	record  task.Record
	filters func() // is called when it tells of filters
}

func (k *teller) Threads(_ context.Context, each func(*task.Record)) error {
	r := k.record
	each(&r)
	return nil
}

func (k *teller) Cmdlines(context.Context, []int, func(task.Cmdline)) error { return task.ErrNone }

func (k *teller) Picks() bool { return true }

func (k *teller) Filters(context.Context) (*task.Filters, error) {
	k.filters()
	keys := make([]uint64, k.record.Filters)
	for i := range keys {
		keys[i] = 1
	}
	return &task.Filters{
		Stacks: []task.Stack{{PID: k.record.PID, TGID: k.record.PID, StartTime: k.record.StartTime, Keys: keys}},
		Texts:  map[uint64][]byte{1: seccomp.Program{{Code: 0x06, K: uint32(seccomp.Allow)}}.Bytes()},
	}, nil
}

func newTeller(t *testing.T) *teller {
	t.Helper()
	text, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		t.Fatal(err)
	}
	st, err := parseStat(text)
	if err != nil {
		t.Fatal(err)
	}
	self := os.Getpid()
	return &teller{filters: func() {}, record: task.Record{
		PID: self, TGID: self, StartTime: st.startTime * tick, Flags: pfKThread, State: 'S', Comm: "test", SeccompMode: seccompModeFilter, Filters: 1,
		Threads: 1, Cgroups: 7, Caps: caps.Sets{Effective: caps.Of(caps.Chown)},
	}}
}

// What a scan that was given up was told is not what the process was when it was last seen.
func TestUnchangedSinceItWasSeen(t *testing.T) {
	k := newTeller(t)
	s := newSource(t, Options{Kernel: k})
	scan := func(ctx context.Context) *inspect.Process {
		snap, err := s.Snapshot(ctx)
		if err != nil {
			return nil
		}
		return inspect.NewIndex(snap).Process(k.record.PID)
	}
	var p *inspect.Process
	for range 2 * slowScans {
		p = scan(t.Context())
	}
	if scan(t.Context()) != p {
		t.Fatal("nothing has changed, and it is another process")
	}

	k.record.Caps.Effective, k.record.Filters = 0, 2
	ctx, cancel := context.WithCancel(t.Context())
	k.filters = cancel
	if _, err := s.Snapshot(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("the scan ended with %v", err)
	}
	k.filters = func() {}
	for range 3 {
		if got, _ := scan(t.Context()).Caps.Get(); got.Effective != 0 {
			t.Errorf("effective %s, which it has no more", got.Effective.Hex())
		}
	}
}
