package runtimes

import (
	"path"
	"slices"
	"strings"

	"capview/inspect"
)

// maxRisks bounds how many mounts of one container are kept.
const maxRisks = 64

// sockets are what lets a container command its own runtime, and through it the host.
var sockets = map[string]string{
	"docker.sock": "docker's socket", "containerd.sock": "containerd's socket", "crio.sock": "CRI-O's socket",
	"podman.sock": "podman's socket", "dockershim.sock": "docker's socket", "cri-dockerd.sock": "docker's socket",
}

// hostPlaces are directories whose content decides over the host, or is the host's secrets.
var hostPlaces = map[string]string{
	"/": "the host's root directory", "/etc": "the host's configuration", "/root": "root's home", "/home": "the users' homes",
	"/boot": "the host's kernel", "/usr": "the host's programs", "/bin": "the host's programs", "/sbin": "the host's programs",
	"/lib": "the host's libraries", "/lib64": "the host's libraries", "/opt": "the host's programs", "/var": "the host's state",
	"/var/lib": "the host's state", "/run": "the host's sockets", "/var/run": "the host's sockets", "/var/lib/docker": "docker's containers",
	"/var/lib/containerd": "containerd's containers", "/var/lib/containers": "podman's containers", "/var/lib/kubelet": "the kubelet's pods",
	"/proc": "the host's /proc", "/sys": "the host's /sys", "/dev": "the host's devices", "/run/containerd": "containerd's state",
	"/run/docker": "docker's state", "/etc/kubernetes": "the node's Kubernetes keys", "/dev/shm": "the host's shared memory",
}

// risks is the mounts and devices that lead out of the container.
func (s *spec) risks() []inspect.SpecMount {
	found := []inspect.SpecMount{}
	for i := range s.Mounts {
		m := &s.Mounts[i]
		if risk := s.risk(m); risk != "" {
			found = append(found, inspect.SpecMount{Source: m.Source, Destination: m.Destination, ReadOnly: m.readOnly(), Risk: risk})
		}
	}
	if s.Linux != nil {
		for _, d := range s.Linux.Devices {
			if !slices.Contains(plainDevices, d.Path) {
				found = append(found, inspect.SpecMount{Source: d.Path, Destination: d.Path, Risk: "a device of the host"})
			}
		}
	}
	return found[:min(len(found), maxRisks)]
}

// plainDevices are those that every container has (OCI runtime specification, "Default Devices"), and podman's and
// docker's additions of no power.
var plainDevices = []string{
	"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/console", "/dev/ptmx",
}

func (m *specMount) readOnly() bool {
	return slices.Contains(m.Options, "ro") || slices.Contains(m.Options, "rro")
}

func (m *specMount) bind() bool {
	return m.Type == "bind" || slices.Contains(m.Options, "bind") || slices.Contains(m.Options, "rbind")
}

// risk is what of the host a mount gives; "" where it is no more than any container has.
func (s *spec) risk(m *specMount) string {
	source := path.Clean(m.Source)
	switch {
	case !m.bind():
		return s.kernelRisk(m)
	case sockets[path.Base(source)] != "":
		return sockets[path.Base(source)]
	case sockets[path.Base(m.Destination)] != "": // a socket moved elsewhere, mounted where clients look for it
		return sockets[path.Base(m.Destination)]
	case hostPlaces[source] != "":
		return hostPlaces[source]
	case strings.HasPrefix(source, "/dev/") && !slices.Contains(plainDevices, source) && !strings.HasPrefix(source, "/dev/shm/") && source != "/dev/pts":
		return "a device of the host"
	case strings.HasPrefix(source, "/proc/"), strings.HasPrefix(source, "/sys/"):
		return "the host's " + source
	}
	return ""
}

// kernelRisk is about the kernel's own file systems, mounted anew: writable, they are the host's.
func (s *spec) kernelRisk(m *specMount) string {
	switch {
	case m.readOnly():
	case m.Type == "sysfs":
		return "/sys writable"
	case m.Type == "cgroup" || m.Type == "cgroup2":
		return "cgroups writable"
	case m.Type == "proc" && s.Linux != nil && !slices.Contains(s.Linux.ReadonlyPaths, "/proc/sys"):
		return "/proc/sys writable"
	}
	return ""
}
