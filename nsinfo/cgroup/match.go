package cgroup

import "strings"

// Outside tells whether a path leads out of the reader's cgroup namespace: "/../x" (cgroup_namespaces(7)).
func Outside(path string) bool { return path == "/.." || strings.HasPrefix(path, "/../") }

// Match tells what a path of /proc/PID/cgroup says. It never fails: a path that names nothing known gives an
// Identity of only its Path.
func Match(path string) Identity {
	// The kernel marks a zombie's removed cgroup so on v2 (kernel/cgroup/cgroup.c proc_cgroup_show).
	w := walk{path: strings.TrimSuffix(path, " (deleted)")}
	for Outside(w.path[w.end:]) {
		w.end += len("/..")
	}
	for w.next() {
		w.step()
	}
	return w.identity()
}

// walk goes over a path's components from the outermost.
type walk struct {
	path string
	end  int    // where the current component ends in path
	c    string // the current component
	dir  string // the one above
	up   string // the one above that

	units  units
	pod    pod
	found  []Identity
	parent bool // the component directly above gave the last of found
}

// next moves on to the next component.
func (w *walk) next() bool {
	for w.end < len(w.path) && w.path[w.end] == '/' {
		w.end++
	}
	if w.end >= len(w.path) {
		return false
	}
	w.up, w.dir = w.dir, w.c
	w.c, _, _ = strings.Cut(w.path[w.end:], "/")
	w.end += len(w.c)
	return true
}

// step judges the current component.
func (w *walk) step() {
	above := w.units.outermost
	if len(w.found) == 0 {
		w.units.see(w.c, w.path[:w.end])
	}
	w.pod.see(w.c, w.dir)
	below := w.parent
	w.parent = false
	if id, ok := container(w.c, w.dir, w.up); ok {
		w.pod.describe(&id)
		id.Path = w.path[:w.end]
		if len(w.found) == 0 {
			id.Delegated = above
		}
		w.found = append(w.found, id)
		w.pod, w.parent = pod{}, true
		return
	}
	// nspawn keeps itself beside its payload (systemd's nspawn-cgroup.c create_subcgroup).
	if last := len(w.found) - 1; below && w.c == "supervisor" && w.found[last].Runtime == "nspawn" {
		w.found[last].Role = Helper
	}
}

func (w *walk) identity() Identity {
	id := Identity{Path: w.path}
	if len(w.found) == 0 {
		if w.units.path != "" {
			id.Path = w.units.path
		}
		w.pod.describe(&id)
	} else {
		id = w.found[0]
		if len(w.found) > 1 {
			id.Nested = w.found[1:]
		}
	}
	w.units.describe(&id)
	return id
}
