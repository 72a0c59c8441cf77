package main

import (
	"context"
	"errors"

	"capview/cmd/lean"
	"capview/inspect"
	"capview/inspect/bpf"
	"capview/inspect/bpf/load"
	"capview/inspect/proc"
	"capview/nsinfo/runtimes"
)

// procNode is this node, read through /proc, with the names that its container runtimes' files tell and what its
// control groups count.
type procNode struct {
	*proc.Source
	names   *runtimes.Resolver
	cgroups *proc.Cgroups
	kernel  *bpf.Engine // nil: procfs alone
	why     string      // why it is
	root    string
}

func (n procNode) Snapshot(ctx context.Context) (*inspect.Snapshot, error) {
	s, err := runtimes.Source{Source: n.Source, Resolver: n.names}.Snapshot(ctx)
	if err == nil {
		n.cgroups.Measure(s)
	}
	return s, err
}

// Close gives back what the readers opened.
func (n procNode) Close() error {
	var err error
	if n.cgroups != nil {
		n.cgroups.Close()
	}
	if n.Source != nil {
		err = n.Source.Close()
	}
	if n.kernel != nil {
		err = errors.Join(err, n.kernel.Close())
	}
	return err
}

// Names tells where names were looked for.
func (n procNode) Names() []runtimes.SourceReport { return n.names.Sources() }

// Engine tells how the node is read.
func (n procNode) Engine() engineState {
	if n.kernel == nil {
		return engineState{Name: "procfs", Why: n.why}
	}
	s := engineState{Name: "bpf"}
	for _, p := range n.kernel.Parts() {
		s.Parts = append(s.Parts, enginePart(p))
	}
	return s
}

// liveNode reads this node's processes: with the kernel's own view of them where the engine is "bpf", or "auto" and the
// kernel gives it. Once the programs are loaded, it lets go of the capabilities that are not to be kept.
func liveNode(o nodeOptions) (node, error) {
	n := procNode{root: o.root, names: runtimes.New(runtimes.Options{Root: o.root, Sockets: runtimes.Sockets(o.env)})}
	opt := proc.Options{Root: o.root, AllThreads: o.allThreads, Version: buildVersion().Version}
	if o.engine != "procfs" {
		kernel, err := bpf.New(bpf.Options{Root: o.root})
		load.Done()
		switch {
		case err == nil:
			n.kernel, opt.Kernel = kernel, kernel
			if lean.Without(o.keep, kernel.Try) != nil {
				o.keep |= loading
			}
		case o.engine == "bpf":
			return nil, trouble("run capview as root, or leave --engine out: see 'capview doctor'", "the bpf engine cannot be had: %w", err)
		default:
			n.why = err.Error()
		}
	}
	err := shed(o.keep, o.stay)
	if err == nil {
		n.Source, err = proc.New(opt)
	}
	if err == nil {
		n.cgroups, err = proc.NewCgroups(o.root)
	}
	if err != nil {
		n.Close()
		return nil, trouble("see 'capview doctor'", "cannot read this node: %w", err)
	}
	return n, nil
}
