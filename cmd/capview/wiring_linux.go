package main

import (
	"context"

	"capview/inspect"
	"capview/inspect/proc"
	"capview/nsinfo/runtimes"
)

// procNode is this node, read through /proc, with the names that its container runtimes' files tell.
type procNode struct {
	*proc.Source
	names *runtimes.Resolver
	root  string
}

func (n procNode) Snapshot(ctx context.Context) (*inspect.Snapshot, error) {
	return runtimes.Source{Source: n.Source, Resolver: n.names}.Snapshot(ctx)
}

// Names tells where names were looked for.
func (n procNode) Names() []runtimes.SourceReport { return n.names.Sources() }

// liveNode reads this node's processes from root.
func liveNode(root string, allThreads bool) (node, error) {
	src, err := proc.New(proc.Options{Root: root, AllThreads: allThreads, Version: buildVersion().Version})
	if err != nil {
		return nil, trouble("see 'capview doctor'", "cannot read this node: %w", err)
	}
	return procNode{src, runtimes.New(runtimes.Options{Root: root}), root}, nil
}
