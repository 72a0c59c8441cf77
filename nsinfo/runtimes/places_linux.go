package runtimes

import (
	"path"
	"strconv"
	"strings"
)

// inStorages is a container's bundle in each of the storages that a request names.
func inStorages(list, id string) (dirs []string) {
	for dir := range strings.SplitSeq(list, "\x00") {
		if path.IsAbs(dir) {
			dirs = append(dirs, path.Join(dir, id, "userdata"))
		}
	}
	return dirs
}

// stateBundles is the bundle that runc's or crun's own state of a container names, wherever its engine has its storage.
func (pr *prober) stateBundles(q request) (dirs []string) {
	run := "/run"
	uid, owned := q.owner.Get()
	if owned {
		run = "/run/user/" + strconv.FormatUint(uint64(uid), 10)
	}
	for _, file := range []string{"runc/" + q.id + "/state.json", "crun/" + q.id + "/status"} {
		c, err := pr.files.read(q.at, path.Join(run, file), maxFile)
		if err != nil || !owned && !c.trusted || owned && c.owner != uid {
			continue
		}
		st, err := parseRunc(c.data)
		if strings.HasPrefix(file, "crun/") {
			st, err = parseCrun(c.data, q.id)
		}
		if err == nil && st.id == q.id && path.IsAbs(st.bundle) && path.Base(path.Dir(path.Clean(st.bundle))) == q.id {
			dirs = append(dirs, path.Clean(st.bundle))
		}
	}
	return dirs
}

// inHome is where a rootless runtime has a container's files in its user's home.
func (pr *prober) inHome(q request, runtime, id string) (dirs []string) {
	uid, ok := q.owner.Get()
	if !ok {
		return nil
	}
	c, err := pr.files.read(place{}, "/etc/passwd", maxFile)
	home := homeOf(c.data, uid)
	if err != nil || !path.IsAbs(home) {
		return nil
	}
	share := path.Join(home, ".local/share")
	if runtime == "docker" {
		return []string{path.Join(share, "docker/containers", id)}
	}
	for _, driver := range drivers {
		dirs = append(dirs, path.Join(share, "containers/storage", driver+"-containers", id, "userdata"))
	}
	return dirs
}

// movedRoot is where the daemon's configuration says that docker's files are.
func (pr *prober) movedRoot(q request) string {
	c, err := pr.files.read(q.at, first(q.name, "/etc/docker/daemon.json"), maxSmall)
	if err != nil {
		return ""
	}
	root, err := dockerRoot(c.data)
	if err != nil || !path.IsAbs(root) {
		return ""
	}
	return root
}

// usual is the directories a runtime has a container's files in.
func (pr *prober) usual(q request) (dirs []string) {
	if q.runtime == "podman" || q.runtime == "cri-o" {
		dirs = pr.stateBundles(q)
	}
	if q.owner.Known() {
		return append(append(dirs, inStorages(q.path, q.id)...), pr.inHome(q, q.runtime, q.id)...)
	}
	switch q.runtime {
	case "docker":
		for _, root := range []string{q.path, pr.movedRoot(q), "/var/lib/docker", "/var/snap/docker/common/var-lib-docker"} {
			if root != "" {
				dirs = append(dirs, path.Join(root, "containers", q.id))
			}
		}
	case "podman", "cri-o":
		dirs = append(dirs, inStorages(q.path, q.id)...)
		for _, root := range []string{"/var/lib/containers/storage", "/run/containers/storage"} {
			for _, driver := range drivers {
				dirs = append(dirs, path.Join(root, driver+"-containers", q.id, "userdata"))
			}
		}
	case "containerd":
		for _, state := range []string{q.path, "/run/containerd", "/run/k3s/containerd", "/run/docker/containerd/daemon",
			"/var/snap/microk8s/common/run/containerd"} {
			for _, ns := range []string{"k8s.io", "default", "moby"} {
				if state != "" {
					dirs = append(dirs, path.Join(state, "io.containerd.runtime.v2.task", ns, q.id))
				}
			}
		}
	}
	return dirs
}
