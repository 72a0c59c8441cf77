package cgroup

// Role is what a cgroup's processes are to the container it names.
type Role uint8

// A helper cgroup holds what serves a container from outside: conmon, an LXC monitor, nspawn's supervisor.
const (
	Payload Role = iota
	Helper
)

// Identity is what a cgroup path says. The zero Identity says nothing. Names in it are raw: a container's may hold
// any byte but "/", newline and NUL.
type Identity struct {
	// Runtime made the container: docker, containerd, cri-o, podman, lxc, nspawn, libvirt-lxc, nomad, garden, ecs,
	// buildkit, kata, qemu, runc, crun, or the prefix of its unit for one not known here. "" where no
	// container is named.
	Runtime string
	ID      string // 64 hexadecimal digits from OCI engines; else what the runtime names it by
	Name    string // where the path has it: LXC, nspawn, libvirt, nomad, garden
	PodUID  string // Kubernetes: with dashes, or 32 hexadecimal digits for a static pod. podman: the pod's 64-digit id
	QoS     string // of a Kubernetes pod: guaranteed, burstable, besteffort
	// Namespace is the directory a bare id lies in, where that is no runtime's own: a containerd namespace, or the
	// --cgroup-parent that was asked for.
	Namespace string
	Role      Role
	VM        bool // the processes are a virtual machine's, not a container's payload

	// Path leads to the cgroup that gave the identity: the container's, else the unit's, else the whole path.
	Path string
	// Delegated is the systemd unit in whose subtree the container's cgroup was made, where it was not made by the
	// system's manager or at the top: whom the unit runs as could have chosen the name.
	Delegated string

	Unit    string // the systemd unit: a service, scope, socket, mount or swap
	Manager string // "user@1000.service" where Unit is that user manager's; "" for the system's
	Slice   string // the innermost slice above or at the path's end
	Session string // the logind session's id
	UID     string // of the user whose slice (user-UID.slice) it is in; decimal

	// Nested is the containers inside this one, outermost first. Their names could be its own root's choice.
	Nested []Identity
}

// Contained tells whether the path names a container (or virtual machine).
func (id Identity) Contained() bool { return id.Runtime != "" }
