package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"capview/ui/view"
)

// The exit statuses.
const (
	exitYes     = 0 // yes, same, done
	exitNo      = 1 // no, differs
	exitTrouble = 2
	exitUnknown = 3 // cannot tell
)

// failure is an error with the exit status it leads to and a hint for the reader. Without an error it is only a
// status: a command that ran well and whose answer is "no".
type failure struct {
	code int
	err  error
	hint string // lines, or ""
}

func (f *failure) Error() string {
	if f.err == nil {
		return fmt.Sprintf("exit status %d", f.code)
	}
	return f.err.Error()
}

func (f *failure) Unwrap() error { return f.err }

// trouble is a failure with exit status 2.
func trouble(hint, format string, args ...any) error {
	return &failure{code: exitTrouble, err: fmt.Errorf(format, args...), hint: hint}
}

// usage is trouble with how the command was called.
func usage(cmd *cobra.Command, err error) error {
	return &failure{code: exitTrouble, err: err, hint: fmt.Sprintf("see '%s --help'", cmd.CommandPath())}
}

// answer is an exit status without an error.
func answer(code int) error {
	if code == exitYes {
		return nil
	}
	return &failure{code: code}
}

// cause is what the system said, without the operation and path that the caller words itself.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return link.Err
	}
	return err
}

// report writes err as one line, and its hint below, and returns the exit status. Errors quote what others named:
// processes, containers, files. So they are sanitised here.
func (a *app) report(err error) int {
	if err == nil {
		return exitYes
	}
	f := &failure{code: exitTrouble, err: err}
	errors.As(err, &f)
	if errors.Is(err, context.Canceled) {
		f = &failure{code: exitTrouble, err: errors.New("interrupted")}
	}
	if f.err == nil {
		return f.code
	}
	a.log.Error(f.err.Error())
	a.complain(f.err.Error())
	for line := range strings.Lines(f.hint) {
		fmt.Fprintf(a.stderr, "  %s\n", view.Clean(strings.TrimSuffix(line, "\n")))
	}
	return f.code
}

// complain writes one line to standard error.
func (a *app) complain(text string) {
	fmt.Fprintf(a.stderr, "capview: %s\n", view.Clean(text))
}
