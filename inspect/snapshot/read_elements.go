package snapshot

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"

	"capview/inspect"
	"capview/inspect/crash"
)

// array calls each with every element of the array that comes next; null is an empty one. The bytes are each's to keep.
func (r *reader) array(each func(raw json.RawMessage) error) error {
	t, err := r.json.Token()
	if err != nil || t == nil {
		return err
	}
	if t != json.Delim('[') {
		return errors.New("not an array")
	}
	for n := 0; r.json.More(); n++ {
		r.in.element = maxElement
		var raw json.RawMessage
		err := r.json.Decode(&raw)
		if err == nil {
			err = elementFits(raw)
		}
		if err == nil {
			err = each(raw)
		}
		if err != nil {
			return within(fmt.Sprintf("[%d]", n), err)
		}
	}
	_, err = r.json.Token()
	return err
}

// elements reads an array of what there are few of.
func elements[T any](r *reader) (vs []T, err error) {
	err = r.array(func(raw json.RawMessage) error {
		var v T
		if err := json.Unmarshal(raw, &v); err != nil {
			return err
		}
		vs = append(vs, v)
		return r.spend(int64(len(raw)) * 8)
	})
	return vs, err
}

// batch is processes that are decoded together, beside others.
type batch struct {
	raw   []json.RawMessage
	first int
	done  chan batchResult
}

type batchResult struct {
	ps   []*inspect.Process
	cost int64
	err  error
}

const batchSize = 64

func (b *batch) decode() {
	defer crash.Recover()
	var res batchResult
	res.ps = make([]*inspect.Process, len(b.raw))
	for i, raw := range b.raw {
		res.ps[i] = new(inspect.Process)
		if err := json.Unmarshal(raw, res.ps[i]); err != nil {
			res.err = within(fmt.Sprintf("[%d]", b.first+i), err)
			break
		}
		res.cost += memory(res.ps[i], len(raw))
	}
	b.done <- res
}

// processes reads the array of processes: one goroutine finds where each ends, as many as there are CPUs decode them.
func (r *reader) processes() ([]*inspect.Process, error) {
	var (
		ps      []*inspect.Process
		next    = &batch{done: make(chan batchResult, 1)}
		size    int
		running []*batch
	)
	collect := func(keep int) error {
		for len(running) > keep {
			res := <-running[0].done
			running = running[1:]
			if res.err != nil {
				return res.err
			}
			ps = append(ps, res.ps...)
			if err := r.spend(res.cost); err != nil {
				return err
			}
		}
		return nil
	}
	start := func(keep int) error {
		go next.decode()
		running = append(running, next)
		next, size = &batch{first: next.first + len(next.raw), done: make(chan batchResult, 1)}, 0
		return collect(keep)
	}
	err := r.array(func(raw json.RawMessage) error {
		next.raw = append(next.raw, raw)
		if size += len(raw); len(next.raw) < batchSize && size < maxElement/8 {
			return nil
		}
		return start(runtime.GOMAXPROCS(0))
	})
	if last := start(0); err == nil {
		err = last
	}
	return ps, err
}
