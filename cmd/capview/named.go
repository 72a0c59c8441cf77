package main

import (
	"context"

	"capview/inspect"
)

// named is a source whose processes' filters are called by the profile that they are.
type named struct {
	inspect.Source
	namer *inspect.FilterNamer
}

func (n named) Snapshot(ctx context.Context) (*inspect.Snapshot, error) {
	s, err := n.Source.Snapshot(ctx)
	if err == nil {
		n.namer.Name(s)
	}
	return s, err
}
