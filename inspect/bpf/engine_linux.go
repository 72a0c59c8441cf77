//go:build amd64 || arm64

package bpf

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"capview/inspect/bpf/load"
)

// Engine is the task iterators that the kernel took.
type Engine struct {
	records  *iterator
	cmdlines *iterator     // nil: there is none
	filters  *filterReader // nil: there is none
	decoder  *recordDecoder
	parts    []Part
}

// Options says what to load and how.
type Options struct {
	Root string    // of the procfs that its records are joined with
	Load load.Func // nil: load.Into
}

// Part is one of the engine's programs.
type Part struct {
	Name string // "threads", "command lines", "seccomp filters"
	Why  string // why there is none; "" where it is loaded
}

// New loads the iterators. It fails, and says why, where the one that tells of threads cannot be had or would not tell of
// those that procfs at o.Root shows. Without one of the others, what it tells is left to procfs.
func New(o Options) (*Engine, error) {
	if err := sameView(o.Root); err != nil {
		return nil, err
	}
	if o.Load == nil {
		o.Load = load.Into
	}
	e := &Engine{decoder: newRecordDecoder()}
	var refused [3]error
	var wg sync.WaitGroup
	wg.Go(func() { e.records, refused[0] = loadRecords(o.Load) })
	wg.Go(func() {
		e.cmdlines, refused[1] = loadCmdlines(o.Load)
		e.filters, refused[2] = loadFilterReader(o.Load)
	})
	wg.Wait()
	for i, name := range []string{"threads", "command lines", "seccomp filters"} {
		part := Part{Name: name}
		if refused[i] != nil {
			part.Why = refused[i].Error()
		}
		e.parts = append(e.parts, part)
	}
	if refused[0] != nil {
		e.Close()
		return nil, refused[0]
	}
	return e, nil
}

// Parts is what was loaded and what not.
func (e *Engine) Parts() []Part { return e.parts }

// Close unloads everything.
func (e *Engine) Close() error {
	e.records.close()
	e.cmdlines.close()
	e.filters.close()
	return nil
}

// The links of the initial namespaces under /proc/PID/ns (include/linux/proc_ns.h, PROC_*_INIT_INO).
var initial = []struct{ name, link, why string }{
	{"pid", "pid:[4026531836]", "capview runs in a child PID namespace: the kernel's own numbers mean nothing here"},
	{"user", "user:[4026531837]", "capview runs in a child user namespace: the kernel does not let it load programs"},
	{"time", "time:[4026531834]", "capview runs in a child time namespace: the kernel's own start times mean nothing here"},
}

// sameView tells whether the iterators' numbers are those of the procfs at root: they are the initial namespaces'.
func sameView(root string) error {
	if self, err := os.Readlink(filepath.Join(root, "self")); err != nil || self != strconv.Itoa(os.Getpid()) {
		return &load.Refusal{Why: root + " is not the procfs of capview's own PID namespace", Err: err}
	}
	for _, ns := range initial {
		link, err := os.Readlink(filepath.Join(root, "self/ns", ns.name))
		if err == nil && link != ns.link {
			return &load.Refusal{Why: ns.why, Err: errNamespace}
		}
	}
	return nil
}

var errNamespace = errors.New("not in the initial namespaces")
