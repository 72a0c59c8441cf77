package snapshot

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"

	"capview/inspect"
)

// Write writes s as JSON, one process, container or namespace a line, without ever holding all of it. The schema
// written is inspect.Schema, whatever s came from. Errors are w's, and say that it is a snapshot that was written.
func Write(w io.Writer, s *inspect.Snapshot) error {
	if err := write(w, s, nil); err != nil {
		return fmt.Errorf("write snapshot: %w", err)
	}
	return nil
}

// write calls progress, if not nil, with how many of the processes are written.
func write(w io.Writer, s *inspect.Snapshot, progress func(done, total int)) error {
	var a appender
	if err := a.head(s); err != nil {
		return err
	}
	if _, err := w.Write(a.b); err != nil {
		return err
	}
	if err := writeProcesses(w, s.Processes, progress); err != nil {
		return err
	}
	a.b = a.b[:0]
	if err := a.tail(s); err != nil {
		return err
	}
	_, err := w.Write(a.b)
	return err
}

// head appends all that comes before the first process.
func (a *appender) head(s *inspect.Snapshot) error {
	a.raw(`{"schema":`)
	a.str(inspect.Schema)
	a.raw(`,"version":`)
	a.str(s.Version)
	a.raw(`,"taken_at":`)
	if err := a.marshal(s.TakenAt); err != nil {
		return err
	}
	a.raw(",\n\"host\":")
	if err := a.marshal(s.Host); err != nil {
		return err
	}
	a.raw(",\n\"processes\":[")
	return nil
}

// tail appends all that comes after the last process.
func (a *appender) tail(s *inspect.Snapshot) error {
	a.closeList(len(s.Processes))
	if err := section(a, "containers", s.Containers); err != nil {
		return err
	}
	if err := section(a, "user_namespaces", s.UserNamespaces); err != nil {
		return err
	}
	if err := section(a, "namespaces", s.Namespaces); err != nil {
		return err
	}
	if err := section(a, "seccomp_filters", s.SeccompFilters); err != nil {
		return err
	}
	if err := section(a, "gaps", s.Gaps); err != nil {
		return err
	}
	a.b = append(a.b[:len(a.b)-len(",\n")], "}\n"...)
	return nil
}

func (a *appender) marshal(v any) error {
	j, err := json.Marshal(v)
	if err == nil {
		a.tidy(j)
	}
	return err
}

// section appends a list, an element a line, with its key before it and a comma after it.
func section[T any](a *appender, key string, vs []T) error {
	a.str(key)
	a.raw(":[")
	for i, v := range vs {
		if i > 0 {
			a.raw(",")
		}
		a.raw("\n")
		if err := a.marshal(v); err != nil {
			return err
		}
	}
	a.closeList(len(vs))
	return nil
}

// closeList ends a list of n elements, on a line of its own unless it is empty.
func (a *appender) closeList(n int) {
	if n > 0 {
		a.raw("\n")
	}
	a.raw("],\n")
}

// chunk is how many processes are encoded at a time, and likely how many bytes of JSON they make.
const (
	chunk  = 64
	likely = 80 << 10
)

// writeProcesses encodes chunks side by side on all CPUs and writes them in order. At most two chunks a CPU are
// held at a time. The buffers are kept for the next call: an export may come with each refresh.
func writeProcesses(w io.Writer, ps []*inspect.Process, progress func(done, total int)) error {
	chunks := make([]chan *appender, (len(ps)+chunk-1)/chunk)
	for i := range chunks {
		chunks[i] = make(chan *appender, 1)
	}
	workers := min(runtime.GOMAXPROCS(0), len(chunks))
	held := make(chan struct{}, 2*workers)
	stop := make(chan struct{})
	var next atomic.Int64
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			for {
				select {
				case held <- struct{}{}:
				case <-stop:
					return
				}
				i := int(next.Add(1)) - 1
				if i >= len(chunks) {
					return
				}
				chunks[i] <- encodeChunk(ps, i*chunk)
			}
		})
	}
	defer running.Wait()
	defer close(stop)
	for i := range chunks {
		a := <-chunks[i]
		_, err := w.Write(a.b)
		appenders.Put(a)
		if err != nil {
			return err
		}
		<-held
		if progress != nil {
			progress(min((i+1)*chunk, len(ps)), len(ps))
		}
	}
	return nil
}

var appenders = sync.Pool{New: func() any { return &appender{b: make([]byte, 0, likely)} }}

// encodeChunk encodes the processes from first on, with what is between them and before them.
func encodeChunk(ps []*inspect.Process, first int) *appender {
	a := appenders.Get().(*appender)
	a.b, a.before = a.b[:0], before{}
	for i := first; i < min(first+chunk, len(ps)); i++ {
		if i > 0 {
			a.raw(",")
		}
		a.raw("\n")
		a.process(ps[i])
	}
	return a
}
