package main

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

const manLong = `Man prints the manual page of capview, or of one of its commands; --dir writes all of them as files.

The pages are made from the very commands and flags that this binary has, so they cannot be of another version.`

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
	if dir != "" {
		return a.writeManual(dir)
	}
	of := cmd.Root()
	if len(args) > 0 {
		found, _, err := of.Find(args)
		if err != nil || found == of {
			return usage(cmd, fmt.Errorf("no command %q", args[0]))
		}
		of = found
	}
	page, err := a.manPage(pageOf(of))
	if err != nil {
		return usage(cmd, fmt.Errorf("no manual page of %q", of.CommandPath()))
	}
	_, err = a.out.WriteString(page)
	return err
}

// writeManual writes all pages.
func (a *app) writeManual(dir string) error {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return trouble("create it first", "%s is not a directory", dir)
	}
	pages, err := manual.ReadDir("manual")
	for _, page := range pages {
		var text string
		if text, err = a.manPage(page.Name()); err != nil {
			break
		}
		if err = os.WriteFile(filepath.Join(dir, page.Name()), []byte(text), 0o644); err != nil {
			break
		}
	}
	if err != nil {
		return trouble("", "cannot write the manual pages: %w", err)
	}
	return nil
}

// pageOf is the name of a command's page.
func pageOf(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".1" }

// manual is the pages as cobra makes them of the commands, in man's format, with undated for the version and its date. That they are
// made before and not by the binary spares every command what it takes to get a converter of Markdown ready.
//
//go:embed manual
var manual embed.FS

//go:generate go test -run ^TestManual$ . -update

const undated = `"Jan 0001" "capview VERSION"`

// manPage is a page, dated by the commit that capview is made of.
func (a *app) manPage(name string) (string, error) {
	text, err := manual.ReadFile("manual/" + name)
	b := buildVersion()
	date := a.now()
	if b.Time != nil {
		date = *b.Time
	}
	return strings.Replace(string(text), undated, fmt.Sprintf(`"%s" "capview %s"`, date.Format("Jan 2006"), b.Version), 1), err
}
