package main

import (
	"strings"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/nsinfo"
)

// reader is the one who reads the node: what the kernel lets this process see of others.
type reader struct {
	UID       int
	Effective inspect.Opt[caps.Set]
	Proc      inspect.Opt[procMount]
	// Initial tells of each namespace type whether this process is in the node's initial one.
	Initial map[nsinfo.Type]inspect.Opt[bool]
	NoFile  inspect.Opt[uint64] // RLIMIT_NOFILE, soft
	BTF     bool                // the kernel describes its types (/sys/kernel/btf/vmlinux)
}

// procMount is the options of a proc mount that hide processes (proc(5), "Mount options").
type procMount struct {
	HidePID string // "", or "1", "2", "4", "noaccess", "invisible", "ptraceable"
	GID     string // the group that hidepid does not hide from
	Subset  string // "pid": only process directories are there
}

// wanted is what reading every process takes: another user's namespaces and executable need PTRACE_MODE_READ (ptrace(2),
// "Ptrace access mode checking"), and so does every file of theirs under hidepid. It is enough: nothing of theirs is opened
// by a path that file modes could close.
var wanted = caps.Of(caps.SysPtrace)

// howToGet is how to give capview what it lacks.
const howToGet = "run 'sudo capview', or once: sudo setcap " +
	"cap_bpf,cap_perfmon,cap_sys_ptrace,cap_dac_read_search+ep $(command -v capview)"

// missing is the capabilities this process would need to read every process; 0 where it has them.
func (r reader) missing() caps.Set {
	held, ok := r.Effective.Get()
	if !ok {
		return wanted
	}
	return wanted &^ held
}

// notice is one line on what is not seen for want of privilege, and how to get it; "" where nothing is wanting. It fits
// a line of 80 cells.
func (r reader) notice() string {
	if r.missing() == 0 {
		return ""
	}
	who, how := "not root", "; run 'sudo capview'"
	if r.UID == 0 {
		who, how = "no "+strings.ToUpper(caps.SysPtrace.String()), " (capview doctor)"
	}
	what := "others' namespaces, exe, file caps unknown"
	if m, ok := r.Proc.Get(); ok && m.hides() {
		what = "others' processes hidden (hidepid=" + m.HidePID + ")"
	}
	return who + ": " + what + how
}

// hides tells whether the mount hides other users' processes from those without privilege.
func (m procMount) hides() bool { return m.HidePID != "" && m.HidePID != "0" && m.HidePID != "off" }

// notice says on standard error what this reader cannot see. A snapshot tells of its own gaps.
func (a *app) notice(live node) {
	if live == nil {
		return
	}
	if text := live.Reader().notice(); text != "" {
		a.complain(text)
	}
}

// parseProcMount finds the last mount on root in the text of mountinfo (proc_pid_mountinfo(5)) and reads its options:
// hidepid and the others are options of the super block, the fields after " - ".
func parseProcMount(mountinfo, root string) (procMount, bool) {
	var m procMount
	found := false
	for line := range strings.Lines(mountinfo) {
		mount, super, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " - ")
		fields, tail := strings.Fields(mount), strings.Fields(super)
		if !ok || len(fields) < 6 || len(tail) < 3 || fields[4] != root {
			continue
		}
		found, m = true, procMount{}
		if tail[0] != "proc" {
			continue
		}
		for option := range strings.SplitSeq(tail[2], ",") {
			name, value, _ := strings.Cut(option, "=")
			switch name {
			case "hidepid":
				m.HidePID = value
			case "gid":
				m.GID = value
			case "subset":
				m.Subset = value
			}
		}
	}
	return m, found
}
