package rules

import "capview/inspect/fact"

// Facts is what deciding an action takes besides the task: the system it is on and what it acts upon. What an action
// does not ask for may stay unknown.
type Facts struct {
	System
	Self
	// Filters is what its system calls are put to; unknown: they could not be read.
	Filters fact.Opt[Filters]
	Target  *TargetTask // of Ptrace and Kill
	Path    *PathInfo   // of Chown and Read
}

// System is the sysctls that decide (proc_sys(5)): those of networks in the task's network namespace.
type System struct {
	PortStart  fact.Opt[uint32]   // net.ipv4.ip_unprivileged_port_start
	PingGroups fact.Opt[GIDRange] // net.ipv4.ping_group_range, in the reader's numbers

	LogRestricted   fact.Opt[bool]        // kernel.dmesg_restrict
	LogByAdmin      fact.Opt[bool]        // CAP_SYS_ADMIN reads the log too: before Linux 6.8
	Modules         fact.Opt[ModuleState] // kernel.modules_disabled
	BPFUnprivileged fact.Opt[bool]        // kernel.unprivileged_bpf_disabled is 0
	PtraceScope     fact.Opt[int]         // kernel.yama.ptrace_scope; 0 where there is no Yama
	MaxUserNS       fact.Opt[uint64]      // user.max_user_namespaces of the initial user namespace
	// UserNSForAll is kernel.unprivileged_userns_clone, which Debian has; true where the kernel has no such switch.
	UserNSForAll fact.Opt[bool]
}

// GIDRange is gids from Low to High; none where Low is the larger.
type GIDRange struct{ Low, High uint32 }

// ModuleState is whether modules may be loaded at all.
type ModuleState uint8

// The states of a kernel's modules.
const (
	ModulesLoadable ModuleState = iota
	ModulesDisabled             // kernel.modules_disabled is 1, for good
	ModulesAbsent               // a kernel built without them (CONFIG_MODULES)
)

// Self is more of the task itself.
type Self struct {
	Nice      fact.Opt[int]    // its nice value
	NiceLimit fact.Opt[uint64] // soft RLIMIT_NICE (getrlimit(2))
	Chrooted  fact.Opt[bool]   // its root directory is not its mount namespace's
	Filtered  fact.Opt[bool]   // it has a seccomp filter, or is in strict mode
}

// TargetTask is the process that an action acts upon.
type TargetTask struct {
	Task
	Same         fact.Opt[bool] // it is the task itself, or in its thread group
	Visible      fact.Answer    // it is in the task's PID namespace or one below
	KernelThread fact.Opt[bool]
	Exited       fact.Opt[bool] // a zombie
	// Dumpable is what prctl(2) PR_GET_DUMPABLE says in it: 1. It can be told by the owner of its files in /proc (proc(5)).
	Dumpable fact.Opt[bool]
	// ProgramNS is the inode of the user namespace its program was started in, or the nearest above that has the program
	// file's owner where that may not be read (mm->user_ns): its own or one above.
	ProgramNS  fact.Opt[uint64]
	Descendant fact.Opt[bool] // a child of the task, or of one of its children: what Yama asks
}

// PathInfo is a path as the task's own resolution of it would find it.
type PathInfo struct {
	// Missing is why nothing is there: ENOENT, ENOTDIR, ELOOP. What could be read up to there is in Dirs.
	Missing Errno
	Dirs    fact.Opt[[]Entry] // every directory that is searched on the way
	File    fact.Opt[Entry]

	ReadOnly  fact.Opt[bool] // its mount or file system
	Immutable fact.Opt[bool] // it has the flag FS_IMMUTABLE_FL or FS_APPEND_FL (ioctl_iflags(2))
	NoDevice  fact.Opt[bool] // a device file on a mount with MS_NODEV
	// OwnRules is set where the file system decides in ways of its own: proc, sysfs, NFS, FUSE.
	OwnRules fact.Opt[bool]
}

// Entry is an inode on the way.
type Entry struct {
	Path string
	Inode
	Dir bool
	ACL fact.Opt[bool] // it has a POSIX access control list (acl(5))
}

// LogByAdmin tells by a kernel's release (uname(2)) whether CAP_SYS_ADMIN lets read its log as CAP_SYSLOG does: it did
// before Linux 6.8.
func LogByAdmin(release string) fact.Opt[bool] {
	major, minor, ok := version(release)
	if !ok {
		return fact.Opt[bool]{}
	}
	return fact.Some(major < 6 || major == 6 && minor < 8)
}
