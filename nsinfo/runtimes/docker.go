package runtimes

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"capview/inspect"
)

// dockerConfig is the parts of a container's config.v2.json that name it.
type dockerConfig struct {
	ID     string
	Name   string
	Image  string // the image's id
	Config struct {
		Image  string // as it was asked for
		Labels map[string]string
	}
	SeccompProfile string
}

// dockerHost is the parts of hostconfig.json that the OCI spec does not have.
type dockerHost struct {
	Privileged  bool
	SecurityOpt []string
}

// docker takes what a container's config.v2.json says of the container of that id.
func (f *facts) docker(b []byte, id string) error {
	var c dockerConfig
	if err := json.Unmarshal(b, &c); err != nil {
		return fmt.Errorf("not docker's: %w", err)
	}
	if c.ID != id {
		return fmt.Errorf("it is of another container: %.12q", c.ID)
	}
	f.name, f.image = strings.TrimPrefix(c.Name, "/"), textOf(first(c.Config.Image, c.Image))
	f.kubelet(c.Config.Labels)
	if f.declared != nil && c.SeccompProfile != "" && f.declared.Seccomp.Or("none") != "none" {
		f.declared.Seccomp = inspect.Some(dockerProfile(c.SeccompProfile))
	}
	return nil
}

// kubelet takes what a kubelet labels docker's containers with.
func (f *facts) kubelet(labels map[string]string) {
	if pod := labels["io.kubernetes.pod.name"]; pod != "" {
		f.pod = &inspect.Pod{Name: pod, Namespace: labels["io.kubernetes.pod.namespace"], UID: labels["io.kubernetes.pod.uid"]}
		f.name = first(labels["io.kubernetes.container.name"], f.name)
		f.sandbox = labels["io.kubernetes.docker.type"] == "podsandbox"
	}
}

// dockerHost takes what hostconfig.json says.
func (f *facts) dockerHost(b []byte) error {
	var h dockerHost
	if err := json.Unmarshal(b, &h); err != nil {
		return fmt.Errorf("not docker's: %w", err)
	}
	if f.declared == nil {
		return nil
	}
	f.declared.Privileged = inspect.Some(h.Privileged)
	name := "docker default"
	for _, opt := range h.SecurityOpt {
		if profile, ok := strings.CutPrefix(strings.Replace(opt, "seccomp:", "seccomp=", 1), "seccomp="); ok {
			name = dockerProfile(profile)
		}
	}
	if f.declared.Seccomp.Or("none") == "profile" {
		f.declared.Seccomp = inspect.Some(name)
	}
	return nil
}

// dockerProfile words a profile's name: docker keeps the whole profile where it was given one.
func dockerProfile(p string) string {
	switch {
	case strings.HasPrefix(strings.TrimSpace(p), "{"):
		return "profile"
	case p == "builtin":
		return "docker default"
	}
	return p
}

// dockerDir is the directory of docker's own files on a container: the spec mounts its hostname from there
// (DATA-ROOT/containers/ID/hostname).
func dockerDir(s *spec, id string) string {
	for i := range s.Mounts {
		dir, file := path.Split(s.Mounts[i].Source)
		dir = path.Clean(dir)
		if path.Base(dir) != id || path.Base(path.Dir(dir)) != "containers" || !path.IsAbs(dir) {
			continue
		}
		switch file {
		case "hostname", "hosts", "resolv.conf":
			return dir
		}
	}
	return ""
}

// dockerRoot is where daemon.json moves docker's files to; "" where it does not.
func dockerRoot(b []byte) (string, error) {
	var c struct {
		DataRoot string `json:"data-root"`
		Graph    string `json:"graph"`
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return "", fmt.Errorf("not docker's: %w", err)
	}
	return first(c.DataRoot, c.Graph), nil
}
