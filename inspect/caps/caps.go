// Package caps models Linux capabilities: the 41 names of capabilities(7), sets of them as the
// kernel's 64-bit masks, and the five sets a thread carries.
//
// Everything here is pure: no I/O, no knowledge of the running kernel. What depends on the kernel
// (the highest capability it knows, /proc/sys/kernel/cap_last_cap) is passed in.
package caps

import (
	"fmt"
	"math/bits"
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

// Short is the name without its "cap_", as cells show it.
func (c Cap) Short() string { return strings.TrimPrefix(c.String(), "cap_") }

// Parse reads a capability's name in any case, with or without "cap_", or its number (0 to 63).
func Parse(s string) (Cap, error) {
	name := strings.TrimPrefix(strings.ToLower(s), "cap_")
	for i, n := range names {
		if n == name {
			return Cap(i), nil
		}
	}
	if n, err := strconv.ParseUint(s, 10, 8); err == nil && n < 64 {
		return Cap(n), nil
	}
	return 0, fmt.Errorf("unknown capability %q", s)
}

// Set is a capability set: bit n is capability n, as in the Cap* lines of /proc/PID/status.
type Set uint64

// Of makes the set of the given capabilities.
func Of(cs ...Cap) (s Set) {
	for _, c := range cs {
		s |= 1 << c
	}
	return s
}

// Full is the set of every capability up to and including last (cap_last_cap).
func Full(last Cap) Set { return Set(^uint64(0) >> (63 - min(last, 63))) }

// Has tells whether c is in s.
func (s Set) Has(c Cap) bool { return c < 64 && s>>c&1 == 1 }

// Count is the number of capabilities in s.
func (s Set) Count() int { return bits.OnesCount64(uint64(s)) }

// Each calls f with every capability of s, lowest first.
func (s Set) Each(f func(Cap)) {
	for m := uint64(s); m != 0; m &= m - 1 {
		f(Cap(bits.TrailingZeros64(m)))
	}
}

// List is the capabilities of s, lowest first.
func (s Set) List() []Cap {
	cs := make([]Cap, 0, s.Count())
	s.Each(func(c Cap) { cs = append(cs, c) })
	return cs
}

// Hex is the 16-digit form of /proc/PID/status: "00000000a80425fb".
func (s Set) Hex() string { return string(s.AppendHex(make([]byte, 0, 16))) }

// AppendHex appends Hex to b.
func (s Set) AppendHex(b []byte) []byte {
	const digits = "0123456789abcdef"
	for shift := 60; shift >= 0; shift -= 4 {
		b = append(b, digits[s>>shift&15])
	}
	return b
}

// ParseHex reads a mask of 1 to 16 hexadecimal digits, with or without 0x.
func ParseHex(h string) (Set, error) {
	t := strings.TrimPrefix(strings.TrimPrefix(h, "0x"), "0X")
	if t == "" || len(t) > 16 {
		return 0, fmt.Errorf("capability mask %q: want 1 to 16 hexadecimal digits", h)
	}
	v, err := strconv.ParseUint(t, 16, 64)
	if err != nil {
		return 0, fmt.Errorf("capability mask %q: want 1 to 16 hexadecimal digits", h)
	}
	return Set(v), nil
}

// MarshalText writes the 16-digit form.
func (s Set) MarshalText() ([]byte, error) { return s.AppendHex(make([]byte, 0, 16)), nil }

// UnmarshalText reads what MarshalText writes, and any mask ParseHex reads.
func (s *Set) UnmarshalText(b []byte) error {
	v, err := ParseHex(string(b))
	if err == nil {
		*s = v
	}
	return err
}

// Sets is the five capability sets of a thread (capabilities(7), "Thread capability sets").
type Sets struct {
	Inheritable Set `json:"inheritable"`
	Permitted   Set `json:"permitted"`
	Effective   Set `json:"effective"`
	Bounding    Set `json:"bounding"`
	Ambient     Set `json:"ambient"`
}

// Union is every capability of any of the five sets.
func (s Sets) Union() Set {
	return s.Inheritable | s.Permitted | s.Effective | s.Bounding | s.Ambient
}
