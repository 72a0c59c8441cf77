//go:build !linux

package main

import (
	"errors"

	"capview/inspect/bpf/trace"
)

func newTracer(trace.Options) (tracer, error) { return nil, errors.New("only Linux has capabilities") }

func newRecorder([]trace.Target) (recorder, error) {
	return nil, errors.New("only Linux can be recorded")
}

func newGroupRecorder() (groupRecorder, error) { return nil, errors.New("only Linux can be recorded") }

func cgroupsBelow(string) []uint64 { return nil }

func cgroupIDs() func(string) (uint64, error) {
	return func(string) (uint64, error) { return 0, errors.New("only Linux has control groups") }
}
