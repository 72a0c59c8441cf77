package trace

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"

	"capview/inspect/bpf/load"
)

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
