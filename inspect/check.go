package inspect

import (
	"context"
	"strconv"
	"time"

	"capview/inspect/caps"
	"capview/inspect/seccomp"
)

// Tracer watches the kernel's capability checks.
type Tracer interface {
	// Run calls emit with single checks, in the order the kernel told of them, until ctx ends; then with those that were
	// told of meanwhile. A slice is the caller's to keep.
	Run(ctx context.Context, emit func([]Event)) error
	// Drain is the checks counted since the last call: none is counted twice, none left out.
	Drain() (Counts, error)
	// Close ends the watching; nothing of it stays in the kernel.
	Close() error
}

// Event is one capability check, as cap_capable decided it (capabilities(7), user_namespaces(7)). A security module may
// still deny what it allows. Numbers of users, groups and processes are the initial namespaces'.
type Event struct {
	Check
	Time   time.Time
	TID    int
	PPID   int
	Comm   string // of the thread
	Parent string // of its process's parent
	// UID and GID are the effective ones of the credentials that were asked about, RealUID and RealGID their real ones.
	UID, GID, RealUID, RealGID uint32

	CurrentUserNS uint64 // inode: of the credentials
	// GrantingUserNS is the inode of the user namespace by which it was allowed, 0 where it was denied; the tracepoint
	// alone tells.
	GrantingUserNS Opt[uint64]
	Effective      caps.Set // of the credentials
	MountNS        uint64   // inode; 0 for a task that is ending
	// Audit: a denial is worth a line in the audit log (without CAP_OPT_NOAUDIT); InSetID: the check is part of a set*id
	// or setgroups call (CAP_OPT_INSETID). The tracepoint does not tell.
	Audit, InSetID Opt[bool]

	Kernel, User []Frame // the innermost call first; none unless asked for
}

// Check is what capability checks have in common that are counted together.
type Check struct {
	PID       int
	StartTime uint64 // of the process, clock ticks since boot, as Process.StartTime
	// Cgroup is the id (inode) of the control group: in the unified hierarchy, or on a node that has both in that of
	// the controller that the tracer was told to take.
	Cgroup       uint64
	Cap          caps.Cap
	Denied       bool
	TargetUserNS uint64 // inode: the check was for Cap over this user namespace
	Syscall      Syscall
	Creds        CheckCreds
	// Probe: the kernel asked for its own sake, without audit, and does without: as when it asks at every mapping of memory
	// whether the task may use the last of it (cap_vm_enough_memory).
	Probe bool
}

// CheckCreds is whose credentials a check was about.
type CheckCreds string

// The thread's own; temporary ones that the kernel had it act with (override_creds: access(2), overlayfs, nfsd); or those
// of another task or of a file's opener (ptrace_may_access, file_ns_capable).
const (
	CredsOwn        CheckCreds = "own"
	CredsOverridden CheckCreds = "overridden"
	CredsOther      CheckCreds = "other"
)

// Hidden tells whether a check is left out unless everything is asked for: it says nothing of what the program needs.
// These are checks with overridden credentials, and probes.
func (c *Check) Hidden() bool { return c.Probe || c.Creds == CredsOverridden }

// Syscall is the system call a thread is in, by ABI and the number by which a seccomp filter sees it.
type Syscall struct {
	Arch   seccomp.Arch
	Number int // NoSyscall where it is in none: the kernel's own threads, page faults
}

// NoSyscall is the Number of none.
const NoSyscall = -1

// Name is its name, its number where that has none, "" where it is none.
func (s Syscall) Name() string {
	if s.Number == NoSyscall {
		return ""
	}
	if name := s.Arch.Name(uint32(s.Number)); name != "" {
		return name
	}
	return strconv.Itoa(s.Number)
}

// Frame is one function of a stack.
type Frame struct {
	Address uint64 // 0 where the kernel hides it (kptr_restrict)
	Symbol  string // "" unknown
	Offset  uint64 // from the symbol's begin
	Object  string // base name of the file it is mapped from; "" for the kernel
}
