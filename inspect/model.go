package inspect

import (
	"encoding/json"
	"time"

	"capview/inspect/caps"
	"capview/inspect/filecap"
	"capview/nsinfo"
)

// Schema names the form of a Snapshot's JSON.
const Schema = "capview/snapshot/v1"

// Snapshot is everything capview knows of a node at one moment. All strings are raw, as the kernel
// gave them: hostile until sanitised at the border to the screen.
//
// Two Snapshots of one Source may have Processes in common: who has been given one changes none.
type Snapshot struct {
	Schema         string             `json:"schema"`
	Version        string             `json:"version"` // of the capview that took it
	TakenAt        time.Time          `json:"taken_at"`
	Host           Host               `json:"host"`
	Processes      []*Process         `json:"processes"`  // by PID
	Containers     []Container        `json:"containers"` // by key
	UserNamespaces []nsinfo.User      `json:"user_namespaces"`
	Namespaces     []nsinfo.Namespace `json:"namespaces"`
	SeccompFilters []FilterProgram    `json:"seccomp_filters"` // each distinct one in force, by hash
	Gaps           []Gap              `json:"gaps"`

	shared []bool // which of Processes other Snapshots have as well; see Keep
}

// Host is the node itself.
type Host struct {
	Hostname      string   `json:"hostname"`
	Kernel        string   `json:"kernel"`            // utsname release
	Machine       string   `json:"machine,omitempty"` // utsname machine: "x86_64", "aarch64"; "" unknown
	BootID        string   `json:"boot_id"`
	BootTime      int64    `json:"boot_time"`      // seconds since the epoch (btime of /proc/stat); 0 unknown
	ClockTicks    int64    `json:"clock_ticks"`    // start_time's ticks a second (USER_HZ)
	CgroupMode    string   `json:"cgroup_mode"`    // unified, hybrid, legacy, unavailable
	CapLastCap    caps.Cap `json:"cap_last_cap"`   // /proc/sys/kernel/cap_last_cap
	Engine        string   `json:"engine"`         // procfs, bpf
	UserNamespace uint64   `json:"user_namespace"` // inode of the host's (the initial, or the reader's outermost visible) user namespace
}

// Process is a thread group, with the credentials of its leader.
type Process struct {
	PID          int    `json:"pid"`
	StartTime    uint64 `json:"start_time"` // clock ticks since boot (proc_pid_stat(5) field 22)
	PPID         int    `json:"ppid"`
	Comm         string `json:"comm"`
	KernelThread bool   `json:"kernel_thread"`
	// State is the letter of proc_pid_status(5) "State": "S", "Z" for a zombie.
	State string `json:"state"`

	Cmdline Opt[[]string] `json:"cmdline"` // empty for kernel threads and zombies
	Exe     Opt[string]   `json:"exe"`     // as the link reads, " (deleted)" included; "" for kernel threads and zombies
	ExeFile Opt[ExeFile]  `json:"exe_file"`

	User   Opt[string]   `json:"user"` // name of the effective uid as the host's passwd has it; the number where it has none
	UID    Opt[IDs]      `json:"uid"`  // in the reader's user namespace
	GID    Opt[IDs]      `json:"gid"`
	Groups Opt[[]uint32] `json:"groups"`

	Creds

	Namespaces Opt[nsinfo.Set]   `json:"namespaces"` // inode by type
	FileCaps   Opt[filecap.Caps] `json:"file_caps"`  // of the executable; known and Revision 0: it has none

	Cgroup    Opt[string] `json:"cgroup"`           // the path that decided, or the deepest; relative to the reader's cgroup namespace
	Container string      `json:"container"`        // a Container's key; "" where too little could be read to tell
	Nested    string      `json:"nested,omitempty"` // key of the innermost container inside Container that the cgroup claims
	Role      Role        `json:"role"`             // what it is to its container
	// Entered is the key of the container whose namespaces it is in although its cgroup is not that container's
	// (nsenter(1), setns(2)); Container may be the same key, where nothing else told where it belongs.
	Entered string `json:"entered,omitempty"`
	// Outside is set where it is in its container's cgroup and in none of the namespaces that its container does not
	// share with the host.
	Outside bool `json:"outside,omitempty"`

	// ThreadCount is how many threads the group has; Threads holds those of them whose Creds differ
	// from the leader's (or all but the leader, when the source was asked for all).
	ThreadCount int      `json:"thread_count"`
	Threads     []Thread `json:"threads"`
	// Status is the text of /proc/PID/status as read, kept only where the source was asked to.
	Status string `json:"status,omitempty"`
	Gaps   []Gap  `json:"gaps"`
}

// Creds is what capabilities and filters are per thread.
type Creds struct {
	Caps       Opt[caps.Sets] `json:"caps"`
	NoNewPrivs Opt[bool]      `json:"no_new_privs"`
	Seccomp    Opt[Seccomp]   `json:"seccomp"`
	SecureBits Opt[uint32]    `json:"securebits"` // procfs does not have it
}

// Thread is one thread of a process other than its leader.
type Thread struct {
	TID  int      `json:"tid"`
	Comm string   `json:"comm"`
	UID  Opt[IDs] `json:"uid"`
	GID  Opt[IDs] `json:"gid"`
	Creds
}

// IDs is the four uids or gids of credentials(7).
type IDs struct {
	Real      uint32 `json:"real"`
	Effective uint32 `json:"effective"`
	Saved     uint32 `json:"saved"`
	FS        uint32 `json:"fs"`
}

// Seccomp is a thread's seccomp state (seccomp(2), proc_pid_status(5)).
type Seccomp struct {
	Mode    SeccompMode `json:"mode"`
	Filters Opt[int]    `json:"filters"` // how many are attached; unknown before Linux 5.9
	Profile Opt[string] `json:"profile"` // whose filter it is, where known
	// Stack is which filters they are, each the hash of one of Snapshot.SeccompFilters. procfs does not have it.
	Stack Opt[FilterStack] `json:"stack"`
}

// SeccompMode is "disabled", "strict" or "filter"; "dead" for a dying task (SECCOMP_MODE_DEAD).
type SeccompMode string

// The seccomp modes by their numbers in /proc/PID/status.
const (
	SeccompDisabled SeccompMode = "disabled"
	SeccompStrict   SeccompMode = "strict"
	SeccompFilter   SeccompMode = "filter"
	SeccompDead     SeccompMode = "dead"
)

// ExeFile is the executable's inode, as /proc/PID/exe leads to it.
type ExeFile struct {
	Device uint64    `json:"device"` // st_dev
	Inode  uint64    `json:"inode"`
	Ctime  int64     `json:"ctime"` // nanoseconds since the epoch
	Mode   uint32    `json:"mode"`  // st_mode's permission, set-id and sticky bits
	UID    uint32    `json:"uid"`
	GID    uint32    `json:"gid"`
	NoSUID Opt[bool] `json:"nosuid"` // its mount has MS_NOSUID: set-id bits and file capabilities do not count
}

// SetUID and SetGID tell of the set-id bits (inode(7)); a set-group-ID bit counts only with group execute.
func (f ExeFile) SetUID() bool { return f.Mode&0o4000 != 0 }
func (f ExeFile) SetGID() bool { return f.Mode&0o2010 == 0o2010 }

// Role is what a process is to the container it is grouped with.
type Role string

// A helper serves a container from outside (conmon, a shim); an infra process holds a pod's or a rootless
// user's namespaces open (pause, catatonit).
const (
	RolePayload Role = "payload"
	RoleHelper  Role = "helper"
	RoleInfra   Role = "infra"
)

// Kind is what sort of group a Container is.
type Kind string

// The kinds of groups. Only KindContainer and KindSandbox are containers to a runtime.
const (
	KindContainer Kind = "container"
	KindSandbox   Kind = "sandbox" // a pod's pause container
	KindUserNS    Kind = "userns"  // no runtime names it, its user namespace is not the host's
	KindUnit      Kind = "unit"    // systemd service, scope, slice
	KindSession   Kind = "session" // logind session
	KindKernel    Kind = "kernel"
	KindHost      Kind = "host"
)

// Container is a group of processes that share an identity: a container, or what the host has instead.
type Container struct {
	Key           string        `json:"key"`
	Kind          Kind          `json:"kind"`
	ID            string        `json:"id"`
	Name          Opt[string]   `json:"name"`
	Runtime       string        `json:"runtime"` // docker, containerd, podman, cri-o, lxc, nspawn, ...; "" where no runtime is
	Image         Opt[string]   `json:"image"`
	Pod           Opt[Pod]      `json:"pod"`
	Unit          string        `json:"unit"`
	Cgroup        string        `json:"cgroup"`
	UserNamespace Opt[uint64]   `json:"user_namespace"` // of its first process
	Declared      Opt[Declared] `json:"declared"`
	NestedIn      string        `json:"nested_in"` // key of the container around it
	// Claimed is set where the identity comes from a cgroup that a container's own root could have made, or from files
	// or arguments of anyone but the host's root: an unprivileged user's runtime.
	Claimed bool `json:"claimed"`
	// Owner is the uid, in the reader's user namespace, of the unprivileged user whose runtime made it (rootless).
	Owner Opt[uint32] `json:"owner"`
	// Shares is the namespaces its payload has in common with the host or with other containers; unknown where no one
	// looked.
	Shares Opt[[]Share] `json:"shares"`
	Usage  Usage        `json:"usage"`
}

// Usage is what a container's cgroup counts, those below it included (Documentation/admin-guide/cgroup-v2.rst,
// memory.current and cpu.stat; v1: memory.usage_in_bytes and cpuacct.usage). Unknown for groups that are no containers.
type Usage struct {
	Memory Opt[uint64] `json:"memory_bytes"` // page cache included
	CPU    Opt[uint64] `json:"cpu_usec"`     // time on CPUs since the cgroup was made, in microseconds
	// CPURate is how many of those microseconds passed in each second since the scan before; 1,000,000 is one CPU. Unknown
	// in the first scan.
	CPURate Opt[uint64] `json:"cpu_usec_per_second"`
}

// Share is a namespace that two containers, or one and the host, have in common.
type Share struct {
	Type string `json:"type"` // by its name under /proc/PID/ns
	With string `json:"with"` // key of the other container; "host"
}

// Pod is a Kubernetes pod (or a podman one, which has no namespace).
type Pod struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	UID       string `json:"uid"`
}

// Declared is what the runtime was asked for: its OCI spec (config.json of the OCI runtime specification), or what its
// own configuration has of it. A runtime may be asked for more than the kernel then gives.
type Declared struct {
	Source     string         `json:"source"`  // the file's path as its runtime sees it
	Claimed    bool           `json:"claimed"` // the file, or the folder it is in, can be changed by others than the host's root
	Caps       Opt[caps.Sets] `json:"caps"`
	User       Opt[SpecUser]  `json:"user"`
	NoNewPrivs Opt[bool]      `json:"no_new_privs"`
	Seccomp    Opt[string]    `json:"seccomp"` // "none"; else the profile's name where known, "profile" where not
	// SeccompDefault is what the profile does with a system call it does not name: "SCMP_ACT_ERRNO" (seccomp of the
	// OCI runtime specification, defaultAction); "" where there is no profile.
	SeccompDefault Opt[string] `json:"seccomp_default"`
	// SeccompProfile is the profile itself: linux.seccomp of the OCI runtime specification, as its file has it; nil where
	// there is none, or it is not known.
	SeccompProfile json.RawMessage `json:"seccomp_profile,omitempty"`
	// Namespaces is those it gets; of a type that is not among them it is in its runtime's own, as a rule the host's.
	Namespaces Opt[[]SpecNamespace] `json:"namespaces"`
	UIDMap     Opt[[]nsinfo.Range]  `json:"uid_map"` // outside as the runtime numbers them; empty: none was asked for
	GIDMap     Opt[[]nsinfo.Range]  `json:"gid_map"`
	Privileged Opt[bool]            `json:"privileged"` // as its runtime calls it (docker, podman, CRI --privileged)
	// Mounts is those of them that lead out of the container.
	Mounts Opt[[]SpecMount] `json:"mounts"`
}

// SpecUser is the credentials that a container's first process was to get, by the numbers inside the container.
type SpecUser struct {
	UID    uint32   `json:"uid"`
	GID    uint32   `json:"gid"`
	Groups []uint32 `json:"groups"`
}

// SpecNamespace is a namespace a container was to get: a new one, or the one at Path.
type SpecNamespace struct {
	Type string `json:"type"` // by its name under /proc/PID/ns
	Path string `json:"path"` // "": a new one
}

// SpecMount is a mount that gives a container a part of the host, and what that part is.
type SpecMount struct {
	Source      string `json:"source"`
	Destination string `json:"destination"`
	ReadOnly    bool   `json:"read_only"`
	Risk        string `json:"risk"` // in a few words: "the host's root directory", "docker's socket"
}

// Gap is something that could not be read, and why. It never stands for "none".
type Gap struct {
	Subject string `json:"subject"` // "pid 812", "host", "processes"
	What    string `json:"what"`    // the fact by its JSON key: "namespaces", "exe"
	Why     string `json:"why"`     // the cause in words: "permission denied (needs CAP_SYS_PTRACE)"
}
