package rules

import "capview/inspect/fact"

// call is a system call that an action makes, with the arguments that the action fixes; the others are the program's.
type call struct {
	name string
	args []argument
}

// argument is one of a call's six.
type argument struct {
	index int
	value uint64
}

func with(name string, args ...argument) call { return call{name, args} }

func socket(domain, kind uint64) call { return with("socket", argument{0, domain}, argument{1, kind}) }

// The constants that actions pass (socket(2), clock_settime(2), ptrace(2), unshare(2), syslog(2)).
const (
	afInet        = 2
	afPacket      = 17
	sockStream    = 1
	sockDgram     = 2
	sockRaw       = 3
	closeOnExec   = 0x80000 // SOCK_CLOEXEC
	clockRealtime = 0
	ptraceAttach  = 16
	ptraceSeize   = 0x4206
	cloneNewUser  = 0x10000000
	readAllOfLog  = 3
	prioProcess   = 0
)

// ways is how an action can be done: each of them takes all its calls, any of them will do. The first is the usual one.
func ways(a Action) [][]call {
	either := func(calls ...call) (all [][]call) {
		for _, c := range calls {
			all = append(all, []call{c})
		}
		return all
	}
	named := func(names ...string) (all [][]call) {
		for _, name := range names {
			all = append(all, []call{with(name)})
		}
		return all
	}
	id := argument{0, uint64(a.ID)}
	switch a.Verb {
	case Bind:
		kind := uint64(sockStream)
		if a.UDP {
			kind = sockDgram
		}
		return [][]call{{socket(afInet, kind), with("bind")}, {socket(afInet, kind|closeOnExec), with("bind")}}
	case RawSocket:
		return either(socket(afInet, sockRaw), socket(afInet, sockRaw|closeOnExec), socket(afPacket, sockRaw))
	case Ping:
		return either(socket(afInet, sockDgram), socket(afInet, sockRaw))
	case SetClock:
		return either(with("clock_settime", argument{0, clockRealtime}), with("settimeofday"), with("clock_adjtime", argument{0, clockRealtime}), with("adjtimex"))
	case Mount:
		return [][]call{{with("mount")}, {with("fsopen"), with("fsconfig"), with("fsmount"), with("move_mount")}}
	case Chroot:
		return named("chroot")
	case Nice:
		return either(with("setpriority", argument{0, prioProcess}), with("sched_setattr"))
	case SetUID:
		return either(with("setuid", id), with("setresuid", id), with("setreuid", id))
	case SetGID:
		return either(with("setgid", id), with("setresgid", id), with("setregid", id))
	case Ptrace:
		return either(with("ptrace", argument{0, ptraceAttach}), with("ptrace", argument{0, ptraceSeize}))
	case Kill:
		return [][]call{{with("kill")}, {with("tgkill")}, {with("rt_sigqueueinfo")}, {with("pidfd_open"), with("pidfd_send_signal")}}
	case Chown:
		return named("fchownat", "chown", "lchown", "fchown")
	case Read:
		return named("openat", "open", "openat2")
	case LoadModule:
		return named("finit_module", "init_module")
	case Syslog:
		return either(with("syslog", argument{0, readAllOfLog}))
	case UseBPF:
		return named("bpf")
	case Reboot:
		return named("reboot")
	case MakeNode:
		return named("mknodat", "mknod")
	case RaiseLimit:
		return named("prlimit64", "setrlimit")
	case UnshareUser:
		return either(with("unshare", argument{0, cloneNewUser}), with("clone", argument{0, cloneNewUser}), with("clone3"))
	}
	return nil
}

// pingWays is how it can be done by one whom the kernel lets have a ping socket, a raw one, both, or neither.
func pingWays(ping, raw fact.Answer) [][]call {
	none := ping == fact.No && raw == fact.No
	var all [][]call
	if ping != fact.No || none {
		all = append(all, []call{socket(afInet, sockDgram)}, []call{socket(afInet, sockDgram|closeOnExec)})
	}
	if raw != fact.No || none {
		all = append(all, []call{socket(afInet, sockRaw)}, []call{socket(afInet, sockRaw|closeOnExec)})
	}
	return all
}
