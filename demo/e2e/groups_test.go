//go:build linux

package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// TestAgreesOnContainers compares the groups with what each runtime says it runs.
func TestAgreesOnContainers(t *testing.T) {
	needsLab(t)
	listed := output(t, "../lab", "list")
	snapshot := exportAll(t)
	groups := map[string]container{}
	for _, c := range snapshot.Containers {
		groups[c.Key] = c
	}
	processes := map[int]process{}
	for _, p := range snapshot.Processes {
		processes[p.PID] = p
	}

	keys := map[string]string{} // of a runtime's container to ours
	compared := map[string]int{}
	for line := range strings.Lines(listed) {
		var runtime, id string
		var pid int
		if _, err := fmt.Sscan(line, &runtime, &id, &pid); err != nil {
			t.Fatalf("demo/lab list: %q: %v", line, err)
		}
		p, ok := processes[pid]
		if !ok {
			t.Errorf("process %d of %s %s is not in the snapshot", pid, runtime, id)
			continue
		}
		compared[runtime]++
		sameGroup(t, keys, runtime+" "+id, p)
		matches(t, runtime, id, p, groups[p.Container])
	}
	for _, runtime := range []string{"docker", "containerd", "docker-rootless", "nerdctl", "podman", "podman-rootless", "runc", "lxc", "lxd", "nspawn"} {
		if compared[runtime] == 0 {
			t.Errorf("nothing of %s was compared", runtime)
		}
	}
	t.Logf("compared the containers of %v processes", compared)
}

// sameGroup holds that a container's processes are in one group, and that no other container's are in it.
func sameGroup(t *testing.T, keys map[string]string, id string, p process) {
	t.Helper()
	if key, ok := keys[id]; ok && key != p.Container {
		t.Errorf("process %d of %s is in %q, others of it in %q", p.PID, id, p.Container, key)
	}
	for other, key := range keys {
		rootless := strings.HasPrefix(id, "podman-rootless") && strings.HasPrefix(other, "podman-rootless")
		if key == p.Container && other != id && !rootless {
			t.Errorf("process %d of %s is in %q, as those of %s", p.PID, id, p.Container, other)
		}
	}
	keys[id] = p.Container
}

// matches holds that the group is the runtime's container. A rootless container on cgroup v1 is known by its user
// namespace alone, a plain runc one by its cgroup alone: neither names its runtime.
func matches(t *testing.T, runtime, id string, p process, group container) {
	t.Helper()
	switch {
	case runtime == "podman-rootless" && group.Kind == "userns":
		if group.UserNamespace == nil || p.Namespaces["user"] == nil || *group.UserNamespace != *p.Namespaces["user"] {
			t.Errorf("process %d of %s %s is in the group of another user namespace", p.PID, runtime, id)
		}
	case runtime == "runc" && group.Runtime != "runc":
		if group.Kind == "host" || group.Kind == "kernel" {
			t.Errorf("process %d of %s %s is taken for one of the host (%q)", p.PID, runtime, id, group.Key)
		}
	case runtime == "nspawn": // its name is in no cgroup here: the process that started it tells the runtime
		if group.Runtime != "nspawn" {
			t.Errorf("process %d of %s %s is in %q: %s", p.PID, runtime, id, group.Key, group.Runtime)
		}
	case runtime == "nerdctl": // a client of containerd's
		if group.ID != id || group.Runtime != "containerd" {
			t.Errorf("process %d of %s %s is in %q: %s %s", p.PID, runtime, id, group.Key, group.Runtime, group.ID)
		}
	case group.ID != id || group.Runtime != strings.TrimSuffix(runtime, "-rootless"):
		t.Errorf("process %d of %s %s is in %q: %s %s", p.PID, runtime, id, group.Key, group.Runtime, group.ID)
	}
}
