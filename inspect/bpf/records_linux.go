package bpf

import (
	"fmt"

	"capview/inspect/bpf/load"
)

// Records is the iterator that tells of every thread.
type Records struct{ it *iterator }

// NewRecords loads it. The error says why the kernel does not take it.
func NewRecords() (*Records, error) {
	spec, err := loadTask()
	if err != nil {
		return nil, fmt.Errorf("capview's own object: %w", err)
	}
	var objects taskObjects
	if err := load.Into(spec, &objects); err != nil {
		return nil, err
	}
	objects.Scratch.Close() // the program holds it
	it, err := attach(objects.TaskRecords)
	if err != nil {
		return nil, err
	}
	return &Records{it}, nil
}

// Close unloads it.
func (r *Records) Close() { r.it.close() }
