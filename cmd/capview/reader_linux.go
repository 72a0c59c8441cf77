package main

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/nsinfo"
)

// initialNamespaces is the fixed inodes of the initial namespaces (include/linux/proc_ns.h, PROC_*_INIT_INO).
var initialNamespaces = map[nsinfo.Type]string{
	nsinfo.UserNS:   "user:[4026531837]",
	nsinfo.PID:      "pid:[4026531836]",
	nsinfo.CgroupNS: "cgroup:[4026531835]",
}

// Reader tells what limits this process in reading others.
func (n procNode) Reader() reader {
	r := reader{UID: os.Geteuid(), Initial: map[nsinfo.Type]inspect.Opt[bool]{}}
	if set, err := effectiveCaps(); err == nil {
		r.Effective = inspect.Some(set)
	}
	if b, err := os.ReadFile(filepath.Join(n.root, "self/mountinfo")); err == nil {
		if m, ok := parseProcMount(string(b), n.root); ok {
			r.Proc = inspect.Some(m)
		}
	}
	for kind, initial := range initialNamespaces {
		if link, err := os.Readlink(filepath.Join(n.root, "self/ns", kind.String())); err == nil {
			r.Initial[kind] = inspect.Some(link == initial)
		}
	}
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) == nil {
		r.NoFile = inspect.Some(limit.Cur)
	}
	_, err := os.Stat("/sys/kernel/btf/vmlinux")
	r.BTF = err == nil
	return r
}

// effectiveCaps is this thread's effective set (capget(2), version 3: two words).
func effectiveCaps() (caps.Set, error) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return 0, err
	}
	return caps.Set(uint64(data[1].Effective)<<32 | uint64(data[0].Effective)), nil
}
