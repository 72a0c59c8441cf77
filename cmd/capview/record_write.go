package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"capview/inspect/seccomp"
	"capview/inspect/seccomp/profile"
	"capview/ui/view"
)

// recordReport tells, on standard error, what a profile is of.
type recordReport struct {
	app    *app
	w      *watched
	seen   *recordedUse
	made   *profile.Recorded
	native seccomp.Arch
	file   string // "" standard output
	merged string // the file that was added to
	added  []string
}

func (t *recordReport) say(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	width := t.app.width()
	if width > 0 {
		width = max(width-2, 20)
	}
	for i, line := range view.Wrap(view.Clean(text), width) {
		if i > 0 {
			line = "  " + line
		}
		fmt.Fprintln(t.app.stderr, line)
	}
}

func (t *recordReport) write(r *recording, given *givenProfiles, o profile.RecordOptions) error {
	if t.file != "" {
		t.say("written: %s", t.file)
	}
	t.say("recorded: %s for %s", joined(t.w.told), t.w.until.Sub(t.w.since).Round(time.Millisecond))
	t.calls()
	t.lost(r.wait != "")
	if t.merged != "" {
		t.say("added to %s: %s", t.merged, orNone(t.added))
	}
	if r.wait != "" {
		t.say("seen: from the first program on that was executed in its control group")
	} else {
		t.say("not seen: what was called before the recording began, as at the start of the program")
	}
	if len(t.made.Start) > 0 {
		t.say("added for a start and an end: %s", strings.Join(t.made.Start, ", "))
	}
	t.notes()
	t.refused()
	t.compare("the filter in force", t.inForce())
	if given.against != nil {
		oci, err := given.against.Resolve(o.In)
		if err != nil {
			return trouble("", "--against %s: %w", r.against, err)
		}
		model, err := oci.Filter(t.native, profile.Runtime{Library: profile.Newest})
		if err != nil {
			return trouble("", "--against %s: %w", r.against, err)
		}
		t.compare(r.against, model)
	}
	return nil
}

// calls is how many system calls there were of each ABI.
func (t *recordReport) calls() {
	var parts []string
	for arch := range seccomp.Arches {
		if n := len(t.seen.Calls[arch]); n > 0 {
			parts = append(parts, fmt.Sprintf("%d of %s", n, arch))
		}
	}
	t.say("system calls: %s", orNone(parts))
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

func (t *recordReport) lost(waited bool) {
	if t.seen.calls > 0 {
		t.say("lost: %d calls, of numbers beyond those that are told apart or not shown by the kernel: the profile may lack something", t.seen.calls)
	}
	switch n := t.seen.children; {
	case n > 0 && waited:
		t.say("lost: %d calls in control groups beyond those that can be told apart: the profile may lack something", n)
	case n > 0:
		t.say("lost: %d children were not followed: the profile may lack what they called", n)
	}
}

// notes is where the profile is not what was called, those of one cause together.
func (t *recordReport) notes() {
	var whys []string
	names := map[string][]string{}
	for _, n := range t.made.Notes {
		key := n.Arch.String() + ": " + n.Why
		if !slices.Contains(whys, key) {
			whys = append(whys, key)
		}
		if n.Name != "" {
			names[key] = append(names[key], n.Name)
		}
	}
	for _, why := range whys {
		if list := names[why]; len(list) > 0 {
			t.say("note: %s: %s", why, strings.Join(list, ", "))
		} else {
			t.say("note: %s", why)
		}
	}
}

// refused is what returned EPERM, EACCES or ENOSYS, and what filters kept from the kernel.
func (t *recordReport) refused() {
	var parts []string
	for _, call := range t.seen.refused {
		by := ""
		if slices.Contains(t.seen.Blocked[call.Arch], call.Number) {
			by = " by a filter"
		}
		parts = append(parts, fmt.Sprintf("%s (%s %d times%s)", t.name(call.Arch, call.Number), seccomp.ErrnoName(uint16(call.Errno)), call.Count, by))
	}
	if len(parts) > 0 {
		t.say("refused: %s", strings.Join(parts, ", "))
	}
	if t.seen.refusals > 0 {
		t.say("refused: and %d more that were not counted each", t.seen.refusals)
	}
}

// name is a system call's, with its ABI where that is not the native one.
func (t *recordReport) name(arch seccomp.Arch, nr uint32) string {
	if arch == t.native {
		return callName(arch, nr)
	}
	return arch.String() + " " + callName(arch, nr)
}

// inForce is the filters of the target, nil where it has none. Where all have ended, those of the beginning.
func (t *recordReport) inForce() profile.Decider {
	f := t.w.inForce()
	if f.of == nil && t.seen.force.of != nil {
		f = t.seen.force
	}
	switch {
	case f.of != nil && f.others > 0:
		t.say("the filter in force: that of process %d (%s); %d others have other filters", f.of.PID, f.of.Comm, f.others)
	case f.of != nil:
	case f.hidden > 0:
		t.say("the filter in force: it could not be read; see 'capview doctor'")
		return nil
	case f.looked+t.seen.force.looked == 0:
		t.say("the filter in force: the processes had ended before it was looked for")
		return nil
	default:
		t.say("the filter in force: none")
		return nil
	}
	return f.stack
}

// compare says what a decider allows that was not called, and what it would refuse.
func (t *recordReport) compare(name string, d profile.Decider) {
	if d == nil {
		return
	}
	arches := profile.Family(t.native)
	usage := profile.CompareUse(d, &t.seen.Use, arches)
	for _, arch := range arches {
		switch list := usage.Unused[arch]; {
		case len(list) == 0:
		case len(t.seen.Calls[arch]) == 0:
			t.say("%s allows and was never used: %d of %s, of which there were no calls at all", name, len(list), arch)
		default:
			t.say("%s allows and was never used: %d of %s: %s", name, len(list), arch, joined(list))
		}
		if list := usage.Refuses[arch]; len(list) > 0 {
			t.say("%s refuses and was called, of %s: %s", name, arch, strings.Join(list, ", "))
		}
		if list := usage.Depends[arch]; len(list) > 0 {
			t.say("%s refuses for some arguments and was called, of %s: %s", name, arch, strings.Join(list, ", "))
		}
	}
}
