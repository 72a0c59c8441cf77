package advise

import (
	"slices"
	"strings"

	"capview/inspect/caps"
)

// need is what a check that was made says of the capability.
type need uint8

const (
	needed    need = iota // what was asked for hung on it
	mayNeed               // it did or did not: what was seen does not tell
	notNeeded             // the kernel asks and goes on all the same
)

// reading is a check's meaning, and why it is not simply a need.
type reading struct {
	need need
	why  string
}

// read tells what a check says. The kernel asks for a capability at many places where the call succeeds without it; such
// a check is no reason to keep the capability, and its denial none to want it.
func read(u *Use) reading {
	for _, rule := range readings {
		if r, ok := rule(u); ok {
			return r
		}
	}
	return reading{need: needed}
}

// readings are tried in order; the first that knows the check decides.
var readings = []func(*Use) (reading, bool){readOwner, readOverridden, readNoAudit, readMemory, readModule, readSetPCap, readLists, readProc, readSockopt,
	readSetID, readFSetID, readAddresses, readSysctl, readDevice, readWakeup}

// readOwner: who made a user namespace has every capability in it, held or not (user_namespaces(7); kernel: cap_capable).
func readOwner(u *Use) (reading, bool) {
	held, known := u.Effective.Get()
	if !u.Allowed || !known || held.Has(u.Cap) {
		return reading{}, false
	}
	return reading{notNeeded, "allowed to the maker of the user namespace, who need not hold it"}, true
}

// readOverridden: the credentials that were checked are not the task's (kernel: override_creds).
func readOverridden(u *Use) (reading, bool) {
	return reading{notNeeded, "checked with credentials that a file system or access(2) had put in place of its own"}, u.Overridden.Or(false)
}

// noAuditNeeds are the system calls that fail for the lack of SYS_ADMIN although the kernel asks without audit: a filter
// or ruleset without no_new_privs (kernel: seccomp_prepare_filter, landlock_restrict_self).
var noAuditNeeds = []string{"seccomp", "prctl", "landlock_restrict_self"}

// opens are the calls that open a file, reads and writes those that go on with it.
var (
	opens      = []string{"open", "openat", "openat2", "creat"}
	readWrites = []string{"read", "pread64", "readv", "write", "pwrite64", "writev"}
)

// readNoAudit: the kernel asks without audit where it only chooses how to go on (CAP_OPT_NOAUDIT).
func readNoAudit(u *Use) (reading, bool) {
	if quiet, known := u.quiet(); !known || !quiet {
		return reading{}, false
	}
	if u.Cap == caps.SysAdmin && slices.Contains(noAuditNeeds, u.Syscall) {
		return reading{need: needed}, true
	}
	if r, ok := readSysctl(u); ok {
		return r, true
	}
	return reading{notNeeded, "the kernel asked without audit: it only chooses how to go on, and nothing fails for the lack of it"}, true
}

// memory are the system calls in which the kernel asks for SYS_ADMIN to decide over reserved memory, at every larger
// mapping (kernel: __vm_enough_memory, cap_vm_enough_memory). No namespace is made by them, nothing mounted.
var memory = []string{"mmap", "mmap2", "munmap", "mremap", "mprotect", "pkey_mprotect", "brk", "madvise", "remap_file_pages",
	"shmat", "shmget", "execve", "execveat", "fork", "vfork", "memfd_create", "ftruncate", "ftruncate64", "fallocate"}

// spawning are those that copy mappings, and make namespaces where they are told to.
var spawning = []string{"clone", "clone3"}

// quiet tells whether the kernel asked without audit, and whether that is known.
func (u *Use) quiet() (quiet, known bool) {
	if audit, ok := u.Audit.Get(); ok {
		return !audit, true
	}
	return u.Probe.Get()
}

// readMemory tells SYS_ADMIN for memory from SYS_ADMIN for namespaces where the tracer could not see whether it was
// asked with audit.
func readMemory(u *Use) (reading, bool) {
	if u.Cap != caps.SysAdmin {
		return reading{}, false
	}
	const why = "asked at every larger mapping, for the last of the memory; the call goes on without it"
	switch {
	case inStack(u, "cap_vm_enough_memory", "__vm_enough_memory", "security_vm_enough_memory_mm"):
		return reading{notNeeded, why}, true
	case u.Audit.Known():
		return reading{}, false
	case slices.Contains(memory, u.Syscall):
		return reading{notNeeded, why}, true
	case u.Probe.Known():
		return reading{}, false
	case slices.Contains(spawning, u.Syscall) && inStack(u, "copy_namespaces", "create_new_namespaces"):
		return reading{need: needed}, true
	case slices.Contains(spawning, u.Syscall):
		return reading{mayNeed, u.Syscall + " asks for it to copy memory, which does not need it, and for new namespaces, which do: a stack would tell"}, true
	}
	return reading{}, false
}

// inStack tells whether any of the functions is in the kernel's stack.
func inStack(u *Use, functions ...string) bool {
	for _, frame := range u.Stack {
		name, _, _ := strings.Cut(frame, "+")
		if slices.Contains(functions, strings.TrimSpace(name)) {
			return true
		}
	}
	return false
}

// readModule: naming a network device that is not there asks whether a module may be loaded for it (kernel: dev_load).
func readModule(u *Use) (reading, bool) {
	if u.Cap != caps.SysModule || slices.Contains([]string{"init_module", "finit_module", "delete_module", ""}, u.Syscall) {
		return reading{}, false
	}
	return reading{notNeeded, "asked whether a module may be loaded for a device of that name; the call itself does not load one"}, true
}

// readSetPCap: every capset(2) asks whether the inheritable set is capped (kernel: cap_inh_is_capped), and needs the
// answer only to inherit what is not permitted.
func readSetPCap(u *Use) (reading, bool) {
	return reading{notNeeded, "every capset(2) asks for it; only inheriting what is not permitted needs it"},
		u.Cap == caps.SetPCap && u.Syscall == "capset"
}

// readLists: trusted attributes are left out of the list (kernel: simple_xattr_list, ext4_xattr_trusted_list).
func readLists(u *Use) (reading, bool) {
	return reading{notNeeded, "without it trusted attributes are left out of the list"},
		u.Cap == caps.SysAdmin && slices.Contains([]string{"listxattr", "llistxattr", "flistxattr", "listxattrat"}, u.Syscall)
}

// readProc: /proc/PID/stat shows zeros for addresses without it, and asks without audit (kernel: do_task_stat); other
// files of /proc/PID need it.
func readProc(u *Use) (reading, bool) {
	return reading{mayNeed, "reading /proc/PID/stat asks for it, and goes on without; other files of /proc/PID need it"},
		u.Cap == caps.SysPtrace && !u.Audit.Known() && !u.Probe.Known() && slices.Contains([]string{"read", "pread64", "readv"}, u.Syscall)
}

// readSockopt: choosing any congestion control asks for NET_ADMIN, and needs it only for a restricted one (kernel:
// do_tcp_setsockopt).
func readSockopt(u *Use) (reading, bool) {
	return reading{mayNeed, "setsockopt asks for it to choose a congestion control, which seldom needs it, and for options that do: a stack would tell"},
		u.Cap == caps.NetAdmin && u.Syscall == "setsockopt" && (len(u.Stack) == 0 || inStack(u, "do_tcp_setsockopt", "tcp_set_congestion_control"))
}

// setIDs are the calls that ask first whether any id may be taken, and then whether it is one that the task has.
var setIDs = map[caps.Cap][]string{caps.SetUID: {"setuid", "setuid32"}, caps.SetGID: {"setgid", "setgid32"}}

// readSetID: who is refused may still take an id of its own (kernel: __sys_setuid, __sys_setgid).
func readSetID(u *Use) (reading, bool) {
	return reading{mayNeed, "setuid(2) and setgid(2) ask for it first, and do without for an id that the process has"},
		!u.Allowed && slices.Contains(setIDs[u.Cap], u.Syscall)
}

// readFSetID: without it set-id bits are cleared, and the call succeeds (kernel: setattr_should_drop_suidgid).
func readFSetID(u *Use) (reading, bool) {
	return reading{mayNeed, "without it set-id bits are cleared, and the call goes on"}, u.Cap == caps.FSetID
}

// readAddresses: /proc/kallsyms and its like show zeros for addresses (kernel: kallsyms_show_value); /dev/kmsg is not opened.
func readAddresses(u *Use) (reading, bool) {
	return reading{mayNeed, "opening /proc/kallsyms asks for it, and shows no addresses without; /dev/kmsg needs it"},
		u.Cap == caps.Syslog && slices.Contains(opens, u.Syscall)
}

// readSysctl: every use of a file of /proc/sys/net asks whether its opener may do as its owner (kernel: net_ctl_permissions).
func readSysctl(u *Use) (reading, bool) {
	return reading{mayNeed, "files of /proc/sys/net ask for it, and need it only for what others than their owner may not"},
		u.Cap == caps.NetAdmin && (slices.Contains(opens, u.Syscall) || slices.Contains(readWrites, u.Syscall))
}

// readDevice: naming a network device that is not there asks whether a module may be loaded (kernel: dev_load). Who is
// refused anything else of a device by ioctl(2) cannot be told from that without a stack.
func readDevice(u *Use) (reading, bool) {
	const why = "ioctl(2) asks for it also to load a module for a network device that is not there"
	switch {
	case u.Cap != caps.NetAdmin || u.Syscall != "ioctl":
		return reading{}, false
	case inStack(u, "dev_load"):
		return reading{notNeeded, why}, true
	}
	return reading{mayNeed, why}, !u.Allowed && len(u.Stack) == 0
}

// readWakeup: without it EPOLLWAKEUP is left out (kernel: ep_take_care_of_epollwakeup).
func readWakeup(u *Use) (reading, bool) {
	return reading{mayNeed, "without it epoll_ctl(2) leaves EPOLLWAKEUP out, and goes on"}, u.Cap == caps.BlockSuspend && u.Syscall == "epoll_ctl"
}

// instead is what the kernel asks for next where a capability is missing; either does. Source: the kernel's function.
type instead struct {
	first, then caps.Cap
	syscalls    []string // nil: any
}

// insteads: bpf_capable, perfmon_capable, checkpoint_restore_ns_capable (include/linux/capability.h), generic_permission
// (fs/namei.c), check_syslog_permissions (kernel/printk/printk.c), sk_setsockopt (SO_MARK, SO_PRIORITY; net/core/sock.c),
// copy_process and pipes beyond their limits (kernel/fork.c, fs/pipe.c).
var insteads = []instead{
	{caps.DACReadSearch, caps.DACOverride, nil},
	{caps.BPF, caps.SysAdmin, []string{"bpf"}},
	{caps.BPF, caps.NetAdmin, []string{"bpf"}},
	{caps.PerfMon, caps.SysAdmin, nil},
	{caps.CheckpointRestore, caps.SysAdmin, nil},
	{caps.Syslog, caps.SysAdmin, nil},
	{caps.NetRaw, caps.NetAdmin, []string{"setsockopt"}},
	{caps.SysResource, caps.SysAdmin, []string{"fork", "vfork", "clone", "clone3", "pipe", "pipe2", "fcntl"}},
}

// does tells whether having then made up for the lack of first in that system call.
func (i instead) does(first, then caps.Cap, syscall string) bool {
	return i.first == first && i.then == then && (i.syscalls == nil || slices.Contains(i.syscalls, syscall))
}

// Need is what a check says of the capability that it asked for.
type Need string

// The needs.
const (
	IsNeeded  Need = "needed"     // what was asked for hung on it
	MayNeed   Need = "perhaps"    // what was seen does not tell
	NotNeeded Need = "not needed" // the kernel asks and goes on all the same
)

// Needed is what a check says.
func Needed(u *Use) Need {
	switch read(u).need {
	case needed:
		return IsNeeded
	case mayNeed:
		return MayNeed
	}
	return NotNeeded
}
