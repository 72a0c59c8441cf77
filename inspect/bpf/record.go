//go:build linux && (amd64 || arm64)

package bpf

import (
	"bytes"
	"math"
	"math/bits"
	"unsafe"

	"golang.org/x/sys/unix"

	"capview/inspect/caps"
	"capview/inspect/task"
	"capview/nsinfo"
)

const recordSize = int(unsafe.Sizeof(taskRecord{}))

// The bits of taskRecord.Bits (c/record.h).
const (
	bitNoNewPrivs = 1 << iota
	bitNoSUID
	bitHasFilters
	bitChanged
	bitHasExe
)

// recordDecoder makes Records of what the iterator wrote. What many threads have in common is made once.
type recordDecoder struct {
	names  map[string]string
	groups map[string][]uint32
}

// longestComm is what procfs shows of a name at most (fs/proc/array.c proc_task_name).
const longestComm = 63

// most is how many different ones a decoder keeps: hostile churn must not make it grow.
const most = 4096

func newRecordDecoder() *recordDecoder {
	return &recordDecoder{names: map[string]string{}, groups: map[string][]uint32{}}
}

// decode reads one record, of recordSize bytes, into r.
func (d *recordDecoder) decode(b []byte, r *task.Record) {
	var k taskRecord
	// Both machines that the objects are for are little-endian, as the bytes are, and the type has nothing but numbers.
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&k)), recordSize), b)
	*r = task.Record{
		PID: int(k.Pid), TGID: int(k.Tgid), PPID: int(k.Ppid), StartTime: k.StartBoottime, ExecID: k.ExecId, Args: k.Args,
		Flags: k.Flags, State: stateLetter(k.State, k.ExitState), Changed: k.Bits&bitChanged != 0,
		UID: task.IDs{Real: k.Uid[0], Effective: k.Uid[1], Saved: k.Uid[2], FS: k.Uid[3]},
		GID: task.IDs{Real: k.Gid[0], Effective: k.Gid[1], Saved: k.Gid[2], FS: k.Gid[3]},
		Caps: caps.Sets{Inheritable: caps.Set(k.Caps[0]), Permitted: caps.Set(k.Caps[1]), Effective: caps.Set(k.Caps[2]),
			Bounding: caps.Set(k.Caps[3]), Ambient: caps.Set(k.Caps[4])},
		SecureBits: k.Securebits, NoNewPrivs: k.Bits&bitNoNewPrivs != 0, SeccompMode: k.SeccompMode, Filters: -1,
		Threads: int(k.Threads), CgroupID: k.CgroupId, Cgroups: k.CssKey,
		User: task.UserNamespace{Level: int(k.UserLevel), Owner: k.UserOwner, Parent: uint64(k.UserParent)},
		Exe: task.Exe{Known: k.Bits&bitHasExe != 0, Device: device(k.ExeDevice), Inode: k.ExeInode, Ctime: int64(k.ExeCtime),
			Key: k.ExeKey, Mount: k.ExeMount, NoSUID: k.Bits&bitNoSUID != 0},
	}
	if k.Bits&bitHasFilters != 0 {
		r.Filters = int(k.SeccompFilters)
	}
	r.Namespaces = nsinfo.Set{
		nsinfo.CgroupNS: uint64(k.CgroupNs), nsinfo.IPC: uint64(k.IpcNs), nsinfo.Mount: uint64(k.MntNs), nsinfo.Net: uint64(k.NetNs),
		nsinfo.PID: uint64(k.PidNs), nsinfo.Time: uint64(k.TimeNs), nsinfo.UserNS: uint64(k.UserNs), nsinfo.UTS: uint64(k.UtsNs),
	}
	r.Comm = d.name(unsafe.Slice((*byte)(unsafe.Pointer(&k.Comm)), longestComm))
	r.GroupCount = int(min(k.Groups, math.MaxInt32))
	r.Groups = d.groupList(k.Group[:min(r.GroupCount, task.MaxGroups)])
}

// name is a string of the bytes before the first 0.
func (d *recordDecoder) name(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	s, ok := d.names[string(b)]
	if !ok {
		if len(d.names) >= most {
			clear(d.names)
		}
		s = string(b)
		d.names[s] = s
	}
	return s
}

func (d *recordDecoder) groupList(ids []uint32) []uint32 {
	if len(ids) == 0 {
		return []uint32{}
	}
	key := unsafe.Slice((*byte)(unsafe.Pointer(&ids[0])), len(ids)*4)
	list, ok := d.groups[string(key)]
	if !ok {
		if len(d.groups) >= most {
			clear(d.groups)
		}
		list = append([]uint32(nil), ids...)
		d.groups[string(key)] = list
	}
	return list
}

// device makes of the kernel's device number (MKDEV: 12 bits and 20) the one that stat(2) has.
func device(dev uint32) uint64 { return unix.Mkdev(dev>>20, dev&0xfffff) }

// The states of linux/sched.h that a letter hides something of.
const (
	taskUninterruptible = 0x2
	taskIdle            = 0x402 // TASK_UNINTERRUPTIBLE | TASK_NOLOAD
	taskRTLockWait      = 0x1000
	taskFrozen          = 0x8000
	taskReport          = 0x7f // those that have a letter of their own
)

// stateLetter is the letter that procfs shows for a thread's state (fs/proc/array.c task_state_array, linux/sched.h
// __task_state_index).
func stateLetter(state, exit uint32) byte {
	s := (state | exit) & taskReport
	switch {
	case state&taskIdle == taskIdle:
		return 'I'
	case state&(taskRTLockWait|taskFrozen) != 0:
		s = taskUninterruptible
	}
	return "RSDTtXZP"[bits.Len32(s)]
}
