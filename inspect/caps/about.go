package caps

import "strconv"

// about is what is known of a capability: capabilities(7) for what it permits, the kernel's callers of capable() and
// ns_capable() for where it counts.
type about struct {
	allows   string
	scope    Scope
	hostPart string
	danger   int
	reason   string
}

func (c Cap) about() about {
	if c.Known() {
		return abouts[c]
	}
	return about{
		allows: "unknown: capability " + strconv.Itoa(int(c)) + " is newer than this capview",
		scope:  ScopeHost, danger: 2, reason: "what it permits is not known here",
	}
}

// Allows is what c permits, in one short line without a full stop.
func (c Cap) Allows() string { return c.about().allows }

// Danger grades what c, held over the initial user namespace, does to the host from inside a container that has its
// own mount, PID, network and IPC namespaces and no devices:
//
//	0 nothing beyond itself
//	1 acts only on what it can reach anyway, or is a nuisance
//	2 reads or changes what the whole host shares
//	3 takes the host over
//
// A process that shares the host's namespaces reaches more: 1 may then be as bad as 3. Which it is, its namespaces
// tell; this is a property of the capability alone.
func (c Cap) Danger() int { return c.about().danger }

// DangerReason says why Danger is what it is.
func (c Cap) DangerReason() string { return c.about().reason }

// most is the greatest Danger there is.
const most = 3

// dangerous is all capabilities with at least a Danger.
var dangerous = func() (all [most + 1]Set) {
	for c := range Cap(64) {
		for d := range c.Danger() + 1 {
			all[d] |= Of(c)
		}
	}
	return all
}()

// Dangerous is the capabilities of s with at least the given Danger.
func (s Set) Dangerous(least int) Set {
	if least > most {
		return 0
	}
	return s & dangerous[max(least, 0)]
}

// Danger is the greatest of any capability in s; 0 for none.
func (s Set) Danger() int {
	for d := most; d > 0; d-- {
		if s&dangerous[d] != 0 {
			return d
		}
	}
	return 0
}

var abouts = [Last + 1]about{
	Chown: {"give files to any user or group", ScopeUser, "",
		1, "takes any file it can reach"},
	DACOverride: {"read, write and execute files whatever their modes say", ScopeUser, "",
		1, "rewrites any file it can reach"},
	DACReadSearch: {"read any file and search any directory; open files by handle", ScopeUser,
		"opening by handle what is outside its root",
		3, "open_by_handle_at(2) opens any file of a mounted filesystem, also outside the container's root"},
	FOwner: {"act as the owner of any file: chmod, ACLs, sticky directories", ScopeUser, "",
		1, "changes the mode of any file it can reach"},
	FSetID: {"keep set-id bits when a file changes, set them for foreign groups", ScopeUser, "",
		1, "needs write access to a set-id file first"},
	Kill: {"send signals to processes of other users", ScopeTask, "",
		1, "stops any process it can see"},
	SetGID: {"take any group id, also in the credentials it sends", ScopeUser, "",
		1, "becomes a member of any group"},
	SetUID: {"take any user id, also in the credentials it sends", ScopeUser, "",
		1, "becomes any user, root among them"},
	SetPCap: {"change its own bounding and inheritable sets and securebits", ScopeUser, "",
		0, "moves between its own sets what it has, adds nothing"},
	LinuxImmutable: {"set and clear a file's immutable and append-only flags", ScopeHost, "",
		1, "unlocks or locks files it can reach"},
	NetBindService: {"bind to ports below 1024", ScopeNet, "",
		0, "takes a port of its own network namespace"},
	NetBroadcast: {"hear netlink broadcasts of other network namespaces", ScopeNet, "",
		0, "next to nothing asks for it"},
	NetAdmin: {"configure network: addresses, routes, firewall, tunnels, marks", ScopeNet,
		"most drivers' settings, loading modules of network devices",
		2, "makes the kernel load network modules and run the firewall's code; with the host's network, controls it"},
	NetRaw: {"raw and packet sockets: forge and capture packets", ScopeNet, "",
		1, "forges and captures packets on the links of its network namespace"},
	IPCLock: {"lock memory beyond the limit, use huge pages", ScopeHost, "",
		1, "holds memory that cannot be swapped out"},
	IPCOwner: {"use any System V shared memory, semaphores and queues", ScopeIPC, "",
		1, "reads and writes what is in its IPC namespace"},
	SysModule: {"load and unload kernel modules", ScopeHost, "",
		3, "runs its own code in the kernel"},
	SysRawIO: {"I/O ports, MSRs, physical memory, raw device commands", ScopeHost, "",
		3, "reaches hardware and memory below the kernel's checks"},
	SysChroot: {"chroot; enter another mount namespace", ScopeUser, "",
		1, "leaves a chroot, not a mount namespace"},
	SysPtrace: {"trace, read and write other processes", ScopeTask, "userfaultfd for kernel faults",
		2, "takes over any process it can see, the host itself with its PID namespace"},
	SysPacct: {"switch process accounting on and off", ScopeHost, "",
		1, "records what runs in its PID namespace"},
	SysAdmin: {"mount, namespaces, devices, quotas, and much more", ScopeMixed,
		"swap, quotas, block devices, keys and most device drivers",
		3, "so much hangs on it that it is as good as root"},
	SysBoot: {"reboot; load another kernel", ScopePID, "kexec_load(2)",
		3, "kexec_load(2) starts a kernel of its own"},
	SysNice: {"raise priorities, real-time scheduling, others' CPUs and memory nodes", ScopeTask,
		"raising its own priority, real-time scheduling, moving memory",
		1, "starves others of CPU"},
	SysResource: {"exceed limits and quotas, use reserved disk space", ScopeHost, "",
		1, "exhausts what limits protect; cgroup limits still hold"},
	SysTime: {"set the system and hardware clock", ScopeHost, "",
		2, "changes the time of the whole host: certificates, logs, timers"},
	SysTTYConfig: {"hang up terminals, configure virtual consoles", ScopeHost, "",
		1, "disturbs the console"},
	Mknod: {"create device files", ScopeHost, "",
		1, "a device file opens only what the device cgroup lets it"},
	Lease: {"take leases on files of other users", ScopeHost, "",
		1, "delays others who open a file it can reach"},
	AuditWrite: {"write records to the audit log", ScopeHost, "",
		1, "adds records of its own to the host's audit log"},
	AuditControl: {"switch auditing on and off, change its rules", ScopeHost, "",
		2, "blinds the host's audit; needs the host's PID namespace as well"},
	SetFCap: {"give files capabilities", ScopeUser, "capabilities that count in every user namespace",
		1, "what it marks grants within the bounding set of who runs it"},
	MACOverride: {"ignore mandatory access control (Smack)", ScopeHost, "",
		2, "no Smack rule holds it; nothing where Smack is not used"},
	MACAdmin: {"change mandatory access control policy and labels", ScopeHost, "",
		2, "rewrites the policy that confines the host's processes"},
	Syslog: {"read and clear the kernel log, see kernel addresses", ScopeHost, "",
		2, "reads the host's kernel log and the addresses that exploits need"},
	WakeAlarm: {"set timers that wake the system from sleep", ScopeHost, "",
		1, "wakes a sleeping host"},
	BlockSuspend: {"keep the system from sleeping", ScopeHost, "",
		1, "keeps the host awake"},
	AuditRead: {"read the audit log through netlink", ScopeHost, "",
		2, "reads what every audited process of the host does"},
	PerfMon: {"observe performance: perf events, tracing programs", ScopeHost, "",
		2, "observes every process and the kernel's own memory"},
	BPF: {"load BPF programs and maps", ScopeHost, "",
		2, "runs verified programs in the kernel; with perfmon or net_admin they see the whole host"},
	CheckpointRestore: {"choose PIDs, restore processes from checkpoints", ScopePID, "reading other processes' map_files",
		1, "forges a restored process's PID and executable"},
}
