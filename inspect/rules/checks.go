package rules

import "capview/inspect/caps"

// Target names the user namespace that a check is against, seen from the task that is checked.
type Target uint8

// The targets.
const (
	OverHost   Target = iota // the initial user namespace (capable())
	OverSelf                 // its own; with files, the owner and group must be mapped there (capable_wrt_inode_uidgid)
	OverTask                 // that of the process acted upon
	OverNet                  // the owner of its network namespace
	OverMount                // the owner of its mount namespace
	OverUTS                  // the owner of its UTS namespace
	OverIPC                  // the owner of its IPC namespace
	OverPID                  // the owner of its PID namespace
	OverTime                 // the owner of its time namespace
	OverFS                   // the one that mounted the file system
	OverParent               // the parent of the one acted upon
	targets
)

// Check is a use of a capability and the user namespace it is checked against.
type Check struct {
	Over   Target
	What   string // "binding ports below ip_unprivileged_port_start"
	Source string // kernel file or function
}

// Checks is what c is asked for, the main use first. A capability without a name here is taken for one that is checked
// against the initial user namespace, as new ones begin.
func Checks(c caps.Cap) []Check {
	if int(c) < len(checks) {
		return checks[c]
	}
	return []Check{{OverHost, "what a newer kernel asks it for", "kernel: capable"}}
}

// checks is every place in the kernel that asks for a capability, summed up by what it is checked against
// (capable, ns_capable, netlink_capable, capable_wrt_inode_uidgid, file_ns_capable).
var checks = [...][]Check{
	caps.Chown: {
		{OverSelf, "changing the owner of files whose owner is mapped in its user namespace", "fs/attr.c setattr_prepare"},
		{OverFS, "changing the owner of files whose owner no id stands for", "fs/attr.c chown_ok"}},
	caps.DACOverride: {
		{OverSelf, "reading, writing and executing files against their mode", "fs/namei.c generic_permission"}},
	caps.DACReadSearch: {
		{OverSelf, "reading files and searching directories against their mode", "fs/namei.c generic_permission"},
		{OverHost, "opening files by handle", "fs/fhandle.c"}},
	caps.FOwner: {
		{OverSelf, "acting as the owner of files", "fs/inode.c inode_owner_or_capable"}},
	caps.FSetID: {
		{OverSelf, "keeping set-group-ID bits of groups it is not in", "fs/attr.c setattr_prepare"},
		{OverHost, "keeping set-id bits when a file is written", "fs/attr.c should_remove_suid"}},
	caps.Kill: {
		{OverTask, "signals to other users' processes", "kernel/signal.c kill_ok_by_cred"}},
	caps.SetGID: {
		{OverSelf, "changing gids and groups to any that are mapped", "kernel/sys.c, kernel/groups.c"},
		{OverParent, "writing the gid map of a new user namespace", "kernel/user_namespace.c new_idmap_permitted"}},
	caps.SetUID: {
		{OverSelf, "changing uids to any that are mapped", "kernel/sys.c"},
		{OverParent, "writing the uid map of a new user namespace", "kernel/user_namespace.c new_idmap_permitted"}},
	caps.SetPCap: {
		{OverSelf, "dropping from the bounding set, widening the inheritable set, setting securebits", "security/commoncap.c"}},
	caps.LinuxImmutable: {
		{OverHost, "the immutable and append-only flags of files", "fs/ioctl.c fileattr_set_prepare"}},
	caps.NetBindService: {
		{OverNet, "binding ports below ip_unprivileged_port_start", "net/ipv4/af_inet.c __inet_bind"},
		{OverHost, "privileged ports of vsock, RDMA, Bluetooth", "net/vmw_vsock/af_vsock.c"}},
	caps.NetBroadcast: {
		{OverNet, "listening to netlink broadcasts of other network namespaces", "net/netlink/af_netlink.c"}},
	caps.NetAdmin: {
		{OverNet, "interfaces, routes, packet filters, socket options", "net/core/rtnetlink.c rtnetlink_rcv_msg"},
		{OverHost, "drivers, Bluetooth, generic netlink families", "net/netlink/genetlink.c"}},
	caps.NetRaw: {
		{OverNet, "raw and packet sockets", "net/ipv4/af_inet.c inet_create, net/packet/af_packet.c"},
		{OverHost, "raw sockets of Bluetooth, RDMA", "net/bluetooth/hci_sock.c"}},
	caps.IPCLock: {
		{OverHost, "locking memory past its limit", "mm/mlock.c can_do_mlock"},
		{OverIPC, "locking System V shared memory", "ipc/shm.c shmctl_do_lock"}},
	caps.IPCOwner: {
		{OverIPC, "System V IPC and message queues of other users", "ipc/util.c ipcperms"}},
	caps.SysModule: {
		{OverHost, "loading and unloading kernel modules", "kernel/module/main.c may_init_module"}},
	caps.SysRawIO: {
		{OverHost, "I/O ports, raw memory, device commands", "arch/x86/kernel/ioport.c, drivers/char/mem.c"}},
	caps.SysChroot: {
		{OverSelf, "chroot(2)", "fs/open.c"},
		{OverMount, "entering a mount namespace", "fs/namespace.c mntns_install"}},
	caps.SysPtrace: {
		{OverTask, "tracing and reading other users' processes", "kernel/ptrace.c ptrace_has_cap"},
		{OverHost, "userfaultfd(2) over the kernel's own faults", "fs/userfaultfd.c"}},
	caps.SysPacct: {
		{OverHost, "process accounting", "kernel/acct.c"}},
	caps.SysAdmin: {
		{OverHost, "swap, quotas, block devices, fanotify and some five hundred more", "kernel: capable(CAP_SYS_ADMIN)"},
		{OverMount, "mounting and unmounting", "fs/namespace.c may_mount"},
		{OverFS, "remounting and freezing what its user namespace mounted", "fs/super.c"},
		{OverUTS, "the host name", "kernel/sys.c sethostname"},
		{OverNet, "entering a network namespace", "net/core/net_namespace.c netns_install"},
		{OverIPC, "entering an IPC namespace", "ipc/namespace.c ipcns_install"},
		{OverPID, "entering a PID namespace", "kernel/pid_namespace.c pidns_install"},
		{OverTime, "entering a time namespace", "kernel/time/namespace.c timens_install"},
		{OverSelf, "new namespaces, a seccomp filter without no_new_privs", "kernel/nsproxy.c, kernel/seccomp.c"}},
	caps.SysBoot: {
		{OverPID, "reboot(2): of a child PID namespace, ending its init", "kernel/reboot.c"},
		{OverHost, "kexec_load(2)", "kernel/kexec.c"}},
	caps.SysNice: {
		{OverTask, "priorities and affinity of other users' processes", "kernel/sys.c set_one_prio_perm"},
		{OverHost, "raising a priority, real-time scheduling", "kernel/sched/syscalls.c"}},
	caps.SysResource: {
		{OverHost, "raising hard limits, quotas, reserved space", "kernel/sys.c do_prlimit"},
		{OverTask, "limits of other users' processes", "kernel/sys.c check_prlimit_permission"},
		{OverSelf, "the limits in /proc/sys/user", "kernel/ucount.c set_permissions"}},
	caps.SysTime: {
		{OverHost, "setting the clock", "kernel/time/time.c, security/commoncap.c cap_settime"},
		{OverTime, "the offsets of a new time namespace", "kernel/time/namespace.c proc_timens_set_offset"}},
	caps.SysTTYConfig: {
		{OverHost, "virtual terminals, vhangup(2)", "drivers/tty/vt/vt_ioctl.c, fs/open.c"}},
	caps.Mknod: {
		{OverHost, "device files", "fs/namei.c vfs_mknod"}},
	caps.Lease: {
		{OverHost, "leases on other users' files", "fs/locks.c generic_setlease"}},
	caps.AuditWrite: {
		{OverHost, "records in the audit log", "kernel/audit.c audit_netlink_ok"}},
	caps.AuditControl: {
		{OverHost, "the audit rules, from the initial PID namespace", "kernel/audit.c audit_netlink_ok"}},
	caps.SetFCap: {
		{OverSelf, "file capabilities that count in its user namespace (revision 3)", "security/commoncap.c cap_convert_nscap"},
		{OverFS, "file capabilities that count wherever the file system does (revision 2)", "security/commoncap.c cap_convert_nscap"}},
	caps.MACOverride: {
		{OverHost, "overriding Smack", "security/smack/smack_access.c"}},
	caps.MACAdmin: {
		{OverHost, "Smack's and SELinux's labels, AppArmor's policy", "security/smack, security/apparmor/policy.c"}},
	caps.Syslog: {
		{OverHost, "the kernel's log, its addresses", "kernel/printk/printk.c check_syslog_permissions"}},
	caps.WakeAlarm: {
		{OverHost, "timers that wake the machine", "fs/timerfd.c, kernel/time/alarmtimer.c"}},
	caps.BlockSuspend: {
		{OverHost, "keeping the machine from sleep", "kernel/power/wakelock.c"}},
	caps.AuditRead: {
		{OverHost, "the audit log by multicast", "kernel/audit.c audit_multicast_bind"}},
	caps.PerfMon: {
		{OverHost, "performance events and tracing", "include/linux/capability.h perfmon_capable"}},
	caps.BPF: {
		{OverHost, "privileged bpf(2)", "include/linux/capability.h bpf_capable"}},
	caps.CheckpointRestore: {
		{OverPID, "choosing PIDs (clone3(2) set_tid)", "kernel/pid.c alloc_pid"},
		{OverSelf, "changing its /proc/self/exe", "kernel/sys.c validate_prctl_map_addr"},
		{OverHost, "/proc/PID/map_files", "fs/proc/base.c"}},
}
