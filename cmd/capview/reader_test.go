package main

import (
	"strings"
	"testing"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/ui/view"
)

func TestParseProcMount(t *testing.T) {
	const other = "23 28 0:21 / /sys rw,nosuid - sysfs sysfs rw\n"
	for _, c := range []struct {
		name, mountinfo string
		want            procMount
		found           bool
	}{
		{"plain", other + "22 28 0:20 / /proc rw,nosuid shared:5 - proc proc rw\n", procMount{}, true},
		{"hidepid", "22 28 0:20 / /proc rw - proc proc rw,gid=27,hidepid=invisible\n", procMount{HidePID: "invisible", GID: "27"}, true},
		{"subset", "22 28 0:20 / /proc rw - proc proc rw,hidepid=4,subset=pid", procMount{HidePID: "4", Subset: "pid"}, true},
		{"mounted over", "22 28 0:20 / /proc rw - proc proc rw,hidepid=2\n99 22 0:40 / /proc rw - proc none rw\n", procMount{}, true},
		{"elsewhere", "22 28 0:20 / /mnt/proc rw - proc proc rw,hidepid=2\n", procMount{}, false},
		{"cut short", "22 28 0:20 / /proc rw - proc\n/proc\n - \n\n", procMount{}, false},
		{"nothing", "", procMount{}, false},
	} {
		if got, found := parseProcMount(c.mountinfo, "/proc"); got != c.want || found != c.found {
			t.Errorf("%s: %+v %v, want %+v %v", c.name, got, found, c.want, c.found)
		}
	}
}

func FuzzParseProcMount(f *testing.F) {
	f.Add("22 28 0:20 / /proc rw,nosuid shared:5 - proc proc rw,hidepid=2,gid=27\n")
	f.Add("22 28 0:20 / /proc rw - proc\n - \n")
	f.Fuzz(func(t *testing.T, text string) {
		m, found := parseProcMount(text, "/proc")
		if !found && m != (procMount{}) {
			t.Errorf("not found, but %+v", m)
		}
		if found && !strings.Contains(text, "/proc") {
			t.Error("found where it is not")
		}
	})
}

func TestNotice(t *testing.T) {
	hidden := inspect.Some(procMount{HidePID: "ptraceable"})
	for _, c := range []struct {
		name string
		r    reader
		want string // part of it; "": there is none
	}{
		{"root", reader{Effective: inspect.Some(caps.Full(caps.Last)), Proc: hidden}, ""},
		{"what it takes", reader{Effective: inspect.Some(wanted)}, ""},
		{"root of a container", reader{Effective: inspect.Some(caps.Set(0))}, "no CAP_SYS_PTRACE: "},
		{"nobody", reader{UID: 65534, Effective: inspect.Some(caps.Set(0))}, "sudo capview"},
		{"nobody, hidden from", reader{UID: 65534, Effective: inspect.Some(caps.Set(0)), Proc: hidden}, "hidepid=ptraceable"},
		{"unknown", reader{}, "namespaces"},
	} {
		got := c.r.notice()
		if view.Width(got) > 78 {
			t.Errorf("%s: %q does not fit 80 cells after the space before it", c.name, got)
		}
		if c.want == "" && got != "" || !strings.Contains(got, c.want) || strings.Contains(got, "\n") {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestReaderFindings(t *testing.T) {
	nobody := reader{UID: 65534, Effective: inspect.Some(caps.Set(0)), Proc: inspect.Some(procMount{HidePID: "invisible", GID: "27"})}
	text := map[string]finding{}
	for _, f := range readerFindings(nobody) {
		text[f.Check] = f
	}
	if f := text["privilege"]; f.Status != statusMissing || f.Found != "lacks "+wanted.Names() || !strings.Contains(f.Advice, "setcap") {
		t.Errorf("%+v", f)
	}
	if f := text["/proc"]; f.Status != statusMissing || !strings.Contains(f.Found, "hidepid=invisible") || !strings.HasPrefix(f.Advice, "join group 27") {
		t.Errorf("%+v", f)
	}
	if f := text["pid namespace"]; f.Status != statusNote {
		t.Errorf("what could not be read is not missing: %+v", f)
	}
}
