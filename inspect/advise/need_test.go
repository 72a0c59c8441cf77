package advise

import (
	"testing"

	"capview/inspect"
	"capview/inspect/caps"
)

// What a check says: the noise that must not lead to keeping a capability, and what looks like it and is none.
func TestRead(t *testing.T) {
	quiet, loud, unknown := inspect.Some(false), inspect.Some(true), inspect.Opt[bool]{}
	yes := inspect.Some(true)
	for name, c := range map[string]struct {
		u    Use
		want need
	}{
		"asked without audit":                  {Use{Cap: caps.SysPtrace, Audit: quiet, Syscall: "read"}, notNeeded},
		"a probe by the stack":                 {Use{Cap: caps.SysAdmin, Probe: yes, Syscall: "mmap"}, notNeeded},
		"a filter without no_new_privs":        {Use{Cap: caps.SysAdmin, Audit: quiet, Syscall: "seccomp"}, needed},
		"the same by the stack":                {Use{Cap: caps.SysAdmin, Probe: yes, Syscall: "prctl"}, needed},
		"another capability there":             {Use{Cap: caps.SysResource, Audit: quiet, Syscall: "prctl"}, notNeeded},
		"a sysctl of the network":              {Use{Cap: caps.NetAdmin, Audit: quiet, Syscall: "openat"}, mayNeed},
		"memory, audit unknown":                {Use{Cap: caps.SysAdmin, Audit: unknown, Syscall: "mmap"}, notNeeded},
		"memory, though asked with audit":      {Use{Cap: caps.SysAdmin, Audit: loud, Syscall: "mmap"}, needed},
		"memory of execve":                     {Use{Cap: caps.SysAdmin, Audit: unknown, Syscall: "execve"}, notNeeded},
		"mount":                                {Use{Cap: caps.SysAdmin, Audit: unknown, Syscall: "mount"}, needed},
		"clone, which may be either":           {Use{Cap: caps.SysAdmin, Audit: unknown, Syscall: "clone"}, mayNeed},
		"clone, no probe by the stack":         {Use{Cap: caps.SysAdmin, Probe: inspect.Some(false), Syscall: "clone"}, needed},
		"clone copies memory":                  {Use{Cap: caps.SysAdmin, Syscall: "clone", Stack: []string{"cap_capable+0x3", "cap_vm_enough_memory+0x2", "dup_mmap"}}, notNeeded},
		"clone makes namespaces":               {Use{Cap: caps.SysAdmin, Syscall: "clone", Stack: []string{"cap_capable", "copy_namespaces+0x2"}}, needed},
		"unshare":                              {Use{Cap: caps.SysAdmin, Syscall: "unshare"}, needed},
		"a device that is not there":           {Use{Cap: caps.SysModule, Audit: loud, Syscall: "ioctl"}, notNeeded},
		"a module":                             {Use{Cap: caps.SysModule, Audit: loud, Syscall: "finit_module"}, needed},
		"capset":                               {Use{Cap: caps.SetPCap, Audit: loud, Syscall: "capset"}, notNeeded},
		"the bounding set":                     {Use{Cap: caps.SetPCap, Audit: loud, Syscall: "prctl"}, needed},
		"trusted attributes":                   {Use{Cap: caps.SysAdmin, Audit: loud, Syscall: "listxattr"}, notNeeded},
		"/proc/PID/stat or another":            {Use{Cap: caps.SysPtrace, Audit: unknown, Syscall: "read"}, mayNeed},
		"/proc/PID/environ":                    {Use{Cap: caps.SysPtrace, Audit: unknown, Syscall: "openat"}, needed},
		"congestion control or another option": {Use{Cap: caps.NetAdmin, Audit: loud, Syscall: "setsockopt"}, mayNeed},
		"another option":                       {Use{Cap: caps.NetAdmin, Audit: loud, Syscall: "setsockopt", Stack: []string{"cap_capable", "sk_setsockopt"}}, needed},
		"refused to take an id":                {Use{Cap: caps.SetUID, Syscall: "setuid"}, mayNeed},
		"took an id":                           {Use{Cap: caps.SetUID, Syscall: "setuid", Allowed: true, Effective: inspect.Some(docker)}, needed},
		"refused to take three":                {Use{Cap: caps.SetUID, Syscall: "setresuid"}, needed},
		"set-id bits":                          {Use{Cap: caps.FSetID, Syscall: "write"}, mayNeed},
		"kernel addresses":                     {Use{Cap: caps.Syslog, Syscall: "openat"}, mayNeed},
		"the kernel's log":                     {Use{Cap: caps.Syslog, Syscall: "syslog"}, needed},
		"a sysctl, by the way":                 {Use{Cap: caps.NetAdmin, Syscall: "read"}, mayNeed},
		"an absent device":                     {Use{Cap: caps.NetAdmin, Syscall: "ioctl", Stack: []string{"cap_capable+0x1", "capable+0x2", "dev_load+0x3"}, Allowed: true}, notNeeded},
		"any device":                           {Use{Cap: caps.NetAdmin, Syscall: "ioctl"}, mayNeed},
		"a device, allowed":                    {Use{Cap: caps.NetAdmin, Syscall: "ioctl", Allowed: true, Effective: inspect.Some(caps.Of(caps.NetAdmin))}, needed},
		"EPOLLWAKEUP":                          {Use{Cap: caps.BlockSuspend, Syscall: "epoll_ctl"}, mayNeed},
		"overlayfs":                            {Use{Cap: caps.DACOverride, Audit: loud, Overridden: yes, Syscall: "openat"}, notNeeded},
		"the owner of a user namespace":        {Use{Cap: caps.NetAdmin, Allowed: true, Effective: inspect.Some(caps.Set(0))}, notNeeded},
		"denied to who does not hold it":       {Use{Cap: caps.NetAdmin, Effective: inspect.Some(caps.Set(0))}, needed},
		"chown":                                {Use{Cap: caps.Chown, Allowed: true, Effective: inspect.Some(caps.Of(caps.Chown)), Audit: loud, Syscall: "chown"}, needed},
	} {
		r := read(&c.u)
		if r.need != c.want || (r.need != needed) != (r.why != "") {
			t.Errorf("%s: read as %d (%s), want %d", name, r.need, r.why, c.want)
		}
	}
}

// The noise that every program makes leaves sys_admin to be dropped.
func TestNoise(t *testing.T) {
	with := docker | caps.Of(caps.SysAdmin)
	admin := func(s *inspect.Snapshot) {
		s.Processes[1].Caps = inspect.Some(caps.Sets{Permitted: with, Effective: with, Bounding: with})
	}
	noise := func(syscall string, n uint64) Use {
		return use(n, caps.SysAdmin, syscall).with(func(u *Use) { u.Allowed, u.Audit, u.Effective = true, inspect.Opt[bool]{}, inspect.Some(with) })
	}
	a := adviseWeb(t, watchedFor(50, 4000, noise("mmap", 100), noise("brk", 20), noise("execve", 3)), admin)
	j := judged(t, &a.Group.Lists, caps.SysAdmin)
	if j.Verdict != Drop || j.Noise != 123 || j.Allowed != 0 || j.Last == nil {
		t.Errorf("sys_admin: %+v", j)
	}
	a = adviseWeb(t, watchedFor(50, 4000, noise("mmap", 100), noise("clone", 1)), admin)
	if j := judged(t, &a.Group.Lists, caps.SysAdmin); j.Verdict != Unknown || j.Perhaps != 1 {
		t.Errorf("sys_admin with clone: %+v", j)
	}
	a = adviseWeb(t, watchedFor(50, 4000, noise("mmap", 100), noise("clone", 1), noise("mount", 1)), admin)
	if j := judged(t, &a.Group.Lists, caps.SysAdmin); j.Verdict != Keep || j.Allowed != 1 || j.Last.Syscall != "mount" {
		t.Errorf("sys_admin with mount: %+v", j)
	}
}

// Every capability that has moments is named by one that exists, and they read well.
func TestMoments(t *testing.T) {
	for c, m := range rare {
		if !c.Known() || m == 0 || m >= 1<<len(momentNames) || m.String() == "" {
			t.Errorf("%s: %d %q", c, m, m)
		}
	}
	for m, want := range map[moments]string{0: "", atStart: "start-up", atStart | atLogin: "start-up or a login", atStart | atReload | atShutdown: "start-up, a reload or shutdown"} {
		if m.String() != want {
			t.Errorf("%d reads %q", m, m)
		}
	}
}
