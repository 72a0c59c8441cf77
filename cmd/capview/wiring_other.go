//go:build !linux

package main

import "runtime"

// liveNode fails: only Linux has what capview reads.
func liveNode(nodeOptions) (node, error) {
	return nil, trouble("open a snapshot of a Linux node: capview --from FILE", "%s has no processes that capview can read", runtime.GOOS)
}

// growInHugePages is Linux's.
func growInHugePages() {}
