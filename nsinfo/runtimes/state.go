package runtimes

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/nsinfo"
)

// state is what runc or crun keep of a running container: which process is its first.
type state struct {
	runtime string
	id      string
	pid     int
	start   uint64   // clock ticks since boot
	cgroups []string // as paths below the hierarchies' mounts, or below their root
	bundle  string
	spec    inspect.Declared // what of it the state repeats; zero for crun
	claimed bool
	owner   uint32 // of the file
	source  string
}

// parseRunc reads runc's state.json (libcontainer's State).
func parseRunc(b []byte) (state, error) {
	var s struct {
		ID      string            `json:"id"`
		PID     int               `json:"init_process_pid"`
		Start   uint64            `json:"init_process_start"`
		Cgroups map[string]string `json:"cgroup_paths"`
		Config  struct {
			Labels       []string `json:"labels"`
			Capabilities *struct {
				Bounding, Effective, Inheritable, Permitted, Ambient []string
			} `json:"capabilities"`
			NoNewPrivileges bool `json:"no_new_privileges"`
			Seccomp         *struct {
				DefaultAction int `json:"default_action"`
			} `json:"seccomp"`
			Namespaces []struct {
				Type string `json:"type"`
				Path string `json:"path"`
			} `json:"namespaces"`
			UIDMappings []runcMapping `json:"uid_mappings"`
			GIDMappings []runcMapping `json:"gid_mappings"`
		} `json:"config"`
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return state{}, fmt.Errorf("not runc's state: %w", err)
	}
	if s.ID == "" || s.PID <= 0 {
		return state{}, fmt.Errorf("not runc's state: no id or no init_process_pid")
	}
	st := state{runtime: "runc", id: s.ID, pid: s.PID, start: s.Start}
	for _, path := range s.Cgroups {
		if !slices.Contains(st.cgroups, path) {
			st.cgroups = append(st.cgroups, path)
		}
	}
	slices.Sort(st.cgroups)
	for _, l := range s.Config.Labels {
		if bundle, ok := strings.CutPrefix(l, "bundle="); ok {
			st.bundle = bundle
		}
	}
	d := &st.spec
	d.NoNewPrivs = inspect.Some(s.Config.NoNewPrivileges)
	d.Seccomp = inspect.Some("none")
	if s.Config.Seccomp != nil {
		d.Seccomp = inspect.Some("profile")
	}
	if c := s.Config.Capabilities; c != nil {
		d.Caps = inspect.Some(caps.Sets{
			Inheritable: capSet(c.Inheritable), Permitted: capSet(c.Permitted), Effective: capSet(c.Effective),
			Bounding: capSet(c.Bounding), Ambient: capSet(c.Ambient),
		})
	}
	ns := make([]inspect.SpecNamespace, 0, len(s.Config.Namespaces))
	for _, n := range s.Config.Namespaces {
		ns = append(ns, inspect.SpecNamespace{Type: namespaceType(n.Type), Path: n.Path})
	}
	d.Namespaces = inspect.Some(ns)
	d.UIDMap, d.GIDMap = inspect.Some(runcRanges(s.Config.UIDMappings)), inspect.Some(runcRanges(s.Config.GIDMappings))
	return st, nil
}

type runcMapping struct {
	ContainerID int64 `json:"container_id"`
	HostID      int64 `json:"host_id"`
	Size        int64 `json:"size"`
}

func runcRanges(ms []runcMapping) []nsinfo.Range {
	rs := make([]nsinfo.Range, 0, len(ms))
	for _, m := range ms {
		rs = append(rs, nsinfo.Range{Inside: uint32(m.ContainerID), Outside: uint32(m.HostID), Count: uint32(m.Size)})
	}
	return rs
}

// parseCrun reads crun's status; the id is the name of the directory it is in.
func parseCrun(b []byte, id string) (state, error) {
	var s struct {
		PID    int    `json:"pid"`
		Start  uint64 `json:"process-start-time"`
		Cgroup string `json:"cgroup-path"`
		Bundle string `json:"bundle"`
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return state{}, fmt.Errorf("not crun's status: %w", err)
	}
	if s.PID <= 0 {
		return state{}, fmt.Errorf("not crun's status: no pid")
	}
	st := state{runtime: "crun", id: id, pid: s.PID, start: s.Start, bundle: s.Bundle}
	if s.Cgroup != "" {
		st.cgroups = []string{s.Cgroup}
	}
	return st, nil
}

// inCgroup tells whether a process's cgroup path is one of the state's: those are below /sys/fs/cgroup and a
// hierarchy's name, or below the reader's root.
func (s *state) inCgroup(path string) bool {
	if path == "" || path == "/" {
		return false
	}
	return slices.ContainsFunc(s.cgroups, func(c string) bool {
		return c == path || strings.HasSuffix(c, path) && strings.HasPrefix(c, "/sys/fs/cgroup/")
	})
}
