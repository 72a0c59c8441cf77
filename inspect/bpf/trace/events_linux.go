package trace

import (
	"context"
	"errors"
	"time"

	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"

	"capview/inspect"
)

// most is how many events are handed over at once.
const most = 512

// Run hands over single checks until ctx ends; then it stops the watching and hands over those that are left.
func (t *Tracer) Run(ctx context.Context, emit func([]inspect.Event)) error {
	if t.ring == nil {
		<-ctx.Done()
		return t.Stop()
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() { stopped <- errors.Join(t.Stop(), t.ring.Flush()) })
	err := t.read(emit)
	if stop() || !errors.Is(err, ringbuf.ErrFlushed) {
		return err
	}
	return <-stopped
}

// read hands over events until the ring is flushed and nothing is left.
func (t *Tracer) read(emit func([]inspect.Event)) error {
	var record ringbuf.Record
	var batch []inspect.Event
	for {
		err := t.ring.ReadInto(&record)
		if err == nil {
			var e inspect.Event
			if e, err = t.decode(record.RawSample, len(batch) == 0); err != nil {
				return err
			}
			batch = append(batch, e)
		}
		if len(batch) > 0 && (err != nil || record.Remaining == 0 || len(batch) == most) {
			emit(batch)
			batch = nil
		}
		if err != nil {
			return err
		}
	}
}

// decode reads one record. The wall clock is looked at anew for each batch: it may have been set.
func (t *Tracer) decode(b []byte, first bool) (inspect.Event, error) {
	t.mu.Lock()
	if first {
		t.decoder.boot = bootTime()
	}
	e, err := t.decoder.event(b)
	t.mu.Unlock()
	if err == nil && t.symbols != nil {
		t.symbols.name(&e)
	}
	return e, err
}

// bootTime is when this machine started, by what the wall clock says now.
func bootTime() time.Time {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return time.Time{}
	}
	return time.Now().Round(0).Add(-time.Duration(now.Nano()))
}
