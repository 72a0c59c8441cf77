package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

const manLong = `Man prints the manual page of capview, or of one of its commands; --dir writes all of them as files.

The pages are made by the binary from the very commands and flags it has, so they cannot be of another version.`

func (a *app) manCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:     "man [COMMAND]",
		Short:   "The manual pages, in man's own format",
		Long:    manLong,
		Example: "  capview man list | man -l -\n  capview man --dir /usr/local/share/man/man1",
		Args:    atMost(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.runMan(cmd, args, dir) },
	}
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		var names []string
		for _, sub := range cmd.Root().Commands() {
			if len(args) == 0 && (sub.IsAvailableCommand() || sub.IsAdditionalHelpTopicCommand()) {
				names = append(names, sub.Name()+"\t"+sub.Short)
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
	cmd.Flags().StringVar(&dir, "dir", "", "write all pages to `DIR`")
	return cmd
}

func (a *app) runMan(cmd *cobra.Command, args []string, dir string) error {
	root := cmd.Root()
	root.DisableAutoGenTag = true
	if dir != "" {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return trouble("create it first", "%s is not a directory", dir)
		}
		if err := doc.GenManTree(root, a.manHeader(), dir); err != nil {
			return trouble("", "cannot write the manual pages: %w", err)
		}
		return a.writeTopics(root, dir)
	}
	of := root
	if len(args) > 0 {
		found, _, err := root.Find(args)
		if err != nil || found == root {
			return usage(cmd, fmt.Errorf("no command %q", args[0]))
		}
		of = found
	}
	return doc.GenMan(of, a.manHeader(), a.out)
}

// writeTopics writes the pages of the help topics, which GenManTree leaves out.
func (a *app) writeTopics(root *cobra.Command, dir string) error {
	for _, sub := range root.Commands() {
		if !sub.IsAdditionalHelpTopicCommand() {
			continue
		}
		f, err := os.Create(filepath.Join(dir, "capview-"+sub.Name()+".1"))
		if err != nil {
			return trouble("", "cannot write the manual pages: %w", err)
		}
		if err := errors.Join(doc.GenMan(sub, a.manHeader(), f), f.Close()); err != nil {
			return trouble("", "cannot write the manual pages: %w", err)
		}
	}
	return nil
}

// manHeader dates the pages by the commit they are made of, so that the same source makes the same pages.
func (a *app) manHeader() *doc.GenManHeader {
	b := buildVersion()
	h := &doc.GenManHeader{Section: "1", Source: "capview " + b.Version, Manual: "User Commands", Date: b.Time}
	if h.Date == nil {
		now := a.now()
		h.Date = &now
	}
	return h
}
