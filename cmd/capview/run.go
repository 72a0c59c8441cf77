package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"capview/inspect/caps"
)

// procRoot is where the kernel shows processes.
const procRoot = "/proc"

// app is one run of capview: the world it is given, and the flags that every command takes.
type app struct {
	env         map[string]string
	stdin       io.Reader
	stdout      io.Writer
	stderr      io.Writer
	out         *bufio.Writer // stdout, buffered: run flushes it and tells of a failure
	now         func() time.Time
	log         *slog.Logger
	live        node     // the live source, once there is one
	needs       caps.Set // capabilities that the command needs besides those for reading
	stay        bool     // the command does not end by itself
	traced      traced   // by the terminal program
	flags       globals
	interactive interactive
}

// run executes one command line (without the program's name) and returns its exit status.
func run(ctx context.Context, args []string, env map[string]string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{
		env: env, stdin: stdin, stdout: stdout, stderr: stderr,
		out: bufio.NewWriterSize(stdout, 1<<16),
		now: time.Now,
		log: slog.New(slog.DiscardHandler),
	}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(a.out)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if a.live != nil {
		err = errors.Join(err, a.live.Close())
	}
	return a.report(errors.Join(err, a.flush()))
}

// flush writes what is left of the output. The reader of a pipe may leave when it has seen enough: no trouble.
func (a *app) flush() error {
	err := a.out.Flush()
	if err == nil || errors.Is(err, syscall.EPIPE) || errors.Is(err, os.ErrClosed) || errors.Is(err, io.ErrClosedPipe) {
		return nil
	}
	return trouble("", "cannot write the output: %w", cause(err))
}

// root is the command tree.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "capview",
		Short: "What may each process of this node really do, and why?",
		Long: "capview shows every process of a Linux node, grouped by container, with its five capability sets, the file\n" +
			"capabilities of its executable, its user namespace and its seccomp mode.\n\n" +
			"Without a command it is a terminal program; where the output is not a terminal, it is 'capview list'.\n\n" +
			"Exit status: 0 yes, same, done; 1 no, differs; 2 trouble; 3 cannot tell.",
		Example:           "  sudo capview\n  sudo capview -c web\n  capview --from node.json.gz\n  capview list -F 'has:sys_admin !userns:host'",
		Args:              noArgs,
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return a.prepare(cmd) },
		RunE:              func(cmd *cobra.Command, _ []string) error { return a.runRoot(cmd) },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usage(cmd, err) })
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	a.flags.register(root)
	a.interactive.register(root)
	root.AddCommand(
		a.listCommand(), a.showCommand(), a.exportCommand(), a.diffCommand(), a.canCommand(), a.execCommand(), a.seccompCommand(),
		a.traceCommand(), a.recordCommand(), a.adviseCommand(), a.decodeCommand(),
		a.doctorCommand(), a.versionCommand(), a.manCommand(),
	)
	root.AddCommand(topics()...)
	a.completions(root)
	refuseUnknown(root)
	return root
}

// refuseUnknown makes cobra's own commands fail for a shell or topic that there is not: they print help and succeed.
func refuseUnknown(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "completion":
			cmd.Args = func(cmd *cobra.Command, args []string) error {
				return usage(cmd, fmt.Errorf("completion for which shell? bash, zsh, fish or powershell"))
			}
			cmd.RunE = func(cmd *cobra.Command, _ []string) error { return nil }
		case "help":
			cmd.Args = func(cmd *cobra.Command, args []string) error {
				if found, _, err := root.Find(args); err != nil || found == root && len(args) > 0 {
					return usage(root, fmt.Errorf("no help on %q", strings.Join(args, " ")))
				}
				return nil
			}
		}
	}
}

// prepare checks the flags that every command takes, before any of them acts.
func (a *app) prepare(cmd *cobra.Command) error {
	return a.openLog(cmd)
}

// noArgs refuses arguments; a word where a command belongs is most often a mistyped command.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if cmd.HasParent() {
		return usage(cmd, fmt.Errorf("unexpected argument %q", args[0]))
	}
	return usage(cmd, fmt.Errorf("unknown command %q", args[0]))
}
