//go:build amd64 || arm64

package actionoracle

import (
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// job is one attempt: the action's text, and what the worker's own numbers for it are.
type job struct {
	Action string
	Verb   string
	Port   int
	UDP    bool
	Cap    string // "sys_time@host"
	Nice   int
	ID     uint32 // also the new owner of Chown
	PID    int    // as the worker numbers it
	Path   string
}

// attempts is how each action is tried. All of it is harmless where it is allowed.
var attempts = map[string]func(job) error{
	"bind": tryBind, "raw-socket": tryRaw, "ping": tryPing, "set-clock": trySetClock, "mount": tryMount,
	"chroot": func(job) error { return unix.Chroot("/") },
	"nice":   func(j job) error { return unix.Setpriority(unix.PRIO_PROCESS, 0, j.Nice) },
	"setuid": func(j job) error { return raw(unix.SYS_SETUID, uintptr(j.ID)) },
	"setgid": func(j job) error { return raw(unix.SYS_SETGID, uintptr(j.ID)) },
	"ptrace": tryPtrace,
	"kill":   func(j job) error { return unix.Kill(j.PID, 0) },
	"chown":  func(j job) error { return unix.Lchown(j.Path, int(j.ID), -1) },
	"read":   tryRead, "load-module": tryModule, "syslog": trySyslog, "bpf": tryBPF, "reboot": tryReboot,
	"mknod": tryMknod, "raise-rlimit": tryLimit, "unshare-user": tryUnshare,
	"cap": func(j job) error { return capAttempts[j.Cap](j) },
}

// capAttempts is a system call for a capability and a place, which asks for just that before it does anything.
var capAttempts = map[string]func(job) error{
	"sys_time@host":     trySetClock,
	"sys_chroot@self":   func(job) error { return unix.Chroot("/") },
	"net_raw@net":       tryRaw,
	"mknod@host":        tryMknod,
	"sys_boot@pid":      tryReboot,
	"sys_resource@host": tryLimit,
	"setpcap@self":      func(job) error { return passed(raw(unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, 63), unix.EINVAL) },
	"sys_admin@uts":     func(job) error { return passed(raw(unix.SYS_SETHOSTNAME, 0, ^uintptr(0)), unix.EINVAL) },
	"sys_admin@mnt":     func(job) error { return passed(unix.PivotRoot(nowhere, nowhere), unix.ENOENT) },
	"sys_admin@host":    trySwapoff,
	"net_admin@net":     tryRepair,
	"net_admin@host":    tryBuffer,
	"ipc_owner@ipc":     tryQueue,
	"sys_pacct@host":    func(job) error { return passed(unix.Acct(nowhere), unix.ENOENT) },
}

const nowhere = "/nonexistent-capview"

// raw makes a system call on this thread alone.
func raw(nr uintptr, a ...uintptr) error {
	var p [6]uintptr
	copy(p[:], a)
	if _, _, e := unix.RawSyscall6(nr, p[0], p[1], p[2], p[3], p[4], p[5]); e != 0 {
		return e
	}
	return nil
}

// passed takes the error that comes after the permission check for success.
func passed(err error, after ...syscall.Errno) error {
	for _, e := range after {
		if err == e {
			return nil
		}
	}
	return err
}

func open(family, kind, protocol int) (int, error) {
	return unix.Socket(family, kind|unix.SOCK_CLOEXEC, protocol)
}

func tryBind(j job) error {
	kind := unix.SOCK_STREAM
	if j.UDP {
		kind = unix.SOCK_DGRAM
	}
	fd, err := open(unix.AF_INET, kind, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return passed(unix.Bind(fd, &unix.SockaddrInet4{Port: j.Port}), unix.EADDRINUSE)
}

func tryRaw(job) error {
	fd, err := open(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

func tryPing(j job) error {
	if fd, err := open(unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_ICMP); err == nil {
		return unix.Close(fd)
	}
	return tryRaw(j)
}

// trySetClock sets neither time nor zone: settimeofday(2) asks for the permission first.
func trySetClock(job) error { return raw(unix.SYS_SETTIMEOFDAY, 0, 0) }

func tryMount(job) error {
	err := unix.Mount("capview", mountPoint, "tmpfs", 0, "size=4k")
	if err == nil {
		return unix.Unmount(mountPoint, unix.MNT_DETACH)
	}
	return err
}

// tryPtrace attaches without stopping, then stops, for a tracer can only let go of what is stopped.
func tryPtrace(j job) error {
	if err := raw(unix.SYS_PTRACE, unix.PTRACE_SEIZE, uintptr(j.PID), 0, 0); err != nil {
		return err
	}
	if err := raw(unix.SYS_PTRACE, unix.PTRACE_INTERRUPT, uintptr(j.PID), 0, 0); err != nil {
		return err
	}
	var status unix.WaitStatus
	for {
		_, err := unix.Wait4(j.PID, &status, unix.WALL, nil)
		if err != unix.EINTR {
			break
		}
	}
	return raw(unix.SYS_PTRACE, unix.PTRACE_DETACH, uintptr(j.PID), 0, 0)
}

func tryRead(j job) error {
	fd, err := unix.Open(j.Path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

// tryModule loads no bytes: too short for a module.
func tryModule(job) error {
	empty := []byte{0}
	err := raw(unix.SYS_INIT_MODULE, 0, 0, uintptr(unsafe.Pointer(&empty[0])))
	runtime.KeepAlive(empty)
	return passed(err, unix.ENOEXEC)
}

// trySyslog asks for the buffer's size, which takes what reading it takes.
func trySyslog(job) error {
	const sizeBuffer = 10
	return raw(unix.SYS_SYSLOG, sizeBuffer, 0, 0)
}

func tryBPF(job) error {
	attr := struct{ kind, key, value, entries uint32 }{unix.BPF_MAP_TYPE_ARRAY, 4, 4, 1}
	fd, _, e := unix.RawSyscall(unix.SYS_BPF, unix.BPF_MAP_CREATE, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr))
	if e != 0 {
		return e
	}
	return unix.Close(int(fd))
}

// tryReboot has no magic numbers: whoever may is told EINVAL, and nothing happens.
func tryReboot(job) error { return passed(raw(unix.SYS_REBOOT, 0, 0, 0, 0), unix.EINVAL) }

func tryMknod(job) error {
	name := publicDir + "/" + itoa(unix.Gettid())
	err := unix.Mknod(name, unix.S_IFCHR|0o600, int(unix.Mkdev(1, 3)))
	if err == nil {
		return unix.Unlink(name)
	}
	return err
}

// tryLimit raises a limit that the worker lowered before, and lowers it again.
func tryLimit(job) error {
	higher := unix.Rlimit{Cur: lowLimit, Max: lowLimit + 1}
	err := unix.Prlimit(0, unix.RLIMIT_MSGQUEUE, &higher, nil)
	if err == nil {
		return unix.Prlimit(0, unix.RLIMIT_MSGQUEUE, &unix.Rlimit{Cur: lowLimit, Max: lowLimit}, nil)
	}
	return err
}

// tryUnshare clones into a new user namespace, for unshare(2) refuses those who have threads.
func tryUnshare(job) error {
	_, err := syscall.ForkExec(nowhere, []string{nowhere}, &syscall.ProcAttr{Sys: &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWUSER}})
	return passed(err, unix.ENOENT)
}

func trySwapoff(job) error {
	path := append([]byte(nowhere), 0)
	err := raw(unix.SYS_SWAPOFF, uintptr(unsafe.Pointer(&path[0])))
	runtime.KeepAlive(path)
	return passed(err, unix.ENOENT)
}

// tryRepair gives TCP_REPAIR a value that does not exist.
func tryRepair(job) error {
	fd, err := open(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return passed(unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_REPAIR, 99), unix.EINVAL)
}

func tryBuffer(job) error {
	fd, err := open(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 4096)
}

// The numbers of msgctl(2) (include/uapi/linux/ipc.h).
const ipcPrivate, ipcCreate, ipcStat, ipcRemove = 0, 0o1000, 2, 0

// tryQueue looks at a message queue of its own that nobody may read.
func tryQueue(job) error {
	id, _, e := unix.RawSyscall(unix.SYS_MSGGET, ipcPrivate, ipcCreate, 0)
	if e != 0 {
		return e
	}
	var ds [256]byte
	err := raw(unix.SYS_MSGCTL, id, ipcStat, uintptr(unsafe.Pointer(&ds[0])))
	raw(unix.SYS_MSGCTL, id, ipcRemove, 0)
	return err
}
