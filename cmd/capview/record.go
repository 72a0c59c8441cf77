package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"capview/inspect/bpf/trace"
	"capview/inspect/seccomp"
	"capview/inspect/seccomp/profile"
	"capview/inspect/snapshot"
)

const recordLong = `Record writes a seccomp profile of the system calls that processes make while it watches: what they called is allowed, all
else fails with EPERM. docker, podman, runc and crun take the profile.

A target is a PID or a container, as of 'capview trace'. It ends after --for, at ctrl-c or SIGTERM, or when every process
that it watched has ended, and then writes what was seen. The calls are kept in the kernel as sets of numbers: none is lost,
at any rate. Calls of i386 and x32 count for their own; a rule of a profile is for all its architectures, so what is
allowed on one because it was called on another is told.

--wait NAME is for a container that is yet to be started: everything is recorded from then on, by control group, and of it what
the container calls from its first program on is taken when it appears; --for counts from there. A container that ends
before capview has looked (a tenth of a second, more on a large node) is not found. What a nested control group called that
was gone at the end is missing.

Otherwise what a program called before the recording began is not in the profile. --exact leaves out, besides, what runtimes
themselves need to start it, and what any program may need to end.

--base FILE keeps to a profile: what it refuses stays refused though it was called, and what it allows for some arguments
keeps its conditions. --merge FILE adds what was called to a profile. --against FILE says what another profile allows that
was not called, and what it would refuse. Instead of FILE all of them take docker, containerd, podman or crio: the engine's default
profile. The filter in force is compared always.

-o here names the file that the profile is written to, "-" or nothing is standard output. It is readable by its owner alone; an existing file is left
alone unless --force is given; a symbolic link is never followed. Under sudo it belongs to the user who called sudo.`

// recording is record's own flags.
type recording struct {
	length               time.Duration
	pids                 []int
	out                  string
	force, exact         bool
	base, merge, against string
	wait                 string
}

// recorder is a running recorder of system calls.
type recorder interface {
	follower
	Read() ([]trace.Recorded, error)
	Lost() (calls, children, refusals uint64, err error)
	Stop() error
	Close() error
}

func (a *app) recordCommand() *cobra.Command {
	var r recording
	cmd := &cobra.Command{
		Use:   "record PID|CONTAINER...|--wait NAME",
		Short: "A seccomp profile of the system calls that are made",
		Long:  recordLong,
		Example: "  capview record web -o profile.json --for 10m\n" +
			"  capview record web -o profile.json --base docker\n" +
			"  capview record --wait web -o profile.json & docker run --name web IMAGE\n" +
			"  capview record 812 --merge profile.json -o profile.json --force",
		ValidArgsFunction: a.completeContainers,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.runRecord(cmd, &r, args) },
	}
	f := cmd.Flags()
	f.DurationVar(&r.length, "for", 0, "end after this `TIME` (\"30s\", \"5m\")")
	f.IntSliceVar(&r.pids, "pid", nil, "a process to watch: `PID,...`")
	f.StringVarP(&r.out, "output", "o", "-", "write the profile to `FILE`")
	f.BoolVar(&r.force, "force", false, "replace FILE where it exists")
	f.BoolVar(&r.exact, "exact", false, "only what was called: not what a start and an end need besides")
	f.StringVar(&r.base, "base", "", "keep to the profile in `FILE`")
	f.StringVar(&r.merge, "merge", "", "add to the profile in `FILE`")
	f.StringVar(&r.against, "against", "", "compare with the profile in `FILE`")
	f.StringVar(&r.wait, "wait", "", "record the container `NAME`, which is yet to be started")
	return cmd
}

func (a *app) runRecord(cmd *cobra.Command, r *recording, names []string) error {
	if err := refuse(cmd, "from"); err != nil {
		return err
	}
	for _, pid := range r.pids {
		names = append(names, strconv.Itoa(pid))
	}
	if err := a.checkRecord(cmd, r, names); err != nil {
		return err
	}
	given, err := a.readProfiles(r)
	if err != nil {
		return err
	}
	if r.out != "-" {
		a.needs |= writing
	}
	w, err := a.watch(cmd.Context(), names)
	if err != nil {
		return err
	}
	running, err := a.startRecorder(w, r.wait)
	var said *failure
	if errors.As(err, &said) {
		return err
	}
	if err != nil {
		return trouble("run 'sudo capview record'; see 'capview doctor'", "system calls cannot be recorded here: %w", err)
	}
	seen, err := a.recordUntil(cmd.Context(), r, w, running)
	if err = errors.Join(err, running.Close()); err != nil {
		return err
	}
	return a.writeRecorded(r, w, given, seen)
}

func (a *app) startRecorder(w *watched, wait string) (recorder, error) {
	if wait != "" {
		return a.awaiting(w, wait)
	}
	return newRecorder(w.targets())
}

// checkRecord refuses what cannot be meant, and an output that cannot be written, before anything is recorded.
func (a *app) checkRecord(cmd *cobra.Command, r *recording, names []string) error {
	switch {
	case r.length < 0:
		return usage(cmd, fmt.Errorf("--for %s: want a time that is not negative", r.length))
	case r.wait != "" && (len(names) > 0 || a.flags.container != "" || a.flags.filter != ""):
		return usage(cmd, errors.New("--wait has its own target: leave the others out"))
	case r.wait == "" && len(names) == 0 && a.flags.container == "" && a.flags.filter == "":
		return usage(cmd, errors.New("whose system calls? name a PID or a container, or give --filter"))
	case slices.Contains(outputs, r.out):
		return usage(cmd, fmt.Errorf("-o %s: of record it names the file to write; one of that name is ./%s", r.out, r.out))
	case r.out == "-":
		return nil
	}
	return a.createTrouble(snapshot.CanCreate(r.out, a.createOptions(r)), r.force)
}

func (a *app) createOptions(r *recording) snapshot.CreateOptions {
	uid, gid := a.sudoUser()
	return snapshot.CreateOptions{Force: r.force, UID: uid, GID: gid}
}

// createTrouble is why a file could not be written, nil where it could.
func (a *app) createTrouble(err error, force bool) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrExist) && !force:
		return trouble("choose another name, or replace it with --force", "%w", err)
	}
	return trouble("", "%w", err)
}

// recordedUse is what was recorded of a target, and how well.
type recordedUse struct {
	profile.Use
	refused                   []trace.RefusedCall
	calls, children, refusals uint64  // lost
	force                     inForce // when it began
}

// recordUntil records until the time is over, a signal comes or what is watched has ended.
func (a *app) recordUntil(ctx context.Context, r *recording, w *watched, running recorder) (*recordedUse, error) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	if r.wait != "" {
		if err := w.await(ctx, r.wait); err != nil {
			return nil, err
		}
	} else if err := w.catchUp(ctx, running); err != nil {
		return nil, err
	}
	if r.length > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.length)
		defer cancel()
	}
	w.since = a.now()
	force := w.inForce()
	a.complain("recording " + joined(w.told) + "; ctrl-c ends it")
	if err := w.tend(ctx, running); err != nil {
		a.complain(err.Error())
	}
	w.until = a.now()
	if r.wait != "" {
		w.nested()
	}
	err := running.Stop()
	list, failed := running.Read()
	if err = errors.Join(err, failed); err != nil {
		return nil, trouble("", "cannot read what was recorded: %w", err)
	}
	seen := &recordedUse{force: force, Use: profile.Use{Calls: map[seccomp.Arch][]uint32{}, Blocked: map[seccomp.Arch][]uint32{}}}
	for _, one := range list {
		seen.Calls, seen.Blocked, seen.refused = one.Calls, one.Blocked, one.Refused
	}
	seen.calls, seen.children, seen.refusals, err = running.Lost()
	return seen, err
}

// writeRecorded makes the profile, writes it, and says what it is of.
func (a *app) writeRecorded(r *recording, w *watched, given *givenProfiles, seen *recordedUse) error {
	native, in := w.machine()
	in.Arch = native
	o := profile.RecordOptions{Native: native, Base: given.base, In: in, Exact: r.exact}
	made, err := profile.FromUse(&seen.Use, o)
	if err != nil {
		return trouble("", "--base %s: %w", r.base, err)
	}
	told := recordReport{app: a, w: w, seen: seen, made: made, native: native}
	result := made.Profile
	if given.merge != nil {
		result = given.merge
		var notes []profile.Note
		if told.added, notes, err = result.Merge(made, o); err != nil {
			return trouble("", "--merge %s: %w", r.merge, err)
		}
		told.merged, made.Notes = r.merge, append(made.Notes, notes...)
	}
	text, err := result.JSON()
	if err != nil {
		return err
	}
	if r.out == "-" {
		a.out.Write(text)
	} else {
		done := holdSignals()
		told.file, err = snapshot.CreateFile(r.out, a.createOptions(r), func(out io.Writer) error {
			_, err := out.Write(text)
			return err
		})
		done()
		if err != nil {
			return a.createTrouble(err, r.force)
		}
	}
	return told.write(r, given, o)
}
