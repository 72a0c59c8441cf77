package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"capview/inspect"
	"capview/inspect/rules"
)

const execLong = `Exec tells which credentials a process, or each distinct credential of a container's processes, would have after executing
a file, or with which error that would fail: rule by rule in the kernel's order. Nothing is executed.

FILE is an absolute path as the process itself sees it: it is looked up from its root directory, never outside.`

func (a *app) execCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "exec PID|CONTAINER FILE",
		Short:   "The credentials after executing a file, or why it fails",
		Long:    execLong,
		Example: "  capview exec 812 /usr/bin/ping\n  capview exec web /opt/bind/httpd -o json",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usage(cmd, errors.New("exec what? a PID or a container, and a file"))
			}
			return atMost(2)(cmd, args)
		},
		ValidArgsFunction: a.completeContainers,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.runExec(cmd, args[0], args[1]) },
	}
}

func (a *app) runExec(cmd *cobra.Command, name, file string) error {
	if err := refuse(cmd, "filter", "container"); err != nil {
		return err
	}
	form, err := a.form(cmd, "table", "json", "ndjson")
	if err != nil {
		return err
	}
	if !strings.HasPrefix(file, "/") || strings.ContainsRune(file, 0) {
		return trouble("as the process sees it: /usr/bin/ping", "the file %q is not an absolute path", file)
	}
	ix, live, err := a.index(cmd.Context(), false)
	if err != nil {
		return err
	}
	subjects, err := a.subjects(cmd.Context(), ix, live, name)
	if err != nil {
		return err
	}
	var all []answered
	for _, s := range subjects {
		q, err := a.execute(cmd.Context(), ix, live, s, file)
		if err != nil {
			return err
		}
		all = append(all, q)
	}
	return a.writeAnswers(ix, form, all)
}

// execute answers for one subject: it reads the facts of the file.
func (a *app) execute(ctx context.Context, ix *inspect.Index, live node, s subject, file string) (answered, error) {
	q := answered{subject: s, File: file}
	f, why, err := a.file(ctx, live, s.p, file)
	if err != nil {
		return q, err
	}
	users := ix.Users()
	q.Result = rules.Exec(&users, &s.task, &f, rules.KernelOf(ix.Host.Kernel, ix.Host.CapLastCap))
	if why != "" {
		q.Gaps = append([]string{why}, q.Gaps...)
	}
	return q, nil
}

// file is the facts of a file to be executed; why says what kept them from being read.
func (a *app) file(ctx context.Context, live node, p *inspect.Process, path string) (f rules.File, why string, err error) {
	f = rules.File{Path: path}
	if live == nil {
		return snapshotFile(p, path)
	}
	read, err := live.File(ctx, p.PID, p.StartTime, path)
	var at *os.PathError
	switch {
	case err == nil:
		return read, "", nil
	case errors.As(err, &at) && unreadable(at.Err):
		return f, fmt.Sprintf("%s: %v", at.Path, at.Err), nil
	case errors.As(err, &at):
		return f, "", trouble("", "process %d cannot execute %s: %w", p.PID, at.Path, at.Err)
	case errors.Is(err, fs.ErrNotExist):
		return f, "", trouble("", "process %d ended while it was read", p.PID)
	}
	return f, err.Error(), nil
}

// unreadable tells what this reader may not see from what is not there.
func unreadable(err error) bool { return errors.Is(err, fs.ErrPermission) }

// snapshotFile is what a snapshot has of a file: it knows each process's own executable, and no other.
func snapshotFile(p *inspect.Process, path string) (rules.File, string, error) {
	f := rules.File{Path: path}
	exe, ok := p.ExeFile.Get()
	if !ok || p.Exe.Or("") != path {
		return f, "the snapshot does not have the file's facts", nil
	}
	f.Inode = inspect.Some(rules.Inode{Mode: exe.Mode, UID: exe.UID, GID: exe.GID})
	f.NoSUID, f.Caps = exe.NoSUID, p.FileCaps
	return f, "", nil
}
