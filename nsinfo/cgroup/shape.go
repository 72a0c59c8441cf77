package cgroup

import "strings"

// engine is who names cgroups with a prefix before a 64-digit id.
type engine struct {
	runtime string
	role    Role
	bare    bool // without ".scope" too: its cgroupfs driver
	vm      bool
}

var engines = map[string]engine{
	"docker-":         {runtime: "docker"},
	"cri-containerd-": {runtime: "containerd"},
	"nerdctl-":        {runtime: "containerd"},
	"crio-":           {runtime: "cri-o", bare: true},
	"crio-conmon-":    {runtime: "cri-o", role: Helper, bare: true},
	"libpod-":         {runtime: "podman", bare: true},
	"libpod-payload-": {runtime: "podman", bare: true}, // --cgroups=split: below the caller's unit
	"libpod-conmon-":  {runtime: "podman", role: Helper, bare: true},
	"kata_":           {runtime: "kata", bare: true, vm: true},
}

// container tells which container a component names; dir and up are the two components above it.
func container(c, dir, up string) (Identity, bool) {
	name, scope := strings.CutSuffix(c, ".scope")
	if cut := len(name) - idLen; cut >= 0 && isID(name[cut:]) {
		if cut == 0 && !scope {
			return bareID(name, dir, up)
		}
		if id, ok := prefixed(name[:cut], name[cut:], scope); ok {
			return id, true
		}
	}
	for _, shape := range [...]func(c, dir string) (Identity, bool){lxc, machine, byParent, nomad, ociScope} {
		if id, ok := shape(c, dir); ok {
			return id, true
		}
	}
	return Identity{}, false
}

// bareID is a 64-digit id alone: only the directory it is in tells whose it is.
func bareID(id, dir, up string) (Identity, bool) {
	switch {
	case dir == "libpod_parent": // a podman pod's directory, not a container's
		return Identity{}, false
	case dir == "docker", up == "ecs": // the ECS agent runs docker: /ecs/TASK/ID
		return Identity{Runtime: "docker", ID: id}, true
	case dir == "kata_overhead":
		return Identity{Runtime: "kata", ID: id, VM: true}, true
	case dir == "lxc", dir == "garden", dir == "buildkit":
		return Identity{Runtime: dir, ID: id, Name: id}, true
	}
	// What else makes such a cgroup goes through containerd: its CRI plugin below a pod, its clients below their
	// namespace, dockerd where --cgroup-parent names another directory than its own.
	m := Identity{Runtime: "containerd", ID: id}
	if podUID(dir) == "" && !isSlice(dir) && !isUnit(dir) {
		m.Namespace = dir
	}
	return m, true
}

// prefixed is a 64-digit id after a prefix.
func prefixed(prefix, id string, scope bool) (Identity, bool) {
	if e, ok := engines[prefix]; ok {
		return Identity{Runtime: e.runtime, ID: id, Role: e.role, VM: e.vm}, scope || e.bare
	}
	// "slice:prefix:id", meant for systemd, taken by a runtime that does not use it as a file name.
	if parts := strings.Split(prefix, ":"); len(parts) == 3 && parts[2] == "" {
		if e, ok := engines[parts[1]+"-"]; ok {
			m := Identity{Runtime: e.runtime, ID: id, Role: e.role}
			var p pod
			p.see(parts[0], "")
			p.describe(&m)
			return m, true
		}
	}
	runtime, ok := strings.CutSuffix(prefix, "-")
	return Identity{Runtime: runtime, ID: id}, ok && scope && isWord(runtime) && runtime != "machine"
}

// lxc is LXC, Incus and LXD: lxc.payload.NAME since LXC 4, /lxc/NAME before it and on Proxmox.
func lxc(c, dir string) (Identity, bool) {
	name, payload := strings.CutPrefix(c, "lxc.payload.")
	role := Payload
	if !payload {
		if name, payload = strings.CutPrefix(c, "lxc.monitor."); payload {
			role = Helper
		}
	}
	switch {
	case payload:
	case dir == "lxc", dir == "lxc.payload":
		name = c
	case dir == "lxc.monitor":
		name, role = c, Helper
	default:
		return Identity{}, false
	}
	return Identity{Runtime: "lxc", ID: name, Name: name, Role: role}, name != ""
}

// machine is what systemd-machined's scopes hold: nspawn's and libvirt's machines, names escaped.
func machine(c, _ string) (Identity, bool) {
	if name := unescape(between(c, "systemd-nspawn@", ".service")); name != "" {
		return Identity{Runtime: "nspawn", ID: name, Name: name}, true
	}
	name := unescape(between(c, "machine-", ".scope"))
	if name == "" {
		return Identity{}, false
	}
	// libvirt's machines are DRIVER-NUMBER-GUEST.
	driver, rest, _ := strings.Cut(name, "-")
	number, guest, ok := strings.Cut(rest, "-")
	switch {
	case !ok || !isNumber(number) || guest == "":
	case driver == "lxc":
		return Identity{Runtime: "libvirt-lxc", ID: guest, Name: guest}, true
	case driver == "qemu":
		return Identity{Runtime: "qemu", ID: guest, Name: guest, VM: true}, true
	}
	return Identity{Runtime: "nspawn", ID: name, Name: name}, true
}

// byParent is what is only told by the directory it is in.
func byParent(c, dir string) (Identity, bool) {
	switch {
	case dir == "garden":
		return Identity{Runtime: "garden", ID: c, Name: c}, true
	case dir == "buildkit" && isBuild(c):
		return Identity{Runtime: "buildkit", ID: c}, true
	case isBuild(between(c, "docker-", ".scope")):
		return Identity{Runtime: "buildkit", ID: between(c, "docker-", ".scope")}, true
	case len(dir) == 32 && isHex(dir) && isNumber(between(c, dir+"-", "")): // Fargate: /ecs/TASK/TASK-NUMBER
		return Identity{Runtime: "ecs", ID: c}, true
	}
	return Identity{}, false
}

// nomad is an allocation's task: UUID.TASK.
func nomad(c, _ string) (Identity, bool) {
	const uuid = 36
	if len(c) < uuid+2 || c[uuid] != '.' || !isUUID(c[:uuid]) {
		return Identity{}, false
	}
	task := strings.TrimSuffix(c[uuid+1:], ".scope")
	return Identity{Runtime: "nomad", ID: c[:uuid] + "." + task, Name: task}, task != ""
}

// ociScope is a runtime run by hand with its systemd driver: its name before the id its user chose.
func ociScope(c, _ string) (Identity, bool) {
	for _, prefix := range [...]string{"runc-", "crun-", "youki-"} {
		if id := unescape(between(c, prefix, ".scope")); id != "" {
			return Identity{Runtime: prefix[:len(prefix)-1], ID: id, Name: id}, true
		}
	}
	return Identity{}, false
}
