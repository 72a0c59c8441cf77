package trace

import (
	"errors"
	"fmt"
	"slices"

	"github.com/cilium/ebpf"

	"capview/inspect"
	"capview/inspect/bpf/load"
	"capview/inspect/caps"
)

// The kinds of c/lost.h.
const (
	lostEvent = iota
	lostKey
	lostUnique
	lostMember
	lostPair
	lostNumber
)

// drainBuffers is reused from drain to drain.
type drainBuffers struct {
	keys     [][keySize]byte
	values   [][countSize]byte
	overflow [2 * 64]uint64 // as last read
}

const drainBatch = 1024

// Drain is the checks counted since the last call.
func (t *Tracer) Drain() (inspect.Counts, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var c inspect.Counts
	if t.CurrentTotals == nil {
		return c, errors.New("the tracer is closed")
	}
	t.decoder.boot = bootTime()
	// The tables are swapped before the maps: what waits for the one has waited for both.
	used := t.hot
	t.hot ^= 1
	if err := t.WhichHot.Set(t.hot); err != nil {
		return c, fmt.Errorf("cannot swap the totals: %w", err)
	}
	if err := t.totals.swap(t.CurrentTotals); err != nil {
		return c, fmt.Errorf("cannot swap the totals: %w", err)
	}
	if err := t.cool(used, &c); err != nil {
		return c, fmt.Errorf("cannot read the totals: %w", err)
	}
	if err := t.empty(t.totals.spare, &c); err != nil {
		return c, fmt.Errorf("cannot read the totals: %w", err)
	}
	if err := t.unattributed(&c); err != nil {
		return c, err
	}
	var err error
	c.Lost, err = t.lost()
	return c, err
}

// pair is two maps of which the programs use one.
type pair struct{ active, spare *ebpf.Map }

// swap gives the programs the spare one. The kernel returns from this when no program uses the other any more
// (kernel/bpf/syscall.c, maybe_wait_bpf_programs).
func (p *pair) swap(outer *ebpf.Map) error {
	if err := outer.Put(uint32(0), p.spare); err != nil {
		return err
	}
	p.active, p.spare = p.spare, p.active
	return nil
}

// cool moves what each CPU's table counted to c. No program uses that table.
func (t *Tracer) cool(which uint32, c *inspect.Counts) error {
	var tables [][]byte
	if err := t.Hot.Lookup(which, &tables); err != nil {
		return err
	}
	zero := make([][]byte, len(tables))
	for i, table := range tables {
		zero[i] = make([]byte, len(table))
		for slot := range slices.Chunk(table[:hotSlots*slotSize], slotSize) {
			key, value := slot[:keySize], slot[keySize:]
			if [8]byte(value) == [8]byte{} {
				continue
			}
			one, err := t.decoder.count(key, value)
			if err != nil {
				return err
			}
			c.Checks = append(c.Checks, one)
		}
	}
	return t.Hot.Put(which, zero)
}

// empty moves everything in m to c. No program uses m.
func (t *Tracer) empty(m *ebpf.Map, c *inspect.Counts) error {
	b := &t.buffers
	if b.keys == nil {
		b.keys, b.values = make([][keySize]byte, drainBatch), make([][countSize]byte, drainBatch)
	}
	var cursor ebpf.MapBatchCursor
	for {
		n, err := m.BatchLookupAndDelete(&cursor, b.keys, b.values, nil)
		for i := range n {
			one, err := t.decoder.count(b.keys[i][:], b.values[i][:])
			if err != nil {
				return err
			}
			c.Checks = append(c.Checks, one)
		}
		switch {
		case errors.Is(err, ebpf.ErrKeyNotExist):
			return nil
		case err != nil:
			return err
		}
	}
}

// unattributed is what came to the array for those without room.
func (t *Tracer) unattributed(c *inspect.Counts) error {
	for slot := range t.buffers.overflow {
		n, err := sum(t.Overflow, uint32(slot))
		if err != nil {
			return err
		}
		if since := n - t.buffers.overflow[slot]; since > 0 {
			c.Unattributed = append(c.Unattributed, inspect.Unattributed{Cap: caps.Cap(slot / 2), Denied: slot%2 == 1, Count: since})
		}
		t.buffers.overflow[slot] = n
	}
	return nil
}

// sum adds up what the CPUs counted.
func sum(m *ebpf.Map, slot uint32) (n uint64, err error) {
	var perCPU []uint64
	if err := m.Lookup(slot, &perCPU); err != nil {
		return 0, load.Refuse(err)
	}
	for _, v := range perCPU {
		n += v
	}
	return n, nil
}

// lost is what the programs could not keep since they began.
func (t *Tracer) lost() (l inspect.Losses, err error) {
	for kind, n := range map[uint32]*uint64{lostEvent: &l.Events, lostUnique: &l.Unique, lostMember: &l.Children, lostPair: &l.Missed} {
		if *n, err = sum(t.Losses, kind); err != nil {
			return l, err
		}
	}
	// A program is not run where it, or another of its kind, was interrupted on the same CPU.
	for _, p := range t.watch[:len(t.watch)-2] {
		stats, err := p.Stats()
		if err != nil {
			return l, fmt.Errorf("cannot read what the program missed: %w", err)
		}
		l.Missed += stats.RecursionMisses
	}
	return l, nil
}
