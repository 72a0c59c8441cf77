package trace

import (
	"strconv"
	"strings"
)

// mapping is a line of /proc/PID/maps (proc_pid_maps(5)).
type mapping struct {
	from, to uint64
	offset   uint64 // in the file
	device   string
	inode    uint64
	path     string // "" where it is no file's
}

// parseMaps reads the mappings of files; lines that are not understood, as the last of a text that was cut, are left out.
func parseMaps(text string) (list []mapping) {
	for line := range strings.Lines(text) {
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 6)
		if len(fields) < 6 {
			continue
		}
		first, last, _ := strings.Cut(fields[0], "-")
		var m mapping
		var errs [4]error
		m.from, errs[0] = strconv.ParseUint(first, 16, 64)
		m.to, errs[1] = strconv.ParseUint(last, 16, 64)
		m.offset, errs[2] = strconv.ParseUint(fields[2], 16, 64)
		m.inode, errs[3] = strconv.ParseUint(fields[4], 10, 64)
		m.device, m.path = fields[3], strings.TrimLeft(fields[5], " ")
		if errs == [4]error{} && m.inode != 0 && strings.HasPrefix(m.path, "/") && m.to > m.from {
			list = append(list, m)
		}
	}
	return list
}
