package proc

import (
	"bytes"
	"fmt"

	"capview/nsinfo"
	"capview/nsinfo/cgroup"
)

// splitCmdline parts the arguments of /proc/PID/cmdline (proc_pid_cmdline(5)): each ends with a NUL, but a process may
// have written anything over them.
func splitCmdline(text []byte) []string {
	text = bytes.TrimRight(text, "\x00")
	if len(text) == 0 {
		return []string{}
	}
	whole := string(text)
	args := make([]string, 0, bytes.Count(text, []byte{0})+1)
	for start, i := 0, 0; i <= len(whole); i++ {
		if i == len(whole) || whole[i] == 0 {
			args = append(args, whole[start:i])
			start = i + 1
		}
	}
	return args
}

// parseNSLink reads the inode of a link below /proc/PID/ns: "net:[4026531840]" (namespaces(7)).
func parseNSLink(link []byte, t nsinfo.Type) (uint64, error) {
	rest, ok := bytes.CutPrefix(link, []byte(t.String()+":["))
	if ok {
		var n uint64
		if n, rest, ok = number(rest); ok && string(rest) == "]" && n != 0 {
			return n, nil
		}
	}
	return 0, fmt.Errorf("ns/%s: %.40q is no namespace", t, link)
}

// chooseCgroup is the path of a cgroup file that says most of where the process belongs; "" where no line of the file
// is as the kernel writes it.
func chooseCgroup(text []byte) string {
	paths, _ := cgroup.Parse(text)
	return cgroup.Choose(paths)
}
