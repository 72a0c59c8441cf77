//go:build amd64 || arm64

package actionoracle

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"

	"capview/inspect/fact"
	"capview/inspect/rules"
	"capview/inspect/seccomp"
)

// denial is a system call that a filter refuses: wholly, or where an argument's low half has Value under Mask.
type denial struct {
	Call        string
	Arg         int
	Mask, Value uint32
	Errno       uint16
}

// refusals is, for each verb, what keeps it from being done in any way.
var refusals = map[string][]denial{
	"bind":       {{Call: "bind"}},
	"raw-socket": {{Call: "socket", Arg: 1, Mask: 0xf, Value: unix.SOCK_RAW}},
	"ping":       {{Call: "socket", Arg: 1, Mask: 0xf, Value: unix.SOCK_RAW}, {Call: "socket", Arg: 1, Mask: 0xf, Value: unix.SOCK_DGRAM}},
	"set-clock": {{Call: "clock_settime"}, {Call: "settimeofday"}, {Call: "adjtimex"},
		{Call: "clock_adjtime", Arg: 0, Mask: ^uint32(0), Value: unix.CLOCK_REALTIME}},
	"mount":  {{Call: "mount"}, {Call: "fsopen"}},
	"chroot": {{Call: "chroot"}},
	"nice":   {{Call: "setpriority"}, {Call: "sched_setattr"}},
	"setuid": {{Call: "setuid"}, {Call: "setresuid"}, {Call: "setreuid"}},
	"setgid": {{Call: "setgid", Arg: 0, Mask: 1}, {Call: "setresgid", Arg: 0, Mask: 1}, {Call: "setregid", Arg: 0, Mask: 1}},
	"ptrace": {{Call: "ptrace", Arg: 0, Mask: ^uint32(0), Value: unix.PTRACE_SEIZE},
		{Call: "ptrace", Arg: 0, Mask: ^uint32(0), Value: unix.PTRACE_ATTACH}},
	"kill":         {{Call: "kill"}, {Call: "tgkill"}, {Call: "rt_sigqueueinfo"}, {Call: "pidfd_send_signal"}},
	"chown":        {{Call: "chown"}, {Call: "fchown"}, {Call: "lchown"}, {Call: "fchownat"}},
	"read":         {{Call: "open"}, {Call: "openat"}, {Call: "openat2"}},
	"load-module":  {{Call: "init_module"}, {Call: "finit_module"}},
	"syslog":       {{Call: "syslog"}},
	"bpf":          {{Call: "bpf"}},
	"reboot":       {{Call: "reboot"}},
	"mknod":        {{Call: "mknod"}, {Call: "mknodat"}},
	"raise-rlimit": {{Call: "setrlimit"}, {Call: "prlimit64"}},
	"unshare-user": {{Call: "unshare", Arg: 0, Mask: unix.CLONE_NEWUSER, Value: unix.CLONE_NEWUSER},
		{Call: "clone", Arg: 0, Mask: unix.CLONE_NEWUSER, Value: unix.CLONE_NEWUSER}, {Call: "clone3"}},
}

// filterErrnos are none that an attempt takes for having passed the check.
var filterErrnos = []uint16{uint16(unix.EPERM), uint16(unix.EACCES), uint16(unix.ENOSYS), uint16(unix.EDOM), uint16(unix.ENOLINK)}

// chooseFilters is up to three filters that refuse some verbs, each with an error of its own; none for most threads.
func chooseFilters(rng *rand.Rand) (stack [][]denial) {
	if rng.IntN(3) > 0 {
		return nil
	}
	verbs := make([]string, 0, len(refusals))
	for verb := range refusals {
		verbs = append(verbs, verb)
	}
	slices.Sort(verbs)
	for range 1 + rng.IntN(3) {
		var filter []denial
		for range 1 + rng.IntN(5) {
			errno := filterErrnos[rng.IntN(len(filterErrnos))]
			for _, d := range refusals[verbs[rng.IntN(len(verbs))]] {
				d.Errno = errno
				filter = append(filter, d)
			}
		}
		stack = append(stack, filter)
	}
	return stack
}

var native = map[string]seccomp.Arch{"amd64": seccomp.X86_64, "arm64": seccomp.AArch64}[runtime.GOARCH]

// program is the filter of some denials; what they do not name is allowed.
func program(denials []denial) seccomp.Program {
	const load, and, jump, give = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, unix.BPF_ALU | unix.BPF_AND | unix.BPF_K,
		unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, unix.BPF_RET | unix.BPF_K
	p := seccomp.Program{{Code: load, K: 0}}
	for _, d := range denials {
		nr, ok := native.Number(d.Call)
		if !ok {
			continue // the ABI has a newer one alone
		}
		refuse := seccomp.Instruction{Code: give, K: uint32(seccomp.Errno) | uint32(d.Errno)}
		if d.Mask == 0 {
			p = append(p, seccomp.Instruction{Code: jump, JF: 1, K: nr}, refuse)
			continue
		}
		p = append(p, seccomp.Instruction{Code: jump, JF: 5, K: nr},
			seccomp.Instruction{Code: load, K: uint32(16 + 8*d.Arg)}, seccomp.Instruction{Code: and, K: d.Mask},
			seccomp.Instruction{Code: jump, JF: 1, K: d.Value}, refuse, seccomp.Instruction{Code: load, K: 0})
	}
	return append(p, seccomp.Instruction{Code: give, K: uint32(seccomp.Allow)})
}

// attach puts this thread under the filters, the first of them first. It takes CAP_SYS_ADMIN in its user namespace.
func attach(stack [][]denial) error {
	for _, denials := range stack {
		raw := program(denials).Bytes()
		fprog := unix.SockFprog{Len: uint16(len(raw) / 8), Filter: (*unix.SockFilter)(unsafe.Pointer(&raw[0]))}
		_, _, e := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&fprog)))
		runtime.KeepAlive(raw)
		if e != 0 {
			return e
		}
	}
	return nil
}

// filters is what the rules are told of a thread's filters: the newest first.
func filters(stack [][]denial) fact.Opt[rules.Filters] {
	f := rules.Filters{Arch: native}
	for _, denials := range slices.Backward(stack) {
		f.Stack = append(f.Stack, program(denials))
	}
	return fact.Some(f)
}
