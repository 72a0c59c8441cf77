package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"capview/inspect"
	"capview/inspect/snapshot"
)

const exportLong = `Export writes everything capview sees to a snapshot, which 'capview --from FILE' opens anywhere.

Without FILE it is written to the working directory under the host's name and the time. The file is readable by its owner alone
and compressed where its name ends in .gz. An existing file is left alone unless --force is given; a symbolic link is never
followed. Under sudo the file belongs to the user who called sudo. "-" writes to standard output, uncompressed.`

func (a *app) exportCommand() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "export [FILE]",
		Short: "Write a snapshot to open elsewhere",
		Long:  exportLong,
		Example: "  sudo capview export node.json.gz\n" +
			"  ssh node sudo capview export - | capview --from - list",
		Args: atMost(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runExport(cmd, args, force) },
	}
	cmd.ValidArgsFunction = func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return nil, cobra.ShellCompDirectiveDefault
	}
	cmd.Flags().BoolVar(&force, "force", false, "replace FILE where it exists")
	return cmd
}

func (a *app) runExport(cmd *cobra.Command, args []string, force bool) error {
	if err := refuse(cmd, "filter", "container", "output"); err != nil {
		return err
	}
	if len(args) == 0 || args[0] != "-" {
		a.needs = writing
	}
	a.hurry()
	ix, live, err := a.index(cmd.Context(), false)
	if err != nil {
		return err
	}
	name := exportName(ix.Snapshot)
	if len(args) > 0 {
		name = args[0]
	}
	if name == "-" {
		return snapshot.Write(a.out, ix.Snapshot)
	}
	done := holdSignals()
	written, err := a.create(name, ix.Snapshot, force, nil)
	done()
	if err != nil {
		return err
	}
	a.notice(live)
	_, err = fmt.Fprintln(a.out, written)
	return err
}

// create writes a snapshot to a file, owned by the user behind sudo.
func (a *app) create(name string, s *inspect.Snapshot, force bool, progress func(done, total int)) (string, error) {
	uid, gid := a.sudoUser()
	written, err := snapshot.Create(name, s, snapshot.CreateOptions{Force: force, UID: uid, GID: gid, Progress: progress})
	if err == nil {
		a.log.Info("export", "file", written)
		return written, nil
	}
	hint := ""
	if errors.Is(err, fs.ErrExist) && !force {
		hint = "choose another name, or replace it with --force"
	}
	return "", trouble(hint, "%w", err)
}

// holdSignals keeps what would end the process from ending it until done is called: a file that is being written is
// finished, not left beside its name.
func holdSignals() (done func()) {
	held := make(chan os.Signal, 1)
	signal.Notify(held, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	return func() { signal.Stop(held) }
}

// sudoUser is the ids of the user who called sudo; -1 where it was not sudo, or this is not root (the variables are
// then anyone's claim).
func (a *app) sudoUser() (uid, gid int) {
	if os.Geteuid() != 0 {
		return -1, -1
	}
	u, errU := strconv.ParseUint(a.env["SUDO_UID"], 10, 31)
	g, errG := strconv.ParseUint(a.env["SUDO_GID"], 10, 31)
	if errU != nil || errG != nil {
		return -1, -1
	}
	return int(u), int(g)
}

// exportName is a name for a snapshot that sorts by host and time: "node-7-20260102T150405Z.json.gz".
func exportName(s *inspect.Snapshot) string {
	host := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			return r
		}
		return '_'
	}, s.Host.Hostname)
	host = strings.TrimLeft(host, ".-")
	if host == "" {
		host = "node"
	}
	return host[:min(len(host), 64)] + "-" + s.TakenAt.UTC().Format("20060102T150405Z") + ".json.gz"
}

// atMost refuses more than n arguments.
func atMost(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > n {
			return usage(cmd, fmt.Errorf("unexpected argument %q", args[n]))
		}
		return nil
	}
}
