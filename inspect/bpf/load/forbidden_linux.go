package load

import (
	"bytes"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// The capabilities that loading a tracing program takes since Linux 5.8 (capabilities(7)): each may be CAP_SYS_ADMIN.
var needed = []struct {
	bit  int
	name string
}{{unix.CAP_BPF, "CAP_BPF"}, {unix.CAP_PERFMON, "CAP_PERFMON"}}

// forbidden is what may be the cause of an EPERM, by what this thread has and the node is set to.
func forbidden() string {
	effective, err := effectiveSet()
	if err == nil && effective>>unix.CAP_SYS_ADMIN&1 == 0 {
		var lacks []string
		for _, c := range needed {
			if effective>>c.bit&1 == 0 {
				lacks = append(lacks, c.name)
			}
		}
		if len(lacks) > 0 {
			return "needs " + strings.Join(lacks, " and ")
		}
	}
	if lockdown() == "confidentiality" {
		return "the kernel is locked down for confidentiality (kernel_lockdown(7))"
	}
	if !initialUserNS() {
		return "capview runs in a child user namespace, whose capabilities do not count here"
	}
	return "the kernel is locked down, a security module or a seccomp filter forbids it, or memory may not be locked"
}

func effectiveSet() (uint64, error) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	err := unix.Capget(&header, &data[0])
	return uint64(data[1].Effective)<<32 | uint64(data[0].Effective), err
}

// lockdown is the mode in force; "" where it cannot be told.
func lockdown() string {
	text, err := os.ReadFile("/sys/kernel/security/lockdown")
	if err != nil {
		return ""
	}
	_, after, _ := bytes.Cut(text, []byte("["))
	mode, _, _ := bytes.Cut(after, []byte("]"))
	return string(mode)
}

// initialUserNS tells whether this process is in the initial user namespace (include/linux/proc_ns.h PROC_USER_INIT_INO).
func initialUserNS() bool {
	link, err := os.Readlink("/proc/self/ns/user")
	return err != nil || link == "user:[4026531837]"
}
