// Package task is what the kernel itself tells of threads, as plain data: one source reads it, another joins it with what
// procfs shows, and neither knows the other.
package task

import (
	"context"
	"slices"

	"capview/inspect/caps"
	"capview/nsinfo"
)

// Kernel tells of threads what the kernel knows of them.
type Kernel interface {
	// Threads calls each for every thread in the reader's PID namespace: one that lives from before the pass begins until
	// it has ended is in it. The record is each's until it returns. An error means that the pass is not whole.
	Threads(ctx context.Context, each func(*Record)) error
	// Cmdlines calls each for those of the processes that have a command line of a few thousand bytes at most, and where the
	// kernel cannot pick for all that do; ErrNone where it does not hand them over. The text is each's until it returns. Two
	// calls may be under way at a time.
	Cmdlines(ctx context.Context, pids []int, each func(Cmdline)) error
	// Picks tells whether Cmdlines tells of the processes that it is asked for, and no others.
	Picks() bool
	// Filters reads the seccomp filters of all threads; ErrNone where the kernel does not hand them over.
	Filters(ctx context.Context) (*Filters, error)
}

// Record is what the kernel has of one thread. Ids are those of the initial user namespace, PIDs those of the initial
// PID namespace.
type Record struct {
	PID, TGID, PPID int
	StartTime       uint64 // nanoseconds since boot (CLOCK_BOOTTIME)
	ExecID          uint64 // one more with each execve
	Args            uint64 // changes with where the arguments lie in memory; 0: it has no memory
	Flags           uint32 // PF_* of linux/sched.h
	State           byte   // its letter in proc_pid_status(5)
	Changed         bool   // it changed while it was read: nothing but the identity is to be relied on
	Comm            string // raw, as procfs shows it
	UID, GID        IDs
	GroupCount      int
	Groups          []uint32 // the first MaxGroups of them
	Caps            caps.Sets
	SecureBits      uint32
	NoNewPrivs      bool
	SeccompMode     uint32 // SECCOMP_MODE_*
	Filters         int    // how many are attached; -1 before Linux 5.9, which does not count them
	Threads         int
	Namespaces      nsinfo.Set // 0: none, or given back
	User            UserNamespace
	CgroupID        uint64 // of the default hierarchy
	Cgroups         uint64 // two threads with the same are in the same cgroup of every hierarchy; 0 unknown
	Exe             Exe
}

// Same tells whether two records say the same.
func (r *Record) Same(o *Record) bool {
	return r.PID == o.PID && r.TGID == o.TGID && r.PPID == o.PPID && r.StartTime == o.StartTime && r.ExecID == o.ExecID && r.Args == o.Args &&
		r.Flags == o.Flags && r.State == o.State && r.Changed == o.Changed && r.Comm == o.Comm && r.UID == o.UID && r.GID == o.GID &&
		r.GroupCount == o.GroupCount && slices.Equal(r.Groups, o.Groups) && r.Caps == o.Caps && r.SecureBits == o.SecureBits &&
		r.NoNewPrivs == o.NoNewPrivs && r.SeccompMode == o.SeccompMode && r.Filters == o.Filters && r.Threads == o.Threads &&
		r.Namespaces == o.Namespaces && r.User == o.User && r.CgroupID == o.CgroupID && r.Cgroups == o.Cgroups && r.Exe == o.Exe
}

// MaxGroups is how many supplementary groups a Record has room for.
const MaxGroups = 32

// IDs is the four uids or gids of credentials(7).
type IDs struct{ Real, Effective, Saved, FS uint32 }

// UserNamespace is what the kernel knows of a thread's user namespace.
type UserNamespace struct {
	Level  int
	Owner  uint32 // uid
	Parent uint64 // inode; 0: it is the initial one
}

// Exe tells executables apart: two threads with the same, in one pass, run the same file by the same path. The numbers are
// the kernel's own, which stat(2) need not show (overlayfs, btrfs).
type Exe struct {
	Known  bool // false: it has no memory, or no executable
	Device uint64
	Inode  uint64
	Ctime  int64 // nanoseconds since the epoch
	Key    uint64
	Mount  uint32
	NoSUID bool // its mount has MNT_NOSUID
}

// Cmdline is the memory that a process's arguments lie in. It belongs to the Record with the same PID, StartTime, ExecID
// and Args.
type Cmdline struct {
	PID                     int
	StartTime, ExecID, Args uint64
	Text                    []byte
}

// Filters is the seccomp filters in force.
type Filters struct {
	Stacks []Stack
	Texts  map[uint64][]byte // by key: an array of struct sock_filter; nil where the kernel keeps or gave none
}

// Stack is the filters of one thread, by key, the newest first.
type Stack struct {
	PID, TGID int
	StartTime uint64
	Keys      []uint64
	Why       string // why Keys is not whole; "" where it is
}
