package main

import (
	"errors"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// openLog makes a.log write to the file of --log.
func (a *app) openLog(cmd *cobra.Command) error {
	if a.flags.log == "" {
		return nil
	}
	f, err := openToAppend(a.flags.log)
	if err != nil {
		return trouble("", "cannot write the log %s: %w", a.flags.log, cause(err))
	}
	a.log = slog.New(slog.NewTextHandler(f, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var flags []any
	cmd.Flags().Visit(func(f *pflag.Flag) { flags = append(flags, f.Name, f.Value.String()) })
	a.log.Info("start", "command", cmd.CommandPath(), "version", buildVersion().Version, slog.Group("flags", flags...))
	return nil
}

// openToAppend opens a file to append to, readable by its owner alone if it is new. It follows no symbolic link: what root
// appends must not land where someone else says. A name of one of capview's own descriptors is none but in form.
func openToAppend(path string) (*os.File, error) {
	flags := os.O_WRONLY | os.O_CREATE | os.O_APPEND
	if path != "/dev/stdout" && path != "/dev/stderr" && !strings.HasPrefix(path, "/dev/fd/") {
		flags |= noFollow
	}
	f, err := os.OpenFile(path, flags, 0o600)
	if errors.Is(err, isLink) {
		return nil, errors.New("it is a symbolic link")
	}
	return f, err
}
