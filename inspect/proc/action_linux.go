package proc

import (
	"bytes"
	"context"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"capview/inspect"
	"capview/inspect/rules"
)

// System reads the sysctls that decide actions anywhere on the node (proc_sys(5)); those of network namespaces are in a
// Snapshot. What could not be read is unknown. A switch that this kernel does not have is as if it forbade nothing.
func (s *Source) System() rules.System {
	var r rules.System
	if n, err := s.sysctl("kernel/dmesg_restrict"); err == nil {
		r.LogRestricted = inspect.Some(n != 0)
	}
	if n, err := s.sysctl("kernel/unprivileged_bpf_disabled"); err == nil {
		r.BPFUnprivileged = inspect.Some(n == 0)
	}
	if n, err := s.sysctl("kernel/unprivileged_userns_clone"); err == nil || err == unix.ENOENT {
		r.UserNSForAll = inspect.Some(err != nil || n != 0)
	}
	if n, err := s.sysctl("kernel/yama/ptrace_scope"); err == nil || err == unix.ENOENT {
		r.PtraceScope = inspect.Some(int(n))
	}
	// The file shows the limit of the reader's user namespace, which all below it must keep to.
	if n, err := s.sysctl("user/max_user_namespaces"); err == nil {
		r.MaxUserNS = inspect.Some(n)
	}
	switch n, err := s.sysctl("kernel/modules_disabled"); {
	case err == unix.ENOENT:
		r.Modules = inspect.Some(rules.ModulesAbsent)
	case err == nil && n == 0:
		r.Modules = inspect.Some(rules.ModulesLoadable)
	case err == nil:
		r.Modules = inspect.Some(rules.ModulesDisabled)
	}
	return r
}

func (s *Source) sysctl(name string) (uint64, error) {
	buf := make([]byte, 64)
	text, err := readAt(int(s.root.Fd()), "sys/"+name, &buf, maxText)
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(string(bytes.TrimSpace(text)), 10, 64)
}

// Self reads what decides a process's own actions besides its credentials; Filtered is left to the Snapshot. A start
// other than 0 must be its start time; os.ErrNotExist is when it is gone. What could not be read is unknown.
func (s *Source) Self(ctx context.Context, pid int, start uint64) (rules.Self, error) {
	return look(ctx, s, pid, start, func(o *opened) (rules.Self, error) {
		var r rules.Self
		if text, err := o.text("stat"); err == nil {
			r.Nice = niceOf(text)
		}
		if text, err := o.text("limits"); err == nil {
			r.NiceLimit = niceLimit(text)
		}
		// The link shows the root directory's path in its own mount namespace: "/" where that is its root.
		buf := make([]byte, 4096)
		if link, err := readlinkAt(o.dir, "root", buf); err == nil {
			r.Chrooted = inspect.Some(string(link) != "/")
		}
		return r, nil
	})
}

// niceOf is the nineteenth field of a stat file (proc_pid_stat(5)), counted from the last ')'.
func niceOf(text []byte) inspect.Opt[int] {
	const nice, afterComm = 19, 3
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) <= nice-afterComm {
		return inspect.Opt[int]{}
	}
	n, err := strconv.Atoi(string(fields[nice-afterComm]))
	if err != nil {
		return inspect.Opt[int]{}
	}
	return inspect.Some(n)
}

// niceLimit is the soft RLIMIT_NICE of a limits file (proc_pid_limits(5)).
func niceLimit(text []byte) inspect.Opt[uint64] {
	for line := range strings.Lines(string(text)) {
		value, ok := strings.CutPrefix(line, "Max nice priority")
		if f := strings.Fields(value); ok && len(f) > 0 {
			if n, err := strconv.ParseUint(f[0], 10, 64); err == nil {
				return inspect.Some(n)
			}
		}
	}
	return inspect.Opt[uint64]{}
}

// Owner is who owns a process's files in procfs (proc(5), "/proc/pid"): its effective ids where it is dumpable, else the
// root of the user namespace its program was started in. The ids are in the reader's user namespace.
func (s *Source) Owner(ctx context.Context, pid int, start uint64) (ids [2]uint32, err error) {
	return look(ctx, s, pid, start, func(o *opened) (ids [2]uint32, err error) {
		var st unix.Stat_t
		err = unix.Fstatat(o.dir, "status", &st, 0)
		return [2]uint32{st.Uid, st.Gid}, err
	})
}
