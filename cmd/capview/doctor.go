package main

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/nsinfo"
	"capview/nsinfo/runtimes"
	"capview/ui/view"
)

const doctorLong = `Doctor says what this node, its kernel and this user let capview see, why not the rest, and how to get it.

With --from it says what the snapshot lacks. Exit status: 0 where everything could be read, 1 where something is missing.`

// finding is one thing that doctor looked at.
type finding struct {
	Check  string `json:"check"`
	Status status `json:"status"`
	Found  string `json:"found"`
	Advice string `json:"advice,omitempty"`
}

// status is what a finding means.
type status string

// A missing thing hides facts; a note explains what is shown.
const (
	statusOK      status = "ok"
	statusNote    status = "note"
	statusMissing status = "missing"
)

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "What can be read here, and how to get the rest",
		Long:  doctorLong,
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.runDoctor(cmd) },
	}
}

func (a *app) runDoctor(cmd *cobra.Command) error {
	if err := refuse(cmd, "filter", "container"); err != nil {
		return err
	}
	form, err := a.form(cmd, "table", "json", "ndjson")
	if err != nil {
		return err
	}
	a.needs = watching
	ix, live, err := a.index(cmd.Context(), false)
	if err != nil {
		return err
	}
	findings := hostFindings(ix.Host)
	if live == nil {
		findings = append(findings, finding{"engine", statusNote, ix.Host.Engine, ""})
	} else {
		findings = append(findings, engineFindings(live.Engine())...)
		findings = append(findings, watchFindings(live.Reader())...)
		findings = append(findings, readerFindings(live.Reader())...)
		findings = append(findings, nameFindings(live.Names())...)
	}
	findings = append(findings, coverage(ix)...)
	if err := a.writeFindings(form, findings); err != nil {
		return err
	}
	if slices.ContainsFunc(findings, func(f finding) bool { return f.Status == statusMissing }) {
		return answer(exitNo)
	}
	return nil
}

func hostFindings(h inspect.Host) []finding {
	last := finding{"capabilities", statusOK, fmt.Sprintf("%d, up to %s", int(h.CapLastCap)+1, h.CapLastCap), ""}
	if h.CapLastCap > caps.Last {
		last.Status, last.Advice = statusNote, "this capview has no names for those above "+caps.Last.String()
	}
	groups := finding{"cgroups", statusOK, h.CgroupMode, ""}
	if h.CgroupMode == "unavailable" {
		groups.Status, groups.Advice = statusMissing, "containers are told by their user namespace alone"
	}
	return []finding{{"kernel", statusOK, h.Kernel, ""}, last, groups}
}

// engineFindings is how the node is read: with the bpf engine, nothing that procfs lacks is missing.
func engineFindings(e engineState) []finding {
	f := finding{"engine", statusNote, e.Name, "securebits and the programs of seccomp filters are not shown: procfs does not have them"}
	switch {
	case e.Name != "procfs":
		f.Status, f.Found, f.Advice = statusOK, e.Name+": the kernel's own view of every thread", ""
	case e.Why != "":
		f.Status, f.Found = statusMissing, "procfs; the bpf engine cannot be had: "+e.Why
		f.Advice += "; " + howToGet
	}
	fs := []finding{f}
	for _, p := range e.Parts {
		if p.Why != "" {
			fs = append(fs, finding{e.Name + " " + p.Name, statusNote, p.Why, "procfs tells instead, where it can"})
		}
	}
	return fs
}

func readerFindings(r reader) []finding {
	fs := []finding{{"user", statusOK, "uid " + strconv.Itoa(r.UID), ""}, privilege(r), hidden(r)}
	for _, ns := range []struct {
		kind   nsinfo.Type
		advice string
	}{
		{nsinfo.PID, "only processes of this pid namespace are seen: run capview on the node, or with its pid namespace"},
		{nsinfo.UserNS, "ids are as this user namespace numbers them, and no capability of yours counts outside it"},
		{nsinfo.CgroupNS, "cgroup paths are relative to this one: containers around capview itself are not named"},
	} {
		fs = append(fs, initial(r, ns.kind, ns.advice))
	}
	if n, ok := r.NoFile.Get(); ok {
		fs = append(fs, finding{"open files", statusOK, fmt.Sprintf("at most %d", n), ""})
	}
	if r.BTF {
		return append(fs, finding{"btf", statusOK, "the kernel describes its types", ""})
	}
	return append(fs, finding{"btf", statusNote, "/sys/kernel/btf/vmlinux is not there", ""})
}

// nameFindings is each place that containers' names were looked for in; those that are not there are not wanting.
func nameFindings(sources []runtimes.SourceReport) (fs []finding) {
	for _, s := range sources {
		f := finding{s.Runtime, statusOK, fmt.Sprintf("%d containers in %s", s.Count, s.Path), ""}
		switch s.State {
		case runtimes.SourceAbsent:
			continue
		case runtimes.SourceFailed, runtimes.SourceWaiting:
			f.Status, f.Found = statusMissing, s.Path+": "+s.Why
		}
		fs = append(fs, f)
	}
	return fs
}

func privilege(r reader) finding {
	f := finding{Check: "privilege", Status: statusOK}
	lacks := r.missing()
	if lacks == 0 {
		f.Found = "holds " + r.Effective.Or(0).Names()
		return f
	}
	f.Status, f.Found, f.Advice = statusMissing, "lacks "+lacks.Names(), howToGet
	return f
}

func hidden(r reader) finding {
	f := finding{Check: "/proc", Status: statusOK, Found: "hides no process"}
	m, ok := r.Proc.Get()
	switch {
	case !ok:
		f.Status, f.Found = statusNote, "its mount options could not be read"
	case m.Subset == "pid":
		f.Status, f.Found = statusMissing, "mounted with subset=pid"
		f.Advice = "what is not of a process (cap_last_cap, boot id) cannot be read: mount it without"
	case m.hides() && r.missing() != 0:
		f.Status, f.Found, f.Advice = statusMissing, "mounted with hidepid="+m.HidePID, howToGet
		if m.GID != "" {
			f.Advice = "join group " + m.GID + ", or " + howToGet
		}
	case m.hides():
		f.Found = "mounted with hidepid=" + m.HidePID + ", which " + caps.SysPtrace.String() + " overrides"
	}
	return f
}

func initial(r reader, kind nsinfo.Type, advice string) finding {
	f := finding{Check: kind.String() + " namespace", Status: statusOK, Found: "the node's"}
	switch is, known := r.Initial[kind].Get(); {
	case !known:
		f.Status, f.Found = statusNote, "could not be read"
	case !is:
		f.Status, f.Found, f.Advice = statusMissing, "a private one", advice
	}
	return f
}

func (a *app) writeFindings(form string, fs []finding) error {
	switch form {
	case "json":
		return writeJSON(a.out, fs)
	case "ndjson":
		return writeLines(a.out, fs)
	}
	wide := 0
	for _, f := range fs {
		wide = max(wide, len(f.Check))
	}
	for _, f := range fs {
		fmt.Fprintf(a.out, "%-7s  %-*s  %s\n", f.Status, wide, view.Clean(f.Check), view.Clean(f.Found))
		if f.Advice != "" {
			fmt.Fprintf(a.out, "%-7s  %-*s  %s\n", "", wide, "", view.Clean(f.Advice))
		}
	}
	return nil
}
