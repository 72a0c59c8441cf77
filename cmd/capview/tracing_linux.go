package main

import "capview/inspect/bpf/trace"

func newTracer(o trace.Options) (tracer, error) {
	t, err := trace.New(o)
	if err != nil {
		return nil, err
	}
	return t, nil
}

// newRecorder records what targets call, each for itself, and how calls end.
func newRecorder(targets []trace.Target) (recorder, error) {
	r, err := trace.NewRecorder(trace.RecordOptions{Root: procRoot, Targets: targets, Refused: true})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// cgroupID is the id of a control group by its path, as a tracer tells it.
func cgroupID(path string) (uint64, error) { return trace.HierarchyOf(procRoot).ID(path) }
