package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
)

// build is what this binary was made from.
type build struct {
	Version string     `json:"version"`
	Commit  string     `json:"commit"` // "" where it was built outside a repository
	Dirty   bool       `json:"dirty"`  // the work tree differed from the commit
	Time    *time.Time `json:"time"`   // of the commit
	Go      string     `json:"go"`
	OS      string     `json:"os"`
	Arch    string     `json:"arch"`
}

// buildVersion reads what the linker recorded.
func buildVersion() build {
	b := build{Version: "unknown", Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.modified":
			b.Dirty = s.Value == "true"
		case "vcs.time":
			if t, err := time.Parse(time.RFC3339, s.Value); err == nil {
				b.Time = &t
			}
		}
	}
	return b
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "The version of capview, and what it was built from",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			form, err := a.form(cmd, "table", "json")
			if err != nil {
				return err
			}
			b := buildVersion()
			if form == "json" {
				return writeJSON(a.out, b)
			}
			commit := b.Commit
			if commit == "" {
				commit = "unknown"
			}
			_, err = fmt.Fprintf(a.out, "capview %s, commit %s, %s %s/%s\n", b.Version, commit, b.Go, b.OS, b.Arch)
			return err
		},
	}
}
