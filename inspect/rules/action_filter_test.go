package rules

import (
	"strings"
	"testing"

	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/inspect/seccomp"
)

// refusing is a filter of x86_64 that gives some system calls an action and allows the others.
func refusing(action seccomp.Action, names ...string) seccomp.Program {
	const load, jump, give = 0x20, 0x15, 0x06
	p := seccomp.Program{{Code: load}}
	for _, name := range names {
		nr, ok := seccomp.X86_64.Number(name)
		if !ok {
			panic(name)
		}
		p = append(p, seccomp.Instruction{Code: jump, JF: 1, K: nr}, seccomp.Instruction{Code: give, K: uint32(action)})
	}
	return append(p, seccomp.Instruction{Code: give, K: uint32(seccomp.Allow)})
}

// cloexecOnly refuses socket(2) unless its type has SOCK_CLOEXEC.
func cloexecOnly() seccomp.Program {
	return seccomp.Program{{Code: 0x20}, {Code: 0x15, JF: 4, K: 41}, {Code: 0x20, K: 24}, {Code: 0x54, K: 0x80000}, {Code: 0x15, JF: 1, K: 0},
		{Code: 0x06, K: uint32(seccomp.Errno | 1)}, {Code: 0x06, K: uint32(seccomp.Allow)}}
}

func TestFilteredActions(t *testing.T) {
	all := caps.Full(caps.Last)
	eperm, enosys := seccomp.Errno|1, seccomp.Errno|38
	for _, c := range []struct {
		action  string
		filters Filters
		held    caps.Set
		want    fact.Answer
		errno   Errno
		words   string
	}{
		{"mount", Filters{}, all, fact.Yes, "", ""},
		{"mount", Filters{Stack: seccomp.Stack{refusing(eperm, "mount")}}, all, fact.Yes, "", "fsopen(2), fsconfig(2), fsmount(2), move_mount(2) are allowed"},
		{"mount", Filters{Stack: seccomp.Stack{refusing(eperm, "mount", "fsopen")}}, all, fact.No, EPERM, "passes these checks, but mount(2) fails with EPERM"},
		{"mount", Filters{Stack: seccomp.Stack{refusing(enosys, "mount", "fsopen")}}, 0, fact.No, ENOSYS, "mount(2) fails with ENOSYS"},
		{"chroot", Filters{Stack: seccomp.Stack{refusing(seccomp.KillProcess, "chroot")}}, all, fact.No, "", "kills the process"},
		{"chroot", Filters{Stack: seccomp.Stack{refusing(seccomp.Trap, "chroot")}}, all, fact.No, "", "raises SIGSYS"},
		{"chroot", Filters{Stack: seccomp.Stack{refusing(seccomp.Errno, "chroot")}}, all, fact.No, "", "says that it succeeded"},
		{"chroot", Filters{Stack: seccomp.Stack{refusing(seccomp.Log, "chroot")}}, all, fact.Yes, "", ""},
		{"chroot", Filters{Stack: seccomp.Stack{refusing(seccomp.UserNotify, "chroot")}}, all, fact.Unknown, "", "supervisor"},
		{"chroot", Filters{Stack: seccomp.Stack{refusing(seccomp.Trace, "chroot")}}, all, fact.Unknown, "", "tracer"},
		{"chroot", Filters{Strict: true}, all, fact.No, "", "strict mode"},
		{"bind:80", Filters{Stack: seccomp.Stack{cloexecOnly()}}, all, fact.Yes, "", "socket(2), bind(2) are allowed"},
		{"syscall:mount", Filters{Stack: seccomp.Stack{refusing(eperm, "mount")}}, 0, fact.No, EPERM, "mount(2) fails with EPERM"},
		{"syscall:165", Filters{Stack: seccomp.Stack{refusing(eperm, "mount")}}, 0, fact.No, EPERM, "fails with EPERM"},
		{"syscall:mount", Filters{}, 0, fact.Yes, "", "no seccomp filter"},
		{"syscall:socket", Filters{Stack: seccomp.Stack{cloexecOnly()}}, 0, fact.Unknown, "", "depends on its arguments"},
		{"syscall:socket,2,0x80001", Filters{Stack: seccomp.Stack{cloexecOnly()}}, 0, fact.Yes, "", "is allowed"},
		{"syscall:socket,_,1", Filters{Stack: seccomp.Stack{cloexecOnly()}}, 0, fact.No, EPERM, "fails with EPERM"},
		{"syscall:open", Filters{Arch: seccomp.AArch64}, 0, fact.No, ENOSYS, "aarch64 has no system call open"},
		{"syscall:aarch64/openat", Filters{}, 0, fact.Yes, "", "no seccomp filter"},
		{"syscall:write", Filters{Strict: true}, 0, fact.Yes, "", "is allowed"},
		{"cap:sys_chroot", Filters{Stack: seccomp.Stack{refusing(eperm, "chroot")}}, all, fact.Yes, "", ""},
	} {
		f := everything()
		f.Filters, f.Filtered = fact.Some(c.filters), fact.Some(true)
		r := tried(t, actionTree(), actor(1000, initialSpace, c.held, all), f, c.action)
		var said strings.Builder
		for _, s := range r.Steps {
			if strings.HasPrefix(s.Rule, "seccomp") || s.Rule == "no-syscall" {
				said.WriteString(s.Because)
			}
		}
		if r.Answer != c.want || r.Errno != c.errno || (c.words == "") != (said.Len() == 0) || !strings.Contains(said.String(), c.words) {
			t.Errorf("%s, %+v: %s %q: %s", c.action, c.filters, r.Answer, r.Errno, &said)
		}
		if r.Answer == fact.Unknown && len(r.Gaps) == 0 {
			t.Errorf("%s: cannot tell, and says not why", c.action)
		}
		for _, u := range r.Unmodelled {
			if strings.Contains(u, "seccomp") {
				t.Errorf("%s: %q, though the filters are known", c.action, u)
			}
		}
	}
}
