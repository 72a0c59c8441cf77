//go:build linux

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
)

// facts is what is known of a process or thread, by name and as text; "?" is what could not be read.
type facts map[string]string

const unreadable = "?"

var namespaces = []string{"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"}

// kernelFacts reads a process as proc(5) describes it; false where there is none.
func kernelFacts(pid int) (facts, bool) {
	dir := fmt.Sprintf("/proc/%d", pid)
	f := statusFacts(dir)
	stat, err := os.ReadFile(dir + "/stat")
	if f == nil || err != nil {
		return nil, false
	}
	// The second field is the comm in parentheses, whatever it holds; the rest has no parenthesis.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	f["ppid"], f["start_time"] = fields[1], fields[19]
	f["exe"] = link(dir + "/exe")
	f["cmdline"] = cmdline(dir)
	for _, ns := range namespaces {
		f["ns "+ns] = inode(dir + "/ns/" + ns)
	}
	return f, true
}

// statusFacts reads the lines of a status file; nil where there is none.
func statusFacts(dir string) facts {
	text, err := os.ReadFile(dir + "/status")
	if err != nil {
		return nil
	}
	names := map[string]string{
		"Name": "comm", "Threads": "threads", "Uid": "uid", "Gid": "gid", "Groups": "groups",
		"CapInh": "inheritable", "CapPrm": "permitted", "CapEff": "effective", "CapBnd": "bounding", "CapAmb": "ambient",
		"NoNewPrivs": "no_new_privs", "Seccomp": "seccomp", "Seccomp_filters": "filters",
	}
	f := facts{}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(line, ":")
		if name := names[key]; name != "" {
			f[name] = strings.Join(strings.Fields(value), " ")
		}
		if key == "Name" {
			f["comm"] = unescape(strings.TrimSuffix(strings.TrimPrefix(value, "\t"), "\n"))
		}
	}
	return f
}

// unescape undoes what the kernel does to line breaks and backslashes in Name.
func unescape(name string) string {
	return asJSON(strings.NewReplacer(`\\`, `\`, `\n`, "\n").Replace(name))
}

// asJSON is text after its way through JSON, which has no bytes that are not UTF-8.
func asJSON(text string) string {
	b, _ := json.Marshal(text)
	var back string
	json.Unmarshal(b, &back)
	return back
}

// link reads a link; a kernel thread's and a zombie's exe leads nowhere.
func link(path string) string {
	target, err := os.Readlink(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ""
	case err != nil:
		return unreadable
	}
	return asJSON(target)
}

func inode(path string) string {
	target, err := os.Readlink(path)
	if err != nil {
		return unreadable
	}
	_, number, _ := strings.Cut(target, ":[")
	return strings.TrimSuffix(number, "]")
}

// cmdline joins the arguments by line breaks. NULs at the end may be empty arguments or what a process that names
// itself left behind: they do not count.
func cmdline(dir string) string {
	text, err := os.ReadFile(dir + "/cmdline")
	if err != nil {
		return unreadable
	}
	return asJSON(strings.ReplaceAll(strings.TrimRight(string(text), "\x00"), "\x00", "\n"))
}

// facts is what capview says of a process, in the same words.
func (p process) facts() facts {
	f := p.credentials.facts()
	f["start_time"], f["ppid"] = strconv.FormatUint(p.StartTime, 10), strconv.Itoa(p.PPID)
	f["comm"], f["threads"] = p.Comm, strconv.Itoa(p.ThreadCount)
	f["uid"], f["gid"] = p.UID.text(), p.GID.text()
	f["groups"], f["exe"], f["cmdline"] = unreadable, unreadable, unreadable
	if p.Groups != nil {
		f["groups"] = strings.Trim(fmt.Sprint(*p.Groups), "[]")
	}
	if p.Exe != nil {
		f["exe"] = *p.Exe
	}
	if p.Cmdline != nil {
		f["cmdline"] = strings.Join(*p.Cmdline, "\n")
	}
	for _, ns := range namespaces {
		f["ns "+ns] = unreadable
		if number := p.Namespaces[ns]; number != nil {
			f["ns "+ns] = strconv.FormatUint(*number, 10)
		}
	}
	return f
}

func (i *ids) text() string {
	if i == nil {
		return unreadable
	}
	return fmt.Sprintf("%d %d %d %d", i.Real, i.Effective, i.Saved, i.FS)
}

func (c credentials) facts() facts {
	f := facts{"no_new_privs": unreadable, "seccomp": unreadable, "filters": unreadable}
	for _, set := range []string{"inheritable", "permitted", "effective", "bounding", "ambient"} {
		f[set] = unreadable
	}
	if c.Caps != nil {
		f["inheritable"], f["permitted"], f["effective"] = c.Caps.Inheritable, c.Caps.Permitted, c.Caps.Effective
		f["bounding"], f["ambient"] = c.Caps.Bounding, c.Caps.Ambient
	}
	if c.NoNewPrivs != nil {
		f["no_new_privs"] = "0"
		if *c.NoNewPrivs {
			f["no_new_privs"] = "1"
		}
	}
	if c.Seccomp != nil {
		f["seccomp"] = strconv.Itoa(slices.Index([]string{"disabled", "strict", "filter", "dead"}, c.Seccomp.Mode))
		if c.Seccomp.Filters != nil {
			f["filters"] = strconv.Itoa(*c.Seccomp.Filters)
		}
	}
	return f
}
