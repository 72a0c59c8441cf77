package trace

import (
	"encoding/binary"

	"capview/inspect/caps"
	"capview/inspect/seccomp"
)

// quiet is the kernel's functions that ask without audit (CAP_OPT_NOAUDIT): a check that one of them is among the callers
// of is one without audit. security/commoncap.c, kernel/capability.c; cap_vm_enough_memory leaves its frame to what it
// calls, so its caller is named too, which calls nothing else that asks. kallsyms_show_value (kernel/ksyms_common.c) asks
// security_capable itself, the others' callers by them: net_ctl_permissions (net/sysctl_net.c), ipc_permissions
// (ipc/ipc_sysctl.c) and pid_table_root_permissions (kernel/pid.c) call ns_capable_noaudit.
var quiet = []string{
	"cap_vm_enough_memory", "security_vm_enough_memory_mm", "ns_capable_noaudit", "has_ns_capability_noaudit", "has_capability_noaudit",
	"kallsyms_show_value", "capable_noaudit",
}

// probed is the capabilities that callers of quiet ask for, by what they ask for:
// memory (mm/util.c __vm_enough_memory), extended attributes (fs/xattr.c simple_xattr_list), filters (kernel/seccomp.c),
// rulesets (security/landlock/syscalls.c) and sysctls of PID namespaces (kernel/pid.c): CAP_SYS_ADMIN; /proc/PID/stat
// (fs/proc/array.c do_task_stat): CAP_SYS_PTRACE; kernel addresses (kernel/ksyms_common.c kallsyms_show_value): CAP_SYSLOG;
// reserved blocks and quota (fs/xfs): CAP_SYS_RESOURCE; sysctls of networks (net/sysctl_net.c net_ctl_permissions) and
// sockets of virtual machines (net/vmw_vsock/af_vsock.c): CAP_NET_ADMIN; sysctls of IPC (ipc/ipc_sysctl.c):
// CAP_CHECKPOINT_RESTORE, then CAP_SYS_ADMIN.
var probed = caps.Of(caps.SysAdmin, caps.SysPtrace, caps.Syslog, caps.SysResource, caps.NetAdmin, caps.CheckpointRestore)

// asking is the system calls that ask for a capability of probed themselves, and beside which the kernel does not ask for
// it: where they were made no stack has to be walked. What else they do, such as touching memory for the first time, is
// taken for theirs too.
var asking = map[caps.Cap][]string{
	caps.SysAdmin: {
		"mount", "umount2", "umount", "setns", "unshare", "sethostname", "setdomainname", "swapon", "swapoff", "bpf",
		"perf_event_open", "quotactl", "quotactl_fd", "pivot_root", "fsopen", "fspick", "fsmount", "move_mount", "open_tree",
		"mount_setattr", "fanotify_init", "ptrace", "kcmp", "vhangup", "reboot", "keyctl",
	},
	caps.SysPtrace: {
		"ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd", "setns", "process_madvise",
		"get_robust_list", "move_pages", "migrate_pages", "userfaultfd", "perf_event_open",
	},
	caps.Syslog:      {"syslog"},
	caps.NetAdmin:    {"setsockopt", "sendto", "sendmsg", "sendmmsg", "ioctl"},
	caps.SysResource: {"setrlimit", "prlimit64", "prctl", "fcntl", "fcntl64"},
}

// deciding is the system calls that ask without audit, and fail where the answer is no: no probes. A filter and a ruleset
// without no_new_privs take CAP_SYS_ADMIN (kernel/seccomp.c seccomp_prepare_filter, security/landlock/syscalls.c
// landlock_restrict_self), and so do mounts beyond one's root (fs/namespace.c do_statmount, do_listmount).
var deciding = map[caps.Cap][]string{caps.SysAdmin: {"seccomp", "prctl", "landlock_restrict_self", "statmount", "listmount"}}

// beside is the system calls beside which the kernel asks for its own sake: where it hides its addresses (kptr_restrict),
// so that callers cannot be told by the stack, such a check in them is taken for a probe, and one outside any system call.
var beside = map[caps.Cap][]string{
	caps.SysAdmin: {
		"mmap", "mmap2", "mremap", "mprotect", "pkey_mprotect", "brk", "munmap", "clone", "clone3", "fork", "vfork", "execve",
		"execveat", "shmget", "shmat", "memfd_create", "write", "writev", "pwrite64", "pwritev", "pwritev2", "ftruncate",
		"ftruncate64", "fallocate", "sendfile", "sendfile64", "splice", "listxattr", "llistxattr", "flistxattr", "exit_group",
	},
	caps.SysPtrace: {"read", "pread64", "readv"},
	caps.Syslog:    {"open", "openat", "openat2", "bpf"},
	// A sysctl is asked for at every look-up of its path.
	caps.NetAdmin: {
		"open", "openat", "openat2", "stat", "lstat", "newfstatat", "fstatat64", "statx", "access", "faccessat", "faccessat2", "socket",
	},
}

// numbers is how many system calls of each ABI the programs tell apart (c/probe.h NUMBERS).
const numbers = 1024

// askingTable is the value of each slot of the map asks that is not zero: struct asking, by the slot of an ABI's number.
func askingTable(abis []seccomp.Arch) map[uint32][]byte {
	table := map[uint32][]byte{}
	for i, abi := range abis {
		fill := func(sets map[caps.Cap][]string, at int) {
			for c, names := range sets {
				for _, name := range names {
					number, ok := abi.Number(name)
					number &^= x32Bit
					if !ok || number >= numbers {
						continue // another ABI's
					}
					slot := uint32(i*numbers) + number
					if table[slot] == nil {
						table[slot] = make([]byte, 24)
					}
					set := binary.LittleEndian.Uint64(table[slot][at:]) | uint64(caps.Of(c))
					binary.LittleEndian.PutUint64(table[slot][at:], set)
				}
			}
		}
		fill(asking, 0)
		fill(deciding, 8)
		fill(beside, 16)
	}
	return table
}
