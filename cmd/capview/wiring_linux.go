package main

import "capview/inspect/proc"

// procNode is this node, read through /proc.
type procNode struct {
	*proc.Source
	root string
}

// liveNode reads this node's processes from root.
func liveNode(root string, allThreads bool) (node, error) {
	src, err := proc.New(proc.Options{Root: root, AllThreads: allThreads, Version: buildVersion().Version})
	if err != nil {
		return nil, trouble("see 'capview doctor'", "cannot read this node: %w", err)
	}
	return procNode{src, root}, nil
}
