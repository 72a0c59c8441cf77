package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"

	"capview/inspect"
	"capview/inspect/rules"
)

// subject is processes with the same credentials, of which the first is asked about: the answer holds for all.
type subject struct {
	Container string // its label, where a container was asked about
	PIDs      []int
	p         *inspect.Process
	task      rules.Task
}

// subjects is what "PID|CONTAINER" names: one process, or one subject for each distinct credential of a container's own.
func (a *app) subjects(ctx context.Context, ix *inspect.Index, live node, name string) ([]subject, error) {
	if pid, err := strconv.Atoi(name); err == nil {
		p, err := a.actor(ctx, ix, live, pid)
		if err != nil {
			return nil, err
		}
		return []subject{{PIDs: []int{pid}, p: p, task: ix.Task(p)}}, nil
	}
	found := findContainers(ix, name)
	switch {
	case len(found) == 0:
		return nil, noContainer(ix, name)
	case len(found) > 1:
		return nil, ambiguous(ix, found, name)
	}
	return a.members(ctx, ix, live, found[0])
}

// actor is a process that can act: not one that has ended, nor a thread of one, nor the kernel's own.
func (a *app) actor(ctx context.Context, ix *inspect.Index, live node, pid int) (*inspect.Process, error) {
	p := ix.Process(pid)
	if p == nil {
		return nil, a.noProcess(ctx, live, pid)
	}
	if err := canAct(p); err != nil {
		return nil, err
	}
	if live == nil {
		return p, nil
	}
	return inFull(ctx, live, p)
}

// canAct is why p can do nothing at all; nil where it can.
func canAct(p *inspect.Process) error {
	switch {
	case p.KernelThread:
		return trouble("", "process %d is one of the kernel's own threads: it makes no system calls", p.PID)
	case p.State == "Z" || p.State == "X":
		return trouble("", "process %d has ended, its parent has not taken note of it yet", p.PID)
	}
	return nil
}

// noProcess tells a thread from what is not there.
func (a *app) noProcess(ctx context.Context, live node, pid int) error {
	if live != nil && pid > 0 {
		if p, err := live.Process(ctx, pid, 0); err == nil {
			if leader, ok := p.ThreadGroup(); ok && leader != pid {
				return trouble("", "%d is a thread of process %d: name that", pid, leader)
			}
		}
	}
	return trouble("", "no process %d%s", pid, a.inSnapshot())
}

// members is a container's processes by credential, without those that only serve it from outside.
func (a *app) members(ctx context.Context, ix *inspect.Index, live node, c *inspect.Container) ([]subject, error) {
	var all []subject
	byCreds := map[string]int{}
	for _, p := range groupOf(ix, c).Processes {
		if p.Role == inspect.RoleHelper || p.KernelThread || p.State == "Z" {
			continue
		}
		key := credentialKey(p)
		if i, ok := byCreds[key]; ok {
			all[i].PIDs = append(all[i].PIDs, p.PID)
			continue
		}
		byCreds[key] = len(all)
		all = append(all, subject{Container: ix.Label(c), PIDs: []int{p.PID}, p: p})
	}
	kept := all[:0]
	for _, s := range all {
		if live != nil {
			full, err := live.Process(ctx, s.p.PID, s.p.StartTime)
			if errors.Is(err, fs.ErrNotExist) {
				continue // it ended meanwhile
			}
			if err == nil {
				full.Placed(s.p)
				s.p = &full
			}
		}
		s.task = ix.Task(s.p)
		kept = append(kept, s)
	}
	if len(kept) == 0 {
		return nil, trouble("", "%s has no process of its own", called(ix, c))
	}
	return kept, nil
}

// credentialKey is everything that decides over what processes may do.
func credentialKey(p *inspect.Process) string {
	seccomp, _ := p.Seccomp.Get()
	return fmt.Sprint(p.UID, p.GID, p.Groups, p.Caps, p.SecureBits, p.NoNewPrivs, p.Namespaces, seccomp.Mode)
}

// who names a subject in a line.
func (s subject) who(ix *inspect.Index) string {
	text := fmt.Sprintf("%s (%d)", s.p.Comm, s.p.PID)
	if more := len(s.PIDs) - 1; more > 0 {
		text = fmt.Sprintf("%s (%d and %d more with the same credentials)", s.p.Comm, s.p.PID, more)
	}
	if ids, ok := s.p.UID.Get(); ok {
		text += fmt.Sprintf(", uid %d", ids.Effective)
		if in, ok := ix.InsideUID(s.p); ok && in != ids.Effective {
			text += fmt.Sprintf(" (%d in its user namespace)", in)
		}
	}
	if len(s.p.Threads) > 0 && s.otherThreads() {
		text += "; some of its threads have other credentials"
	}
	return text
}

func (s subject) otherThreads() bool {
	for _, t := range s.p.Threads {
		if t.Caps != s.p.Caps || t.UID != s.p.UID || t.GID != s.p.GID {
			return true
		}
	}
	return false
}
