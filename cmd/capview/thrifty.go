package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"

	"capview/inspect"
)

// thrifty is a source for the terminal program, which stays for hours beside what it shows. Garbage is collected when what is
// held reaches a limit and not before: as a rule once in several refreshes, and at 5,000 processes within 60 MB all in all.
// Before the first snapshot nothing tells how much a node takes: until then garbage is collected early.
type thrifty struct {
	inspect.Source
	limit int64 // bytes
}

// saveMemory makes src thrifty, unless GOGC or GOMEMLIMIT says how garbage is to be collected.
func (a *app) saveMemory(src inspect.Source) inspect.Source {
	if a.env["GOGC"] != "" || a.env["GOMEMLIMIT"] != "" {
		return src
	}
	debug.SetGCPercent(50)
	return &thrifty{Source: src}
}

func (t *thrifty) Snapshot(ctx context.Context) (*inspect.Snapshot, error) {
	s, err := t.Source.Snapshot(ctx)
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	if limit := memoryLimit(live[0].Value.Uint64()); limit != t.limit {
		debug.SetGCPercent(400)
		debug.SetMemoryLimit(limit)
		t.limit = limit
	}
	return s, err
}

// memoryLimit is half as much again as what is in use, in steps, as each change stops the world; and no less than what a node of thousands of
// processes needs, so that a small one is not busy with saving.
func memoryLimit(live uint64) int64 {
	const least, step = 36 << 20, 4 << 20
	return max(least, (int64(live)*3/2+step-1)/step*step)
}
