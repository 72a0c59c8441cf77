package caps

// Explain is what c permits in a few lines, the most used first, and where it counts; for "decode --explain" and the
// detail screen. Each line is a clause without a full stop.
func (c Cap) Explain() []string {
	var lines []string
	if c.Known() {
		lines = append(lines, details[c]...)
	} else {
		lines = append(lines, c.Allows())
	}
	if c.Scope() == ScopeHost {
		lines = append(lines, "works only in the initial user namespace")
		if part := c.ChildPart(); part != "" {
			lines = append(lines, "in others nothing but: "+part)
		}
		return lines
	}
	lines = append(lines, "checked against: "+c.Scope().String())
	if part := c.HostPart(); part != "" {
		lines = append(lines, "only in the initial user namespace: "+part)
	}
	return lines
}

// After capabilities(7) and the system calls' pages, in our own words.
var details = [Last + 1][]string{
	Chown: {
		"change the owner and group of any file (chown(2))",
	},
	DACOverride: {
		"read and write any file whatever its permission bits and ACL say",
		"execute a file if at least one execute bit is set; search any directory",
	},
	DACReadSearch: {
		"read any file, list and search any directory",
		"open a file by handle (open_by_handle_at(2)); link what a descriptor refers to (linkat(2) AT_EMPTY_PATH)",
	},
	FOwner: {
		"do what only a file's owner may: chmod(2), utimensat(2), ACLs, inode flags, O_NOATIME",
		"delete and rename others' files in a sticky directory",
	},
	FSetID: {
		"set-user-ID and set-group-ID bits stay when a file is written to",
		"set the set-group-ID bit of a file of a group the process is not in",
	},
	Kill: {
		"signal any process (kill(2)), not only those of its own user",
	},
	SetGID: {
		"change its gids and supplementary groups to any (setgid(2), setgroups(2))",
		"send any gid in a UNIX socket's credentials; write the gid_map of a child user namespace",
	},
	SetUID: {
		"change its uids to any (setuid(2), setresuid(2), setfsuid(2))",
		"send any uid in a UNIX socket's credentials; write the uid_map of a child user namespace",
	},
	SetPCap: {
		"add what its bounding set has to its inheritable set",
		"drop capabilities from its bounding set; change its securebits (prctl(2))",
	},
	LinuxImmutable: {
		"set and clear FS_IMMUTABLE_FL and FS_APPEND_FL of a file (chattr +i, +a)",
	},
	NetBindService: {
		"bind a TCP, UDP or SCTP socket to a port below net.ipv4.ip_unprivileged_port_start (1024 unless changed)",
	},
	NetBroadcast: {
		"listen to netlink messages of every network namespace (NETLINK_LISTEN_ALL_NSID); nothing else asks for it",
	},
	NetAdmin: {
		"set up interfaces, addresses, routes, neighbours, traffic control, bridges and tunnels",
		"change the firewall, address translation and IPsec; create TUN and TAP devices",
		"promiscuous mode, transparent proxying, socket options such as SO_MARK, SO_PRIORITY above 6, SO_RCVBUFFORCE",
	},
	NetRaw: {
		"open raw and packet sockets: send forged packets, capture those of others",
		"bind to any address for transparent proxying",
	},
	IPCLock: {
		"lock memory beyond RLIMIT_MEMLOCK (mlock(2), mlockall(2), shmctl(2) SHM_LOCK)",
		"allocate huge pages through System V shared memory and memfd",
	},
	IPCOwner: {
		"read and write any System V shared memory, semaphore set or message queue, whatever its mode says",
	},
	SysModule: {
		"load and remove kernel modules (init_module(2), finit_module(2), delete_module(2))",
	},
	SysRawIO: {
		"I/O ports (iopl(2), ioperm(2)), model-specific registers, /dev/mem, /proc/kcore",
		"SCSI and other devices' raw commands, FIBMAP, PCI configuration; map below vm.mmap_min_addr",
	},
	SysChroot: {
		"change the root directory (chroot(2))",
		"enter another mount namespace (setns(2), together with sys_admin)",
	},
	SysPtrace: {
		"trace any process (ptrace(2)) and what is guarded like it: memory, file descriptors, /proc/PID/root, environment",
		"read and write its memory (process_vm_writev(2)), compare processes (kcmp(2))",
	},
	SysPacct: {
		"start and stop process accounting (acct(2))",
	},
	SysAdmin: {
		"mount and unmount, pivot_root(2), quotas, swap, host and domain name",
		"create and enter namespaces other than user namespaces (unshare(2), setns(2))",
		"install seccomp filters without no_new_privs; see those of others; trusted and security extended attributes",
		"all that bpf, perfmon, checkpoint_restore and syslog stand for as well; administer most devices",
	},
	SysBoot: {
		"restart or halt the machine (reboot(2)); in a child PID namespace only end that",
		"load a kernel to boot into (kexec_load(2))",
	},
	SysNice: {
		"raise priority (nice(2)), use real-time and deadline scheduling, raise I/O priority",
		"change the scheduling, CPU affinity and memory nodes of others' processes",
	},
	SysResource: {
		"raise hard resource limits, go beyond RLIMIT_NPROC and disk quotas, use blocks reserved for root",
		"go beyond the limits of pipes, message queues, keymaps and consoles",
		"lower oom_score_adj; change its memory map's bounds (prctl(2) PR_SET_MM)",
	},
	SysTime: {
		"set and adjust the system clock (clock_settime(2), adjtimex(2)) and the hardware clock",
	},
	SysTTYConfig: {
		"hang up a terminal (vhangup(2))",
		"privileged settings of virtual consoles: fonts, keymaps, switching",
	},
	Mknod: {
		"create device files with mknod(2)",
	},
	Lease: {
		"take a lease on a file it does not own (fcntl(2) F_SETLEASE)",
	},
	AuditWrite: {
		"write records to the kernel's audit log",
	},
	AuditControl: {
		"switch kernel auditing on and off, change its rules, ask for its status",
	},
	SetFCap: {
		"set any capabilities on a file (setcap(8))",
		"since Linux 5.12: map uid 0 of its user namespace into a child",
	},
	MACOverride: {
		"ignore mandatory access control; Smack is the only module that asks for it",
	},
	MACAdmin: {
		"change mandatory access control: Smack rules and labels, AppArmor policy, SELinux labels the policy does not know",
	},
	Syslog: {
		"read, clear and control the kernel log (syslog(2), /dev/kmsg where kernel.dmesg_restrict is set)",
		"see kernel addresses in /proc where kernel.kptr_restrict is 1",
	},
	WakeAlarm: {
		"timers on CLOCK_REALTIME_ALARM and CLOCK_BOOTTIME_ALARM, which wake a sleeping system",
	},
	BlockSuspend: {
		"keep the system awake: EPOLLWAKEUP of epoll(7), /sys/power/wake_lock",
	},
	AuditRead: {
		"receive the audit log through a multicast netlink socket",
	},
	PerfMon: {
		"perf_event_open(2) whatever kernel.perf_event_paranoid says",
		"what observes in BPF: tracing programs (with bpf), reading kernel memory from them",
	},
	BPF: {
		"create any kind of BPF map, load BTF, use loops and calls in programs (bpf(2))",
		"loading tracing programs takes perfmon as well, networking ones net_admin; finding those of others sys_admin",
	},
	CheckpointRestore: {
		"choose the PID of a new process (clone3(2) set_tid, /proc/sys/kernel/ns_last_pid)",
		"read the links in /proc/PID/map_files of others; set its own /proc/self/exe (prctl(2) PR_SET_MM)",
	},
}
