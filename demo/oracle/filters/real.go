package main

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"capview/inspect/ptrace"
	"capview/inspect/seccomp"
)

// captured is the filters of real processes, a folder each, its files numbered from the oldest filter (its README.md).
//
//go:embed captured
var captured embed.FS

// realStacks reads those whose folder's name begins with prefix, each the newest first.
func realStacks(prefix string) ([]seccomp.Stack, error) {
	names, err := fs.Glob(captured, "captured/"+prefix+"*/0.bpf")
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("no captured filters are named %s: %v", prefix, err)
	}
	var stacks []seccomp.Stack
	for _, name := range names {
		var s seccomp.Stack
		for i := 0; ; i++ {
			raw, err := captured.ReadFile(fmt.Sprintf("%s/%d.bpf", strings.TrimSuffix(name, "/0.bpf"), i))
			if err != nil {
				break
			}
			p, err := seccomp.Decode(raw)
			if err != nil {
				return nil, fmt.Errorf("%s, filter %d: %w", name, i, err)
			}
			s = append(s, p)
		}
		slices.Reverse(s)
		stacks = append(stacks, s)
	}
	return stacks, nil
}

// real is a kind of filters that were captured.
func real(prefix string) func(run *runner) (seccomp.Stack, error) {
	return func(run *runner) (seccomp.Stack, error) {
		stacks, err := realStacks(prefix)
		if err != nil {
			return nil, err
		}
		return stacks[run.r.IntN(len(stacks))], nil
	}
}

// mixed is a few filters of any that were captured.
func mixed(run *runner) (seccomp.Stack, error) {
	stacks, err := realStacks("")
	if err != nil {
		return nil, err
	}
	var s seccomp.Stack
	for range 2 + run.r.IntN(4) {
		from := stacks[run.r.IntN(len(stacks))]
		s = append(s, from[run.r.IntN(len(from))])
	}
	return s, nil
}

// captureAll writes the filters of processes given as PID:NAME, each to a folder of that name.
func captureAll(dir string, processes []string) error {
	for _, process := range processes {
		pid, name, named := strings.Cut(process, ":")
		tid, err := strconv.Atoi(pid)
		if err != nil || !named {
			return fmt.Errorf("%q is not PID:NAME", process)
		}
		start, err := ptrace.Start("/proc", tid)
		if err != nil {
			return err
		}
		stack, err := ptrace.Filters(context.Background(), "/proc", tid, start)
		if err != nil {
			return err
		}
		if len(stack) == 0 {
			return fmt.Errorf("process %d has no filters", tid)
		}
		folder := filepath.Join(dir, name)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		for i, p := range stack {
			name := filepath.Join(folder, fmt.Sprintf("%d.bpf", len(stack)-1-i))
			if err := os.WriteFile(name, p.Bytes(), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}
