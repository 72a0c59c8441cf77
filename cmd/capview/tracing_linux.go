package main

import (
	"io/fs"
	"path/filepath"

	"capview/inspect/bpf/load"
	"capview/inspect/bpf/trace"
)

func newTracer(o trace.Options) (tracer, error) {
	t, err := trace.New(o)
	load.Done()
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

// newGroupRecorder records every control group of the node.
func newGroupRecorder() (groupRecorder, error) {
	r, err := trace.NewRecorder(trace.RecordOptions{Root: procRoot, EveryGroup: true, Refused: true})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// cgroupsBelow is the ids of the control groups below a path that are there.
func cgroupsBelow(path string) (ids []uint64) {
	h := trace.HierarchyOf(procRoot)
	top := filepath.Join(h.Mount, filepath.Join("/", path))
	_ = filepath.WalkDir(top, func(at string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return nil // one that has just been removed
		}
		if id, err := h.ID(at[len(h.Mount):]); err == nil {
			ids = append(ids, id)
		}
		return nil
	})
	return ids
}

// cgroupIDs looks up the ids of control groups by their paths, as a tracer tells them.
func cgroupIDs() func(path string) (uint64, error) { return trace.HierarchyOf(procRoot).ID }
