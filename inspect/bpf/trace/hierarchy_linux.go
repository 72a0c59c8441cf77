package trace

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"

	"capview/inspect/bpf/load"
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

func hierarchyOf(root string) Hierarchy {
	text, err := os.ReadFile(filepath.Join(root, "self/mountinfo"))
	if err != nil {
		return Hierarchy{}
	}
	return parseHierarchy(string(text))
}

// HierarchyOf is the hierarchy that a Tracer's control group ids are of, by the mounts that this process sees.
func HierarchyOf(root string) Hierarchy { return hierarchyOf(root) }

// ID is the id of a control group by its path in the hierarchy (/proc/PID/cgroup).
func (h Hierarchy) ID(path string) (uint64, error) {
	if h.Mount == "" {
		return 0, fmt.Errorf("no control group hierarchy is mounted")
	}
	var st unix.Stat_t
	where := filepath.Join(h.Mount, filepath.Join("/", path))
	if err := unix.Lstat(where, &st); err != nil {
		return 0, fmt.Errorf("%s: %w", where, err)
	}
	return st.Ino, nil
}

// controller is the index of the controller in this kernel (enum cgroup_subsys_id); -1 for the unified hierarchy.
func (h Hierarchy) controller() (int32, error) {
	if h.Controller == "" {
		return -1, nil
	}
	kernel, err := btf.LoadKernelSpec()
	if err != nil {
		return 0, load.Refuse(err)
	}
	var ids *btf.Enum
	if err := kernel.TypeByName("cgroup_subsys_id", &ids); err != nil {
		return 0, load.Refuse(err)
	}
	for _, v := range ids.Values {
		if v.Name == h.Controller+"_cgrp_id" {
			return int32(v.Value), nil
		}
	}
	return -1, nil
}
