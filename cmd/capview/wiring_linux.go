package main

import (
	"context"

	"capview/inspect"
	"capview/inspect/proc"
	"capview/nsinfo/runtimes"
)

// procNode is this node, read through /proc, with the names that its container runtimes' files tell and what its
// control groups count.
type procNode struct {
	*proc.Source
	names   *runtimes.Resolver
	cgroups *proc.Cgroups
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
	n.cgroups.Close()
	return n.Source.Close()
}

// Names tells where names were looked for.
func (n procNode) Names() []runtimes.SourceReport { return n.names.Sources() }

// liveNode reads this node's processes from root; env is capview's own environment, which may name an engine's socket.
func liveNode(root string, allThreads bool, env map[string]string) (node, error) {
	src, err := proc.New(proc.Options{Root: root, AllThreads: allThreads, Version: buildVersion().Version})
	if err != nil {
		return nil, trouble("see 'capview doctor'", "cannot read this node: %w", err)
	}
	groups, err := proc.NewCgroups(root)
	if err != nil {
		src.Close()
		return nil, trouble("see 'capview doctor'", "cannot read this node: %w", err)
	}
	return procNode{src, runtimes.New(runtimes.Options{Root: root, Sockets: runtimes.Sockets(env)}), groups, root}, nil
}
