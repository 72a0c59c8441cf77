package profile

import (
	"slices"

	"capview/inspect/seccomp"
)

// Use is the system calls that were made, by the numbers that filters see.
type Use struct {
	// Calls reached the kernel. A call that the kernel itself refused did, too.
	Calls map[seccomp.Arch][]uint32
	// Blocked did not: a filter refused them.
	Blocked map[seccomp.Arch][]uint32
}

// uses tells whether a call of the ABI was made.
func (u *Use) uses(arch seccomp.Arch, nr uint32) bool { return slices.Contains(u.Calls[arch], nr) }

// names are how libseccomp calls numbers of an ABI, and so profiles.
func names(arch seccomp.Arch) map[uint32]string {
	byNumber := make(map[uint32]string, 512)
	for name, k := range known[arch]() {
		byNumber[k.nr] = name
	}
	return byNumber
}

// StartCalls is what runtimes call between attaching the filter and the program's first instruction (runc and crun as
// strace shows them, with no_new_privs and without; the threads of runc included), and what a program may need at any
// time though it was not seen: to return from a signal, to be continued, to end.
var StartCalls = []string{
	"capget", "capset", "chdir", "close", "close_range", "epoll_create1", "epoll_ctl", "epoll_pwait", "execve", "exit",
	"exit_group", "faccessat2", "fchown", "fcntl", "fstat", "fstatfs", "futex", "getcwd", "getdents64", "getpid", "getppid",
	"gettid", "madvise", "mmap", "mprotect", "munmap", "nanosleep", "newfstatat", "openat", "openat2", "prctl", "read",
	"readlinkat", "restart_syscall", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sched_yield", "setgid", "setgroups",
	"setresgid", "setresuid", "setuid", "sigaltstack", "statx", "tgkill", "write",
}

// Permission is what a decider does with a system call, in short.
type Permission uint8

// The permissions. Arguments decide, or it is not known what does, in Conditionally.
const (
	Refused Permission = iota
	Conditionally
	Permitted
)

// PermissionOf is a decision in short: what is logged is permitted, what a tracer or a supervisor decides is not.
func PermissionOf(d seccomp.Decision) Permission {
	a, constant := d.Constant()
	switch {
	case !constant:
		return Conditionally
	case a.Kind() == seccomp.Allow || a.Kind() == seccomp.Log:
		return Permitted
	}
	return Refused
}

// Usage is what a decider allows compared with what was called, the names of each ABI in order.
type Usage struct {
	// Unused is allowed, if only for some arguments, and was not called.
	Unused map[seccomp.Arch][]string
	// Refuses was called, and would be refused.
	Refuses map[seccomp.Arch][]string
	// Depends was called, and would be refused for some arguments; which they were is not recorded.
	Depends map[seccomp.Arch][]string
}

// CompareUse compares for the given ABIs.
func CompareUse(d Decider, use *Use, arches []seccomp.Arch) Usage {
	u := Usage{map[seccomp.Arch][]string{}, map[seccomp.Arch][]string{}, map[seccomp.Arch][]string{}}
	for _, arch := range arches {
		byNumber := names(arch)
		for nr, name := range byNumber {
			switch may, used := PermissionOf(d.Decide(arch, nr)), use.uses(arch, nr); {
			case !used && may != Refused:
				u.Unused[arch] = append(u.Unused[arch], name)
			case used && may == Refused:
				u.Refuses[arch] = append(u.Refuses[arch], name)
			case used && may == Conditionally:
				u.Depends[arch] = append(u.Depends[arch], name)
			}
		}
		for _, list := range []map[seccomp.Arch][]string{u.Unused, u.Refuses, u.Depends} {
			slices.Sort(list[arch])
		}
	}
	return u
}

// Strange is the names that are no system call's on any architecture: those that neither the package knows nor an
// engine's default profile has for architectures that the package does not know.
func (p *Profile) Strange() []string {
	unknown := p.Unknown()
	if len(unknown) == 0 {
		return nil
	}
	foreign := map[string]bool{}
	for _, d := range Defaults() {
		for _, name := range d.Profile.Unknown() {
			foreign[name] = true
		}
	}
	return slices.DeleteFunc(unknown, func(name string) bool { return foreign[name] })
}
