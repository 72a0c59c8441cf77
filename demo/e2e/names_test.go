//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// known is what a runtime says of one of its containers.
type known struct {
	name, image, pod string
	processes        []int
}

// contained is what capview says of one.
type contained struct {
	Key, Kind, ID, Runtime string
	Name, Image            *string
	Pod                    *struct{ Name, Namespace, UID string }
	Claimed                bool
	Owner                  *uint32
	Declared               *struct {
		Source string
		Caps   *struct{ Inheritable, Permitted, Effective, Bounding, Ambient string }
	}
}

// TestAgreesOnNames compares name, id, image, pod and processes of every container with what its runtime says.
func TestAgreesOnNames(t *testing.T) {
	needsLab(t)
	said := map[string]map[string]*known{
		"docker": dockerSays(t), "containerd": containerdSays(t), "podman": podmanSays(t, false), "podman-rootless": podmanSays(t, true),
		"docker-rootless": dockerAt(t, lab("home/run/docker.sock")), "nerdctl": nerdctlSays(t),
		"runc": runcSays(t), "lxc": {}, "lxd": {}, "nspawn": {},
	}
	for _, l := range labLists(t) {
		if k := said[l.runtime]; k != nil && k[l.id] == nil && (l.runtime == "lxc" || l.runtime == "lxd" || l.runtime == "nspawn") {
			k[l.id] = &known{name: l.id}
		}
		if k := said[l.runtime][l.id]; k != nil {
			k.processes = append(k.processes, l.pid)
		} else {
			t.Errorf("%s %s is listed, its runtime does not know it", l.runtime, l.id)
		}
	}
	containers, payload := capviewSays(t)
	compared, specs := 0, 0
	for runtime, all := range said {
		if len(all) == 0 {
			t.Errorf("%s runs nothing", runtime)
		}
		for id, k := range all {
			compared++
			if c := agrees(t, runtime, id, k, containers, payload); c != nil && declares(t, runtime, id, c) {
				specs++
			}
		}
	}
	t.Logf("compared %d containers of %q, and the declared sets of %d with their config.json", compared, slices.Sorted(maps.Keys(said)), specs)
}

// payload is a process of a container, as the container's runtime lists it.
type payload struct {
	runtime, id string
	pid         int
}

func labLists(t *testing.T) (all []payload) {
	t.Helper()
	for line := range strings.Lines(output(t, "../lab", "list")) {
		var p payload
		if _, err := fmt.Sscan(line, &p.runtime, &p.id, &p.pid); err != nil {
			t.Fatalf("demo/lab list: %q: %v", line, err)
		}
		all = append(all, p)
	}
	return all
}

// firstProcess is the first that the container's runtime lists.
func firstProcess(t *testing.T, id string) int {
	t.Helper()
	pids := []int{}
	for _, p := range labLists(t) {
		if p.id == id {
			pids = append(pids, p.pid)
		}
	}
	if len(pids) == 0 {
		t.Fatalf("the runtime of %s lists no process of it", id)
	}
	return slices.Min(pids)
}

// labName is what the names of the lab's own containers begin with.
func labName(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(lab("name"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// capviewSays is every container, and its processes but for helpers.
func capviewSays(t *testing.T) (all []contained, payload map[string][]int) {
	t.Helper()
	var s struct {
		Containers []contained
		Processes  []struct {
			PID             int
			Container, Role string
			KernelThread    bool `json:"kernel_thread"`
		}
	}
	if err := json.Unmarshal([]byte(output(t, built, "export", "-")), &s); err != nil {
		t.Fatal(err)
	}
	payload = map[string][]int{}
	for _, p := range s.Processes {
		if p.Role != "helper" {
			payload[p.Container] = append(payload[p.Container], p.PID)
		}
	}
	return s.Containers, payload
}

func agrees(t *testing.T, runtime, id string, k *known, all []contained, payload map[string][]int) *contained {
	t.Helper()
	var found []contained
	for _, c := range all {
		if (c.ID == id || c.Name != nil && *c.Name == id) && (c.Kind == "container" || c.Kind == "sandbox" || c.Kind == "userns") {
			found = append(found, c)
		}
	}
	if len(found) > 1 && len(k.processes) > 0 { // another lab on the node has one of that name too
		found = slices.DeleteFunc(found, func(c contained) bool { return !slices.Contains(payload[c.Key], k.processes[0]) })
	}
	if len(found) != 1 {
		t.Errorf("%s %s is %d containers to capview", runtime, id, len(found))
		return nil
	}
	c := found[0]
	differ := func(what string, ours *string, theirs string) {
		if ours == nil && theirs != "" || ours != nil && *ours != theirs {
			t.Errorf("%s %s: the %s is %s, its runtime says %q", runtime, id, what, quoted(ours), theirs)
		}
	}
	differ("name", c.Name, k.name)
	if strings.HasPrefix(runtime, "docker") || strings.HasPrefix(runtime, "podman") || c.Kind != "sandbox" && runtime == "containerd" {
		differ("image", c.Image, k.image)
	}
	if k.pod != "" && (c.Pod == nil || c.Pod.Namespace+"/"+c.Pod.Name != k.pod) {
		t.Errorf("%s %s: the pod is %+v, its runtime says %s", runtime, id, c.Pod, k.pod)
	}
	slices.Sort(k.processes)
	if got := payload[c.Key]; !slices.Equal(got, k.processes) {
		t.Errorf("%s %s: the processes are %v, its runtime says %v", runtime, id, got, k.processes)
	}
	rootless := strings.HasSuffix(runtime, "-rootless")
	if c.Claimed != rootless || (c.Owner != nil) != rootless {
		t.Errorf("%s %s: claimed %v, owner %v", runtime, id, c.Claimed, c.Owner)
	}
	return &c
}

func quoted(s *string) string {
	if s == nil {
		return "unknown"
	}
	return strconv.Quote(*s)
}

// declares compares the declared sets with those of the spec that they are said to be from, and tells whether there is
// one. LXC has a configuration of its own, in which capabilities are dropped or kept; nspawn is asked on its command
// line, and leaves no file behind.
func declares(t *testing.T, runtime, id string, c *contained) bool {
	t.Helper()
	if c.Declared == nil {
		if runtime != "nspawn" {
			t.Errorf("%s %s: nothing is declared", runtime, id)
		}
		return false
	}
	if c.Declared.Source == lab("lxc", id, "config") || c.Declared.Source == lab("lxd/logs", id, "lxc.conf") {
		return false
	}
	if filepath.Base(c.Declared.Source) != "config.json" {
		t.Errorf("%s %s: what is declared is said to be from %s", runtime, id, c.Declared.Source)
		return false
	}
	text, err := os.ReadFile(c.Declared.Source)
	if err != nil {
		t.Error(err)
		return false
	}
	var spec struct {
		Process struct{ Capabilities map[string][]string }
	}
	if err := json.Unmarshal(text, &spec); err != nil || c.Declared.Caps == nil {
		t.Errorf("%s %s: %v, declared caps %v", runtime, id, err, c.Declared.Caps)
		return false
	}
	for set, ours := range map[string]string{
		"inheritable": c.Declared.Caps.Inheritable, "permitted": c.Declared.Caps.Permitted, "effective": c.Declared.Caps.Effective,
		"bounding": c.Declared.Caps.Bounding, "ambient": c.Declared.Caps.Ambient,
	} {
		names := slices.Clone(spec.Process.Capabilities[set])
		for i := range names {
			names[i] = strings.ToLower(names[i])
		}
		slices.Sort(names)
		decoded := strings.TrimSpace(output(t, "capsh", "--decode="+ours))
		_, list, _ := strings.Cut(decoded, "=")
		theirs := strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
		slices.Sort(theirs)
		if !slices.Equal(names, theirs) {
			t.Errorf("%s %s: declared %s is %v, the spec's %v", runtime, id, set, theirs, names)
		}
	}
	return true
}

func lab(parts ...string) string {
	return filepath.Join(append([]string{os.Getenv("CAPVIEW_LAB")}, parts...)...)
}

func dockerSays(t *testing.T) map[string]*known { return dockerAt(t, lab("docker/sock")) }

// dockerAt is what the daemon at a socket says.
func dockerAt(t *testing.T, socket string) map[string]*known {
	t.Helper()
	all := map[string]*known{}
	socket = "unix://" + socket
	ids := strings.Fields(output(t, "docker", "-H", socket, "ps", "-q", "--no-trunc"))
	for line := range strings.Lines(output(t, "docker", append([]string{"-H", socket, "inspect", "-f", "{{.Id}} {{.Name}} {{.Config.Image}}"}, ids...)...)) {
		f := strings.Fields(line)
		all[f[0]] = &known{name: strings.TrimPrefix(f[1], "/"), image: f[2]}
	}
	return all
}

// containerdSays is the pods' containers as containerd's own database has them.
func containerdSays(t *testing.T) map[string]*known {
	t.Helper()
	all := map[string]*known{}
	ctr := func(args ...string) string {
		return output(t, "ctr", append([]string{"-a", lab("containerd/sock"), "-n", "k8s.io"}, args...)...)
	}
	for _, id := range strings.Fields(ctr("task", "ls", "-q")) {
		var info struct {
			Image string
			Spec  struct{ Annotations map[string]string }
		}
		if err := json.Unmarshal([]byte(ctr("container", "info", id)), &info); err != nil {
			t.Fatal(err)
		}
		a := info.Spec.Annotations
		const cri = "io.kubernetes.cri."
		all[id] = &known{name: a[cri+"container-name"], image: info.Image, pod: a[cri+"sandbox-namespace"] + "/" + a[cri+"sandbox-name"]}
	}
	return all
}

// nerdctlSays is what containerd's database has of those without a pod; the name is a label of nerdctl's, else the id.
func nerdctlSays(t *testing.T) map[string]*known {
	t.Helper()
	all := map[string]*known{}
	ctr := func(args ...string) string {
		return output(t, "ctr", append([]string{"-a", lab("containerd/sock"), "-n", "default"}, args...)...)
	}
	for _, id := range strings.Fields(ctr("task", "ls", "-q")) {
		var info struct{ Labels map[string]string }
		if err := json.Unmarshal([]byte(ctr("container", "info", id)), &info); err != nil {
			t.Fatal(err)
		}
		all[id] = &known{name: id}
		if name := info.Labels["nerdctl/name"]; name != "" {
			all[id] = &known{name: name}
		}
	}
	return all
}

func podmanSays(t *testing.T, rootless bool) map[string]*known {
	t.Helper()
	text := podman(t, rootless, "ps", "--no-trunc", "--format", "json")
	var list []struct {
		ID    string `json:"Id"`
		Names []string
		Image string
	}
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		t.Fatal(err)
	}
	all := map[string]*known{}
	for _, c := range list {
		all[c.ID] = &known{name: c.Names[0], image: c.Image}
	}
	return all
}

// runcSays is the lab's own: runc lists the engines' containers beside them.
func runcSays(t *testing.T) map[string]*known {
	t.Helper()
	var list []struct{ ID, Bundle string }
	if err := json.Unmarshal([]byte(output(t, "runc", "list", "-f", "json")), &list); err != nil {
		t.Fatal(err)
	}
	all := map[string]*known{}
	for _, c := range list {
		if strings.HasPrefix(c.Bundle, lab("runc")+"/") {
			all[c.ID] = &known{name: c.ID}
		}
	}
	return all
}
