package runtimes

import (
	"strings"

	"capview/inspect"
)

// facts is what files say of one container. Strings are raw.
type facts struct {
	runtime  string // where the files tell better than a cgroup: podman, cri-o
	id       string
	name     string
	image    inspect.Opt[string] // known to be "": it has a root file system of its own
	pod      *inspect.Pod
	sandbox  bool
	declared *inspect.Declared
	claimed  bool // others than the host's root could have written them
}

// CRI's annotations, of containerd's plug-in (its package pkg/cri/annotations).
const criPrefix = "io.kubernetes.cri."

// CRI-O's own (its package pkg/annotations).
const crioPrefix = "io.kubernetes.cri-o."

// annotate takes from a spec's annotations who the container is to what asked for it.
func (f *facts) annotate(a map[string]string) {
	switch {
	case a[criPrefix+"container-type"] != "":
		f.cri(a)
	case a[crioPrefix+"ContainerType"] != "" && a[crioPrefix+"ContainerID"] != "":
		f.crio(a)
	case a["io.container.manager"] == "libpod":
		f.runtime = "podman"
	case a["nerdctl/name"] != "":
		f.name = a["nerdctl/name"]
	}
	if f.declared == nil {
		return
	}
	if name, ok := a["io.podman.annotations.seccomp"]; ok && f.declared.Seccomp.Or("none") != "none" {
		f.declared.Seccomp = inspect.Some(name)
	}
	if name := a[crioPrefix+"SeccompProfilePath"]; name != "" && f.declared.Seccomp.Or("none") != "none" {
		f.declared.Seccomp = inspect.Some(name)
	}
	for _, key := range []string{"io.podman.annotations.privileged", crioPrefix + "PrivilegedRuntime"} {
		if v, ok := a[key]; ok {
			f.declared.Privileged = inspect.Some(strings.EqualFold(v, "true"))
		}
	}
}

func (f *facts) cri(a map[string]string) {
	f.name, f.image = a[criPrefix+"container-name"], textOf(a[criPrefix+"image-name"])
	f.sandbox = a[criPrefix+"container-type"] == "sandbox"
	if name := a[criPrefix+"sandbox-name"]; name != "" {
		f.pod = &inspect.Pod{Name: name, Namespace: a[criPrefix+"sandbox-namespace"], UID: a[criPrefix+"sandbox-uid"]}
	}
}

// crio falls back on the kubelet's naming, k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT.
func (f *facts) crio(a map[string]string) {
	f.runtime, f.id = "cri-o", a[crioPrefix+"ContainerID"]
	f.sandbox = a[crioPrefix+"ContainerType"] == "sandbox"
	f.name, f.image = a["io.kubernetes.container.name"], textOf(first(a[crioPrefix+"ImageName"], a[crioPrefix+"Image"]))
	pod := inspect.Pod{
		Name:      first(a["io.kubernetes.pod.name"], a[crioPrefix+"KubeName"]),
		Namespace: first(a["io.kubernetes.pod.namespace"], a[crioPrefix+"Namespace"]), UID: a["io.kubernetes.pod.uid"],
	}
	if parts := strings.Split(first(a[crioPrefix+"ContainerName"], a[crioPrefix+"Name"]), "_"); len(parts) == 6 && parts[0] == "k8s" {
		f.name = first(f.name, parts[1])
		pod = inspect.Pod{Name: first(pod.Name, parts[2]), Namespace: first(pod.Namespace, parts[3]), UID: first(pod.UID, parts[4])}
	}
	if f.sandbox {
		f.name = "" // the kubelet calls every sandbox POD
	}
	if pod.Name != "" {
		f.pod = &pod
	}
}

// first is the first of them that is not empty.
func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// textOf is a fact that an empty text does not tell.
func textOf(s string) inspect.Opt[string] {
	if s == "" {
		return inspect.Opt[string]{}
	}
	return inspect.Some(s)
}
