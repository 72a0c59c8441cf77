//go:build amd64 || arm64

package bpf

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/cilium/ebpf"

	"capview/inspect/bpf/load"
)

// Engine is the programs that the kernel took.
type Engine struct {
	walk     *walker       // nil: records does it
	records  *iterator     // nil: walk does it
	args     *argReader    // nil: cmdlines does it, or nobody
	cmdlines *iterator     // nil: args does it, or nobody
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

// New loads the programs. It fails, and says why, where none that tells of threads is to be had or it would not tell of
// those that procfs at o.Root shows. Without one of the others, what it tells is left to procfs.
func New(o Options) (*Engine, error) {
	if err := sameView(o.Root); err != nil {
		return nil, err
	}
	if o.Load == nil {
		o.Load = load.Into
	}
	specs, err := specifications()
	if err != nil {
		return nil, err
	}
	e := &Engine{decoder: newRecordDecoder()}
	var refused [3]error
	var wg sync.WaitGroup
	wg.Go(func() {
		if e.walk, refused[0] = loadWalker(specs.pass, o.Load); refused[0] != nil {
			e.records, refused[0] = loadRecords(o.Load)
		}
	})
	wg.Go(func() {
		if e.args, refused[1] = loadArgReader(specs.args, o.Load); refused[1] != nil {
			e.cmdlines, refused[1] = loadCmdlines(o.Load)
		}
		e.filters, refused[2] = loadFilterReader(specs.filters, o.Load)
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

// specs is the programs that are tried first.
type specs struct{ pass, args, filters *ebpf.CollectionSpec }

// specifications reads them while the kernel's types are read, and prepares for loading them.
func specifications() (s specs, err error) {
	var wg sync.WaitGroup
	wg.Go(func() { load.Prepare() })
	for _, of := range []struct {
		spec *(*ebpf.CollectionSpec)
		load func() (*ebpf.CollectionSpec, error)
	}{{&s.pass, loadPass}, {&s.args, loadArgs}, {&s.filters, loadFilters}} {
		var bad error
		if *of.spec, bad = of.load(); bad != nil {
			err = ownObject(bad)
		}
	}
	wg.Wait()
	if err == nil {
		load.Prepare(s.pass, s.args, s.filters)
	}
	return s, err
}

// Parts is what was loaded and what not.
func (e *Engine) Parts() []Part { return e.parts }

// Close unloads everything.
func (e *Engine) Close() error {
	e.walk.close()
	e.records.close()
	e.args.close()
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
