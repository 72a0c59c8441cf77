package runtimes

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"capview/inspect"
)

// Socket is where a container engine answers the Docker Engine API.
type Socket struct {
	Runtime string // docker, podman
	Path    string
}

// listed is what an engine's list of containers says of one (the Docker Engine API's ContainerList, which podman has too).
type listed struct{ facts facts }

type listItem struct {
	ID     string `json:"Id"`
	Names  []string
	Image  string
	Labels map[string]string
}

// parseList reads the answer to GET /containers/json: what each container is called, by id.
func parseList(b []byte) (map[string]listed, error) {
	var all []listItem
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, fmt.Errorf("not an engine's list of containers: %w", err)
	}
	found := make(map[string]listed, len(all))
	for _, c := range all {
		if !isHexID(c.ID) {
			continue
		}
		l := listed{facts{id: c.ID, image: textOf(c.Image)}}
		for _, name := range c.Names {
			// A link's name has its container's before it: "/other/alias".
			if name = strings.TrimPrefix(name, "/"); name != "" && !strings.Contains(name, "/") {
				l.facts.name = name
				break
			}
		}
		l.facts.kubelet(c.Labels)
		found[c.ID] = l
	}
	return found, nil
}

// parseInspect reads the answer to GET /containers/ID/json. It has what was asked of the engine, not the spec that it
// made of that: which capabilities these come to is not in it.
func (f *facts) parseInspect(b []byte, id, source string) error {
	if err := f.docker(b, id); err != nil {
		return err
	}
	var c struct {
		HostConfig *dockerHost
		Mounts     []struct {
			Type, Source, Destination string
			RW                        bool
		}
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return fmt.Errorf("not an engine's: %w", err)
	}
	f.id = id
	h := c.HostConfig
	if h == nil {
		return nil
	}
	d := &inspect.Declared{Source: source, Privileged: inspect.Some(h.Privileged), NoNewPrivs: inspect.Some(false)}
	d.Seccomp = inspect.Some("docker default")
	if h.Privileged {
		d.Seccomp = inspect.Some("none")
	}
	for _, opt := range h.SecurityOpt {
		name, value, _ := strings.Cut(strings.Replace(opt, ":", "=", 1), "=")
		switch {
		case name == "no-new-privileges":
			d.NoNewPrivs = inspect.Some(value != "false")
		case name == "seccomp" && value == "unconfined":
			d.Seccomp = inspect.Some("none")
		case name == "seccomp":
			d.Seccomp = inspect.Some(dockerProfile(value))
		}
	}
	var mounts spec
	for _, m := range c.Mounts {
		mode := "ro"
		if m.RW {
			mode = "rw"
		}
		mounts.Mounts = append(mounts.Mounts, specMount{Source: m.Source, Destination: m.Destination, Type: m.Type, Options: []string{mode}})
	}
	d.Mounts = inspect.Some(mounts.risks())
	f.declared = d
	return nil
}

// Sockets is where engines answer by default, and where the environment of who runs capview says that they do.
func Sockets(env map[string]string) []Socket {
	var all []Socket
	add := func(runtime, at string) {
		at = path.Clean(at)
		if path.IsAbs(at) && !slices.ContainsFunc(all, func(s Socket) bool { return s.Path == at }) {
			all = append(all, Socket{runtime, at})
		}
	}
	if at, ok := strings.CutPrefix(env["DOCKER_HOST"], "unix://"); ok {
		add("docker", at)
	}
	add("docker", "/run/docker.sock")
	add("podman", "/run/podman/podman.sock")
	if dir := env["XDG_RUNTIME_DIR"]; path.IsAbs(dir) {
		add("docker", path.Join(dir, "docker.sock"))
		add("podman", path.Join(dir, "podman/podman.sock"))
	}
	return all
}

// nameless is the containers that an engine may be asked about: those of which files have told no name.
func (j *join) nameless() (all []*inspect.Container) {
	for i := range j.s.Containers {
		c := &j.s.Containers[i]
		if (c.Runtime == "docker" || c.Runtime == "podman") && isHexID(c.ID) && c.NestedIn == "" && !c.Name.Known() {
			all = append(all, c)
		}
	}
	return all
}

// heard takes over what an engine says of a container, and tells whether who answers may say that; what stood in the way of
// files is no gap in its name then.
func (j *join) heard(c *inspect.Container, f *facts, from *endpoint) bool {
	if f.name == "" || from.claimed && !j.belongs(c, from.owner) {
		return false
	}
	said := *f
	said.runtime, said.claimed = "", from.claimed
	if c.Declared.Known() {
		said.declared = nil
	} else if said.declared != nil {
		d := *said.declared
		d.Claimed = from.claimed
		said.declared = &d
	}
	c.Claimed = c.Claimed || from.claimed
	j.complete(c, &said)
	kept := j.s.Gaps[:0]
	for _, g := range j.s.Gaps {
		if g.Subject != "container "+c.Key || g.What != "name" {
			kept = append(kept, g)
		}
	}
	j.s.Gaps = kept
	return true
}

// belongs tells whether a container is that user's to name: not one of the host's root's whose id anyone may read.
func (j *join) belongs(c *inspect.Container, uid uint32) bool {
	if owner, ok := c.Owner.Get(); ok {
		return owner == uid
	}
	if !delegated(c) {
		return false
	}
	seen := false
	for _, p := range j.s.Processes {
		if p.Container != c.Key || p.Role != inspect.RolePayload {
			continue
		}
		if seen = true; !j.mayOwn(p, uid) {
			return false
		}
	}
	return seen
}

// endpoint is who answered at a socket.
type endpoint struct {
	claimed bool // neither root nor the reading user
	owner   uint32
}
