package trace

import (
	"slices"
	"strings"
)

// Hierarchy is the control group hierarchy whose ids tell containers apart.
type Hierarchy struct {
	Controller string // of a hybrid or legacy node; "" is the unified hierarchy
	Mount      string // where it is mounted; "" where it is not
}

// telling is the controllers of which a runtime makes a group for every container, the most telling first.
var telling = []string{"memory", "pids", "cpu", "devices", "freezer", "cpuset"}

// parseHierarchy finds it in the text of mountinfo (proc_pid_mountinfo(5)): a node with version 1 of the controllers has
// its containers there.
func parseHierarchy(mountinfo string) Hierarchy {
	var unified Hierarchy
	byController := map[string]string{}
	for line := range strings.Lines(mountinfo) {
		mount, super, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " - ")
		fields, tail := strings.Fields(mount), strings.Fields(super)
		if len(fields) < 6 || len(tail) < 3 {
			continue
		}
		switch tail[0] {
		case "cgroup2":
			unified.Mount = fields[4]
		case "cgroup":
			for option := range strings.SplitSeq(tail[2], ",") {
				if slices.Contains(telling, option) {
					byController[option] = fields[4]
				}
			}
		}
	}
	for _, c := range telling {
		if mount, ok := byController[c]; ok {
			return Hierarchy{c, mount}
		}
	}
	return unified
}
