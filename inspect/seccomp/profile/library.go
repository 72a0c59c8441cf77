package profile

import (
	"sync"

	"capview/inspect/seccomp"
)

// Library is a generation of libseccomp, told by the system calls it knows (src/syscalls.csv of its releases).
type Library uint8

// The generations. 2.6.0 is newer than 2.5.6 and knows the same.
const (
	Library250 Library = iota // 2.5.0 and 2.5.1: up to Linux 5.8
	Library252
	Library253
	Library254 // Debian 12
	Library255
	Library256
	Library261
	libraries
	Newest = Library261
)

// String is the first release of the generation.
func (l Library) String() string {
	return [...]string{"2.5.0", "2.5.2", "2.5.3", "2.5.4", "2.5.5", "2.5.6", "2.6.1"}[l]
}

// since is the names that generations after the first added.
var since = map[string]Library{
	"close_range": Library252, "epoll_pwait2": Library252, "landlock_add_rule": Library252,
	"landlock_create_ruleset": Library252, "landlock_restrict_self": Library252, "memfd_secret": Library252,
	"mount_setattr": Library252, "process_madvise": Library252, "quotactl_fd": Library252,
	"process_mrelease": Library253,
	"futex_waitv":      Library254, "set_mempolicy_home_node": Library254,
	"cachestat": Library255, "fchmodat2": Library255, "futex_requeue": Library255, "futex_wait": Library255,
	"futex_wake": Library255, "map_shadow_stack": Library255,
	"getxattrat": Library256, "listmount": Library256, "listxattrat": Library256, "lsm_get_self_attr": Library256,
	"lsm_list_modules": Library256, "lsm_set_self_attr": Library256, "mseal": Library256, "removexattrat": Library256,
	"setxattrat": Library256, "statmount": Library256, "uretprobe": Library256,
	"file_getattr": Library261, "file_setattr": Library261, "listns": Library261, "open_tree_attr": Library261,
	"rseq_slice_yield": Library261, "uprobe": Library261,
}

// number is a system call's by its name where libseccomp knows both for the architecture.
func (l Library) number(arch seccomp.Arch, name string) (uint32, bool) {
	k, ok := known[arch]()[name]
	return k.nr, ok && k.since <= l
}

// numbered is a system call of an architecture: its number, and the generation of libseccomp that first has it.
type numbered struct {
	nr    uint32
	since Library
}

// known is every architecture's system calls by name.
var known = func() (all [seccomp.Arches]func() map[string]numbered) {
	for arch := range seccomp.Arches {
		all[arch] = sync.OnceValue(func() map[string]numbered { return knownOf(arch) })
	}
	return all
}()

func knownOf(arch seccomp.Arch) map[string]numbered {
	byName := make(map[string]numbered, 512)
	for _, nr := range arch.Numbers() {
		name := arch.Name(nr)
		first := since[name]
		switch {
		case arch == seccomp.X32 && name == "map_shadow_stack":
			first = Library256
		case arch == seccomp.AArch64 && name == "fstatat":
			name = "newfstatat"
		case arch == seccomp.AArch64 && (403 <= nr && nr <= 423 || nr == 244):
			continue // with 64-bit times, which 32-bit architectures alone have (asm-generic/unistd.h)
		}
		byName[name] = numbered{nr, first}
	}
	return byName
}

// multiplexed is the system calls that i386 also has behind socketcall and ipc: libseccomp has their rules allow
// there, too, what the first argument chooses (src/syscalls.c, abi_rule_add).
var multiplexed = map[string]struct {
	behind string
	call   uint64
}{
	"socket": {"socketcall", 1}, "bind": {"socketcall", 2}, "connect": {"socketcall", 3}, "listen": {"socketcall", 4},
	"accept": {"socketcall", 5}, "getsockname": {"socketcall", 6}, "getpeername": {"socketcall", 7},
	"socketpair": {"socketcall", 8}, "send": {"socketcall", 9}, "recv": {"socketcall", 10}, "sendto": {"socketcall", 11},
	"recvfrom": {"socketcall", 12}, "shutdown": {"socketcall", 13}, "setsockopt": {"socketcall", 14},
	"getsockopt": {"socketcall", 15}, "sendmsg": {"socketcall", 16}, "recvmsg": {"socketcall", 17},
	"accept4": {"socketcall", 18}, "recvmmsg": {"socketcall", 19}, "sendmmsg": {"socketcall", 20},
	"semop": {"ipc", 1}, "semget": {"ipc", 2}, "semctl": {"ipc", 3}, "semtimedop": {"ipc", 4}, "msgsnd": {"ipc", 11},
	"msgrcv": {"ipc", 12}, "msgget": {"ipc", 13}, "msgctl": {"ipc", 14}, "shmat": {"ipc", 21}, "shmdt": {"ipc", 22},
	"shmget": {"ipc", 23}, "shmctl": {"ipc", 24},
}
