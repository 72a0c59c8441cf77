package needoracle

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// try is a system call that a user without capabilities makes. Some succeed, some are refused; none does anything that
// stays.
type try struct {
	name string
	do   func(dir string) error
}

const uid = 1000 // of who tries

// raw is a system call by its number.
func raw(nr, a, b, c uintptr) error {
	_, _, errno := unix.RawSyscall(nr, a, b, c)
	if errno != 0 {
		return errno
	}
	return nil
}

func pointer(s string) uintptr {
	p, _ := unix.BytePtrFromString(s)
	return uintptr(unsafe.Pointer(p))
}

// withSocket does something with a socket.
func withSocket(kind int, do func(fd int) error) error {
	fd, err := unix.Socket(unix.AF_INET, kind, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return do(fd)
}

// withFile does something with a file of its own.
func withFile(dir string, do func(path string, fd int) error) error {
	path := fmt.Sprintf("%s/%d", dir, os.Getpid())
	fd, err := unix.Open(path, unix.O_CREAT|unix.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(path)
	defer unix.Close(fd)
	return do(path, fd)
}

var tries = []try{
	{"map much memory", func(string) error {
		m, err := unix.Mmap(-1, 0, 64<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
		if err == nil {
			err = unix.Munmap(m)
		}
		return err
	}},
	{"fork", func(string) error {
		pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil)
		_ = pid
		if err == unix.ECHILD {
			err = nil
		}
		return err
	}},
	{"capset to what it has", func(string) error {
		head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var data [2]unix.CapUserData
		return unix.Capset(&head, &data[0])
	}},
	{"list attributes", func(dir string) error {
		return withFile(dir, func(path string, _ int) error { _, err := unix.Listxattr(path, make([]byte, 512)); return err })
	}},
	{"list attributes of /tmp", func(string) error { _, err := unix.Listxattr("/tmp", make([]byte, 512)); return err }},
	{"ask for a device that is not there", func(string) error {
		return withSocket(unix.SOCK_DGRAM, func(fd int) error {
			var req [40]byte
			copy(req[:], "nosuch0")
			return raw(unix.SYS_IOCTL, uintptr(fd), unix.SIOCGIFINDEX, uintptr(unsafe.Pointer(&req)))
		})
	}},
	{"a filter without no_new_privs", func(string) error {
		allow := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: 0x7fff0000}
		prog := unix.SockFprog{Len: 1, Filter: &allow}
		return raw(unix.SYS_SECCOMP, 1, 0, uintptr(unsafe.Pointer(&prog)))
	}},
	{"read /proc/1/stat", func(string) error { _, err := os.ReadFile("/proc/1/stat"); return err }},
	{"read /proc/1/environ", func(string) error { _, err := os.ReadFile("/proc/1/environ"); return err }},
	{"read the link /proc/1/exe", func(string) error { _, err := os.Readlink("/proc/1/exe"); return err }},
	{"read kernel addresses", func(string) error {
		f, err := os.Open("/proc/kallsyms")
		if err == nil {
			_, err = f.Read(make([]byte, 100))
			f.Close()
		}
		return err
	}},
	{"read a sysctl of the network", func(string) error {
		_, err := os.ReadFile("/proc/sys/net/ipv4/ip_forward")
		return err
	}},
	{"choose a congestion control", func(string) error {
		return withSocket(unix.SOCK_STREAM, func(fd int) error { return unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, "reno") })
	}},
	{"a small priority", func(string) error {
		return withSocket(unix.SOCK_STREAM, func(fd int) error { return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PRIORITY, 3) })
	}},
	{"a great priority", func(string) error {
		return withSocket(unix.SOCK_STREAM, func(fd int) error { return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PRIORITY, 7) })
	}},
	{"a mark", func(string) error {
		return withSocket(unix.SOCK_STREAM, func(fd int) error { return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_MARK, 1) })
	}},
	{"a raw socket", func(string) error { return withSocket(unix.SOCK_RAW, func(int) error { return nil }) }},
	{"a privileged port", func(string) error {
		return withSocket(unix.SOCK_STREAM, func(fd int) error { return unix.Bind(fd, &unix.SockaddrInet4{Port: 81, Addr: [4]byte{127, 0, 0, 1}}) })
	}},
	{"any port", func(string) error {
		return withSocket(unix.SOCK_STREAM, func(fd int) error { return unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}) })
	}},
	{"setuid to itself", func(string) error { return raw(unix.SYS_SETUID, uid, 0, 0) }},
	{"setuid to root", func(string) error { return raw(unix.SYS_SETUID, 0, 0, 0) }},
	{"setgid to itself", func(string) error { return raw(unix.SYS_SETGID, uid, 0, 0) }},
	{"setresuid to itself", func(string) error { return raw(unix.SYS_SETRESUID, uid, uid, uid) }},
	{"setreuid to root", func(string) error { return raw(unix.SYS_SETREUID, 0, 0, 0) }},
	{"setresgid to itself", func(string) error { return raw(unix.SYS_SETRESGID, uid, uid, uid) }},
	{"setfsuid to itself", func(string) error { return raw(unix.SYS_SETFSUID, uid, 0, 0) }},
	{"no groups", func(string) error { return raw(unix.SYS_SETGROUPS, 0, 0, 0) }},
	{"be nicer", func(string) error { return unix.Setpriority(unix.PRIO_PROCESS, 0, 5) }},
	{"be less nice", func(string) error { return unix.Setpriority(unix.PRIO_PROCESS, 0, -5) }},
	{"real-time", func(string) error {
		param := int32(10)
		return raw(unix.SYS_SCHED_SETSCHEDULER, 0, 1, uintptr(unsafe.Pointer(&param)))
	}},
	{"lower a limit", func(string) error {
		return unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	}},
	{"raise a hard limit", func(string) error {
		var l unix.Rlimit
		if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
			return err
		}
		l.Max++
		return unix.Setrlimit(unix.RLIMIT_NOFILE, &l)
	}},
	{"signal itself", func(string) error { return unix.Kill(os.Getpid(), 0) }},
	{"signal init", func(string) error { return unix.Kill(1, 0) }},
	{"a named pipe", func(dir string) error {
		path := fmt.Sprintf("%s/p%d", dir, os.Getpid())
		defer os.Remove(path)
		return unix.Mkfifo(path, 0o600)
	}},
	{"a device", func(dir string) error {
		return unix.Mknod(fmt.Sprintf("%s/d%d", dir, os.Getpid()), unix.S_IFCHR|0o600, 0x103)
	}},
	{"chmod of its own", func(dir string) error {
		return withFile(dir, func(path string, _ int) error { return unix.Chmod(path, 0o640) })
	}},
	{"chmod of root's", func(string) error { return unix.Chmod("/etc/passwd", 0o644) }},
	{"chown of its own to itself", func(dir string) error {
		return withFile(dir, func(path string, _ int) error { return unix.Chown(path, uid, uid) })
	}},
	{"give away", func(dir string) error {
		return withFile(dir, func(path string, _ int) error { return unix.Chown(path, 0, 0) })
	}},
	{"write to its set-user-ID file", func(dir string) error {
		return withFile(dir, func(path string, fd int) error {
			if err := unix.Chmod(path, 0o4755); err != nil {
				return err
			}
			_, err := unix.Write(fd, []byte("x"))
			return err
		})
	}},
	{"open root's secrets", func(string) error { _, err := os.ReadFile("/etc/shadow"); return err }},
	{"no access time of root's", func(string) error {
		fd, err := unix.Open("/etc/passwd", unix.O_RDONLY|unix.O_NOATIME, 0)
		unix.Close(fd)
		return err
	}},
	{"wake from sleep by epoll", func(string) error {
		e, err := unix.EpollCreate1(0)
		if err != nil {
			return err
		}
		defer unix.Close(e)
		var p [2]int
		if err := unix.Pipe2(p[:], 0); err != nil {
			return err
		}
		return unix.EpollCtl(e, unix.EPOLL_CTL_ADD, p[0], &unix.EpollEvent{Events: unix.EPOLLIN | 1<<29, Fd: int32(p[0])})
	}},
	{"an alarm timer", func(string) error {
		fd, err := unix.TimerfdCreate(8 /* CLOCK_REALTIME_ALARM */, 0)
		unix.Close(fd)
		return err
	}},
	{"read the clock's state", func(string) error { _, err := unix.Adjtimex(&unix.Timex{}); return err }},
	{"set the clock", func(string) error { return raw(unix.SYS_SETTIMEOFDAY, 0, 0, 0) }},
	{"chroot", func(string) error { return unix.Chroot("/tmp") }},
	{"mount", func(string) error { return unix.Mount("none", "/mnt", "tmpfs", 0, "") }},
	{"a mount namespace", func(string) error { return raw(unix.SYS_UNSHARE, unix.CLONE_NEWNS, 0, 0) }},
	{"a host name", func(string) error { return raw(unix.SYS_SETHOSTNAME, 0, 0, 0) }},
	{"accounting", func(string) error { return unix.Acct("") }},
	{"hang up", func(string) error { return raw(unix.SYS_VHANGUP, 0, 0, 0) }},
	{"no module", func(string) error { return raw(unix.SYS_DELETE_MODULE, pointer("capview_no_such"), 0, 0) }},
	{"the kernel's log", func(string) error { _, err := unix.Klogctl(5 /* SYSLOG_ACTION_CLEAR */, nil); return err }},
	{"userfaultfd", func(string) error { return raw(unix.SYS_USERFAULTFD, unix.O_CLOEXEC, 0, 0) }},
	{"fanotify", func(string) error { fd, err := unix.FanotifyInit(0x100, 0); unix.Close(fd); return err }},
	{"open by handle", func(string) error {
		h, mount, err := unix.NameToHandleAt(unix.AT_FDCWD, "/etc/passwd", 0)
		_ = mount
		if err != nil {
			return err
		}
		fd, err := unix.OpenByHandleAt(unix.AT_FDCWD, h, unix.O_RDONLY)
		unix.Close(fd)
		return err
	}},
	{"a greater pipe", func(string) error {
		var p [2]int
		if err := unix.Pipe2(p[:], 0); err != nil {
			return err
		}
		_, err := unix.FcntlInt(uintptr(p[0]), unix.F_SETPIPE_SZ, 1<<27)
		return err
	}},
	{"lock a little memory", func(string) error {
		m, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
		if err != nil {
			return err
		}
		return unix.Mlock(m)
	}},
	{"drop from the bounding set", func(string) error { return unix.Prctl(unix.PR_CAPBSET_DROP, 0, 0, 0, 0) }},
	{"its own name", func(string) error { return unix.Prctl(unix.PR_SET_NAME, pointer("tried"), 0, 0, 0) }},
	{"no_new_privs", func(string) error { return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }},
	{"a lease of root's", func(string) error {
		fd, err := unix.Open("/etc/passwd", unix.O_RDONLY, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		_, err = unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_RDLCK)
		return err
	}},
	{"file capabilities", func(dir string) error {
		return withFile(dir, func(path string, _ int) error {
			return unix.Setxattr(path, "security.capability", []byte{1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 0)
		})
	}},
	{"trace init", func(string) error { return raw(unix.SYS_PTRACE, unix.PTRACE_SEIZE, 1, 0) }},
	{"I/O ports", func(string) error { return raw(unix.SYS_IOPL, 3, 0, 0) }},
	{"a perf event of the kernel", func(string) error {
		fd, err := unix.PerfEventOpen(&unix.PerfEventAttr{Type: unix.PERF_TYPE_SOFTWARE, Size: uint32(unsafe.Sizeof(unix.PerfEventAttr{}))}, -1, 0, -1, 0)
		unix.Close(fd)
		return err
	}},
}

// child tries one thing once its standard input says so, and prints what came of it.
func child(name, dir string) {
	runtime.LockOSThread()
	in := bufio.NewReader(os.Stdin)
	in.ReadString('\n')
	for _, t := range tries {
		if t.name == name {
			err := t.do(dir)
			if errno, ok := asErrno(err); ok {
				fmt.Println(unix.ErrnoName(errno))
			} else if err != nil {
				fmt.Println(err)
			} else {
				fmt.Println("ok")
			}
			in.ReadString('\n')
			return
		}
	}
}
