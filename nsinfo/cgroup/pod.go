package cgroup

import "strings"

// pod follows the part of a path that tells of a container's pod.
type pod struct {
	kube bool // under the kubelet's cgroups
	qos  string
	uid  string
}

// see takes the next component and the one above it.
func (p *pod) see(c, dir string) {
	name := strings.TrimSuffix(c, ".slice")
	// The kubelet's systemd driver repeats all ancestors in a slice's name; a container inside it may add more.
	if name == "kubepods" || strings.HasSuffix(name, "-kubepods") || strings.Contains(name, "kubepods-") {
		p.kube = true
	}
	if p.kube {
		p.quality(name)
	}
	if uid := podUID(name); uid != "" {
		p.uid = uid
	}
	switch {
	case strings.HasSuffix(c, ".slice") && strings.Contains(name, "libpod_pod_"):
		if _, id, _ := strings.Cut(name, "libpod_pod_"); isID(id) {
			p.uid = id
		}
	case dir == "libpod_parent" && isID(c):
		p.uid = c
	}
}

func (p *pod) quality(name string) {
	for _, q := range [...]string{"besteffort", "burstable"} {
		if name == q || strings.HasSuffix(name, "-"+q) || strings.Contains(name, "-"+q+"-") {
			p.qos = q
		}
	}
}

// describe enters the pod in the identity of what is in it.
func (p *pod) describe(id *Identity) {
	if p.uid == "" {
		return
	}
	id.PodUID = p.uid
	if id.QoS = p.qos; p.kube && p.qos == "" {
		id.QoS = "guaranteed" // has no directory of its own
	}
}

// podUID is the uid in the name of a pod's cgroup, "pod<uid>" at its end; "" for another's. The systemd driver
// writes the uid's dashes as underscores; a static pod's uid has none.
func podUID(name string) string {
	i := strings.LastIndex(name, "pod")
	if i < 0 || i > 0 && name[i-1] != '-' {
		return ""
	}
	uid := strings.ReplaceAll(name[i+len("pod"):], "_", "-")
	if isUUID(uid) || len(uid) == 32 && isHex(uid) {
		return uid
	}
	return ""
}
