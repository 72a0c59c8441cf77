//go:build amd64 || arm64

package actionoracle

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"capview/inspect/fact"
	"capview/inspect/rules"
)

// system is the kernel's sysctls.
func system() rules.System {
	s := rules.System{PtraceScope: fact.Some(0), UserNSForAll: fact.Some(true)}
	if n, ok := sysctl("kernel/yama/ptrace_scope"); ok {
		s.PtraceScope = fact.Some(int(n))
	}
	if n, ok := sysctl("kernel/unprivileged_userns_clone"); ok {
		s.UserNSForAll = fact.Some(n != 0)
	}
	s.Modules = fact.Some(rules.ModulesAbsent)
	if n, ok := sysctl("kernel/modules_disabled"); ok {
		s.Modules = fact.Some([]rules.ModuleState{rules.ModulesLoadable, rules.ModulesDisabled}[n])
	}
	n, _ := sysctl("kernel/dmesg_restrict")
	s.LogRestricted = fact.Some(n != 0)
	n, _ = sysctl("kernel/unprivileged_bpf_disabled")
	s.BPFUnprivileged = fact.Some(n == 0)
	n, _ = sysctl("user/max_user_namespaces")
	s.MaxUserNS = fact.Some(uint64(n))
	s.LogByAdmin = fact.Some(olderThan(6, 8))
	return s
}

func sysctl(name string) (n int, ok bool) {
	text, err := os.ReadFile("/proc/sys/" + name)
	if err != nil {
		return 0, false
	}
	_, err = fmt.Sscan(string(text), &n)
	return n, err == nil
}

func olderThan(major, minor int) bool {
	var u unix.Utsname
	unix.Uname(&u)
	var a, b int
	fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &a, &b)
	return a < major || a == major && b < minor
}

// niceLimit is a process's soft RLIMIT_NICE (proc_pid_limits(5)): prlimit(2) shows others' only to who has CAP_SYS_RESOURCE.
func niceLimit(pid int) (limit fact.Opt[uint64]) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "Max nice priority"); ok {
			var n uint64
			if _, err := fmt.Sscan(value, &n); err == nil {
				limit = fact.Some(n)
			}
		}
	}
	return limit
}
