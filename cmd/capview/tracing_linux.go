package main

import "capview/inspect/bpf/trace"

func newTracer(o trace.Options) (tracer, error) {
	t, err := trace.New(o)
	if err != nil {
		return nil, err
	}
	return t, nil
}

// cgroupID is the id of a control group by its path, as a tracer tells it.
func cgroupID(path string) (uint64, error) { return trace.HierarchyOf(procRoot).ID(path) }
