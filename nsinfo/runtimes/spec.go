package runtimes

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/nsinfo"
)

// spec is the parts of config.json of the OCI runtime specification that say what a container may do.
type spec struct {
	Process *struct {
		User struct {
			UID    uint32   `json:"uid"`
			GID    uint32   `json:"gid"`
			Groups []uint32 `json:"additionalGids"`
		} `json:"user"`
		Capabilities *struct {
			Bounding    []string `json:"bounding"`
			Effective   []string `json:"effective"`
			Inheritable []string `json:"inheritable"`
			Permitted   []string `json:"permitted"`
			Ambient     []string `json:"ambient"`
		} `json:"capabilities"`
		NoNewPrivileges bool `json:"noNewPrivileges"`
	} `json:"process"`
	Mounts      []specMount       `json:"mounts"`
	Annotations map[string]string `json:"annotations"`
	Linux       *struct {
		UIDMappings []idMapping `json:"uidMappings"`
		GIDMappings []idMapping `json:"gidMappings"`
		Namespaces  []struct {
			Type string `json:"type"`
			Path string `json:"path"`
		} `json:"namespaces"`
		Devices []struct {
			Path string `json:"path"`
		} `json:"devices"`
		ReadonlyPaths []string        `json:"readonlyPaths"`
		Seccomp       json.RawMessage `json:"seccomp"`
	} `json:"linux"`
}

type specMount struct {
	Destination string   `json:"destination"`
	Type        string   `json:"type"`
	Source      string   `json:"source"`
	Options     []string `json:"options"`
}

type idMapping struct {
	ContainerID uint32 `json:"containerID"`
	HostID      uint32 `json:"hostID"`
	Size        uint32 `json:"size"`
}

var errNoSpec = errors.New("not an OCI spec: it has neither process nor linux")

// parseSpec reads a bundle's config.json.
func parseSpec(b []byte) (*spec, error) {
	s := new(spec)
	if err := json.Unmarshal(b, s); err != nil {
		return nil, fmt.Errorf("not an OCI spec: %w", err)
	}
	if s.Process == nil && s.Linux == nil {
		return nil, errNoSpec
	}
	return s, nil
}

// declared is what the spec asks for.
func (s *spec) declared() inspect.Declared {
	var d inspect.Declared
	if p := s.Process; p != nil {
		d.User = inspect.Some(inspect.SpecUser{UID: p.User.UID, GID: p.User.GID, Groups: some(p.User.Groups)})
		d.NoNewPrivs = inspect.Some(p.NoNewPrivileges)
		if c := p.Capabilities; c != nil {
			d.Caps = inspect.Some(caps.Sets{
				Inheritable: capSet(c.Inheritable), Permitted: capSet(c.Permitted), Effective: capSet(c.Effective),
				Bounding: capSet(c.Bounding), Ambient: capSet(c.Ambient),
			})
		}
	}
	if l := s.Linux; l != nil {
		d.Seccomp, d.SeccompDefault = inspect.Some("none"), inspect.Some("")
		s.seccomp(&d)
		d.UIDMap, d.GIDMap = inspect.Some(ranges(l.UIDMappings)), inspect.Some(ranges(l.GIDMappings))
		ns := make([]inspect.SpecNamespace, 0, len(l.Namespaces))
		for _, n := range l.Namespaces {
			ns = append(ns, inspect.SpecNamespace{Type: namespaceType(n.Type), Path: n.Path})
		}
		d.Namespaces = inspect.Some(ns)
	}
	d.Mounts = inspect.Some(s.risks())
	return d
}

// seccomp is the profile that is asked for, if one is.
func (s *spec) seccomp(d *inspect.Declared) {
	var profile *struct {
		DefaultAction string `json:"defaultAction"`
	}
	if raw := s.Linux.Seccomp; raw == nil || json.Unmarshal(raw, &profile) != nil || profile == nil {
		return
	}
	d.Seccomp, d.SeccompDefault = inspect.Some("profile"), inspect.Some(profile.DefaultAction)
	var compact bytes.Buffer
	if json.Compact(&compact, s.Linux.Seccomp) == nil {
		d.SeccompProfile = compact.Bytes()
	}
}

// capSet is the capabilities named; a name that this capview does not know is none it could show.
func capSet(names []string) (s caps.Set) {
	for _, n := range names {
		if c, err := caps.Parse(n); err == nil {
			s |= caps.Of(c)
		}
	}
	return s
}

func ranges(ms []idMapping) []nsinfo.Range {
	rs := make([]nsinfo.Range, 0, len(ms))
	for _, m := range ms {
		rs = append(rs, nsinfo.Range{Inside: m.ContainerID, Outside: m.HostID, Count: m.Size})
	}
	return rs
}

// namespaceType is the name under /proc/PID/ns of what the specification calls otherwise.
func namespaceType(t string) string {
	switch t {
	case "mount", "NEWNS":
		return "mnt"
	case "network", "NEWNET":
		return "net"
	case "NEWPID":
		return "pid"
	case "NEWIPC":
		return "ipc"
	case "NEWUTS":
		return "uts"
	case "NEWUSER":
		return "user"
	case "NEWCGROUP":
		return "cgroup"
	case "NEWTIME":
		return "time"
	}
	return t
}

// some is vs, [] where it is nil: known to be empty.
func some[T any](vs []T) []T {
	if vs == nil {
		return []T{}
	}
	return vs
}
