// Package caps models Linux capabilities: the 41 names of capabilities(7), sets of them as the
// kernel's 64-bit masks, and the five sets a thread carries.
//
// Everything here is pure: no I/O, no knowledge of the running kernel. What depends on the kernel
// (the highest capability it knows, /proc/sys/kernel/cap_last_cap) is passed in.
package caps

import (
	"fmt"
	"strconv"
	"strings"
)

// Cap is one capability's number as in <linux/capability.h>. Numbers above Last are valid: a newer
// kernel may know capabilities that this build has no name for.
type Cap uint8

// The capabilities of Linux 5.9 and later (include/uapi/linux/capability.h).
const (
	Chown Cap = iota
	DACOverride
	DACReadSearch
	FOwner
	FSetID
	Kill
	SetGID
	SetUID
	SetPCap
	LinuxImmutable
	NetBindService
	NetBroadcast
	NetAdmin
	NetRaw
	IPCLock
	IPCOwner
	SysModule
	SysRawIO
	SysChroot
	SysPtrace
	SysPacct
	SysAdmin
	SysBoot
	SysNice
	SysResource
	SysTime
	SysTTYConfig
	Mknod
	Lease
	AuditWrite
	AuditControl
	SetFCap
	MACOverride
	MACAdmin
	Syslog
	WakeAlarm
	BlockSuspend
	AuditRead
	PerfMon
	BPF
	CheckpointRestore

	// Last is the highest capability this package has a name for.
	Last = CheckpointRestore
)

var names = [...]string{
	"chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid",
	"setpcap", "linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw",
	"ipc_lock", "ipc_owner", "sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct",
	"sys_admin", "sys_boot", "sys_nice", "sys_resource", "sys_time", "sys_tty_config", "mknod",
	"lease", "audit_write", "audit_control", "setfcap", "mac_override", "mac_admin", "syslog",
	"wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf", "checkpoint_restore",
}

// String is the name as libcap prints it: "cap_net_admin"; the bare number ("45") for a capability
// without a name, again as libcap does.
func (c Cap) String() string {
	if int(c) < len(names) {
		return "cap_" + names[c]
	}
	return strconv.Itoa(int(c))
}

// Short is the name without its "cap_", as cells show it; the bare number where there is no name.
func (c Cap) Short() string {
	if int(c) < len(names) {
		return names[c]
	}
	return strconv.Itoa(int(c))
}

// Known tells whether this package has a name for c.
func (c Cap) Known() bool { return c <= Last }

var byName = func() map[string]Cap {
	m := make(map[string]Cap, len(names))
	for i, n := range names {
		m[n] = Cap(i)
	}
	return m
}()

// Parse reads a capability's name in any case, with or without "cap_", or its number (0 to 63).
func Parse(s string) (Cap, error) {
	name := strings.TrimPrefix(lower(s), "cap_")
	if c, ok := byName[name]; ok {
		return c, nil
	}
	if n, err := strconv.ParseUint(name, 10, 8); err == nil && n < 64 {
		return Cap(n), nil
	}
	return 0, fmt.Errorf("unknown capability %s", quote(s))
}

// lower folds ASCII only: the Unicode folding of strings.ToLower would let "\u212aill" pass for "kill".
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
