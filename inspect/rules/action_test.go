package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/nsinfo"
)

const initialSpace, childSpace, grandchildSpace = 4026531837, 4026532001, 4026532002

// actionTree is the initial user namespace, one of user 1000 in it with ids from 100000 on, and one in that.
func actionTree() *Users {
	m := func(inside, outside, count uint32) fact.Opt[[]nsinfo.Range] {
		return fact.Some([]nsinfo.Range{{Inside: inside, Outside: outside, Count: count}})
	}
	u := NewUsers([]nsinfo.User{
		{Inode: initialSpace, Parent: fact.Some[uint64](0), Level: fact.Some(0), UIDMap: m(0, 0, 4294967295), GIDMap: m(0, 0, 4294967295)},
		{Inode: childSpace, Parent: fact.Some[uint64](initialSpace), Level: fact.Some(1), OwnerUID: fact.Some[uint32](1000),
			UIDMap: m(0, 100000, 65536), GIDMap: m(0, 100000, 65536)},
		{Inode: grandchildSpace, Parent: fact.Some[uint64](childSpace), Level: fact.Some(2), OwnerUID: fact.Some[uint32](100000),
			UIDMap: m(0, 100000, 1), GIDMap: m(0, 100000, 1)},
	}, initialSpace, initialSpace)
	return &u
}

// actor is a task of a uid in a user namespace that owns all its other namespaces.
func actor(uid uint32, ns uint64, effective, bounding caps.Set) *Task {
	ids := fact.Some(IDs{uid, uid, uid, uid})
	t := &Task{UID: ids, GID: ids, Groups: fact.Some([]uint32{}), NoNewPrivs: fact.Some(false), SecureBits: fact.Some(SecureBits(0)),
		Caps: fact.Some(caps.Sets{Permitted: effective, Effective: effective, Bounding: bounding})}
	for kind := range t.Namespaces {
		t.Namespaces[kind], t.Owners[kind] = uint64(100+kind), ns
	}
	t.Namespaces[nsinfo.UserNS], t.Owners[nsinfo.UserNS] = ns, 0
	return t
}

// everything is facts that forbid what needs a capability.
func everything() *Facts {
	return &Facts{
		System: System{PortStart: fact.Some[uint32](1024), PingGroups: fact.Some(GIDRange{1, 0}), LogRestricted: fact.Some(true),
			LogByAdmin: fact.Some(false), Modules: fact.Some(ModulesLoadable), BPFUnprivileged: fact.Some(false),
			PtraceScope: fact.Some(0), MaxUserNS: fact.Some[uint64](1000), UserNSForAll: fact.Some(true)},
		Self: Self{Nice: fact.Some(0), NiceLimit: fact.Some[uint64](0), Chrooted: fact.Some(false), Filtered: fact.Some(false)},
	}
}

func tried(t *testing.T, u *Users, task *Task, f *Facts, text string) Result {
	t.Helper()
	a, err := ParseAction(text)
	if err != nil {
		t.Fatal(err)
	}
	return May(u, task, f, a)
}

func ruleNames(r Result) string {
	var names []string
	for _, s := range r.Steps {
		names = append(names, s.Rule)
	}
	return strings.Join(names, " ")
}

// What the running kernel cannot be asked on every machine: sysctls of the whole node, limits that take CAP_SYS_RESOURCE.
func TestSwitches(t *testing.T) {
	nobody := actor(1000, initialSpace, 0, caps.Full(caps.Last))
	target := func(f *Facts) {
		f.Target = &TargetTask{Task: *actor(1000, initialSpace, 0, 0), Same: fact.Some(false), Visible: fact.Yes, KernelThread: fact.Some(false),
			Exited: fact.Some(false), Dumpable: fact.Some(true), Descendant: fact.Some(false)}
		f.Target.Traced = fact.Some(false)
	}
	for _, c := range []struct {
		action string
		change func(*Facts)
		want   fact.Answer
		errno  Errno
		rule   string
	}{
		{"syslog", func(f *Facts) {}, fact.No, EPERM, "log-restricted"},
		{"syslog", func(f *Facts) { f.LogRestricted = fact.Some(false) }, fact.Yes, "", "log-open"},
		{"bpf", func(f *Facts) { f.BPFUnprivileged = fact.Some(true) }, fact.Yes, "", "bpf-open"},
		{"nice:-5", func(f *Facts) {}, fact.No, EACCES, "nice-over-limit"},
		{"nice:-5", func(f *Facts) { f.NiceLimit = fact.Some[uint64](25) }, fact.Yes, "", "nice-limit"},
		{"nice:-5", func(f *Facts) { f.NiceLimit = fact.Some[uint64](24) }, fact.No, EACCES, "nice-over-limit"},
		{"nice:-5", func(f *Facts) { f.NiceLimit = fact.Some(^uint64(0)) }, fact.Yes, "", "nice-limit"},
		{"load-module", func(f *Facts) { f.Modules = fact.Some(ModulesAbsent) }, fact.No, ENOSYS, "modules-absent"},
		{"load-module", func(f *Facts) { f.Modules = fact.Some(ModulesDisabled) }, fact.No, EPERM, "userns-own"},
		{"unshare-user", func(f *Facts) {}, fact.Yes, "", "userns-open"},
		{"unshare-user", func(f *Facts) { f.MaxUserNS = fact.Some[uint64](0) }, fact.No, ENOSPC, "userns-none"},
		{"unshare-user", func(f *Facts) { f.UserNSForAll = fact.Some(false) }, fact.No, EPERM, "userns-restricted"},
		{"ptrace:2", target, fact.Yes, "", "ptrace-same-user"},
		{"ptrace:2", func(f *Facts) { target(f); f.PtraceScope = fact.Some(1) }, fact.Unknown, "", "yama-descendants"},
		{"ptrace:2", func(f *Facts) { target(f); f.PtraceScope = fact.Some(1); f.Target.Descendant = fact.Some(true) }, fact.Yes, "", "yama-descendants"},
		{"ptrace:2", func(f *Facts) { target(f); f.PtraceScope = fact.Some(2) }, fact.No, EPERM, "yama-capable"},
		{"ptrace:2", func(f *Facts) { target(f); f.PtraceScope = fact.Some(3) }, fact.No, EPERM, "yama-none"},
		{"ptrace:2", func(f *Facts) { target(f); f.Target.KernelThread = fact.Some(true) }, fact.No, EPERM, "ptrace-kernel-thread"},
		{"ptrace:2", func(f *Facts) { target(f); f.Target.Exited = fact.Some(true) }, fact.No, EPERM, "ptrace-exited"},
		{"ptrace:2", func(f *Facts) { target(f); f.Target.Traced = fact.Some(true) }, fact.No, EPERM, "ptrace-traced"},
	} {
		f := everything()
		c.change(f)
		r := tried(t, actionTree(), nobody, f, c.action)
		if r.Answer != c.want || r.Errno != c.errno || !strings.Contains(ruleNames(r), c.rule) {
			t.Errorf("%s, want %s: %s %q by %q", c.action, c.rule, r.Answer, r.Errno, ruleNames(r))
		}
	}
}

// Before Linux 6.8 cap_sys_admin reads the log as well.
func TestLogByAdmin(t *testing.T) {
	admin := actor(0, initialSpace, caps.Of(caps.SysAdmin), caps.Full(caps.Last))
	for release, want := range map[string]fact.Answer{
		"6.1.0-39-amd64": fact.Yes, "6.7.12": fact.Yes, "6.8.0-rc1": fact.No, "6.18.44": fact.No, "7.0": fact.No, "odd": fact.Unknown,
	} {
		f := everything()
		f.LogByAdmin = LogByAdmin(release)
		if r := tried(t, actionTree(), admin, f, "syslog"); r.Answer != want {
			t.Errorf("%s: %s, want %s", release, r.Answer, want)
		}
	}
}

// A remedy that gives a capability does give the answer: of a denied action, the same task with the capability may.
func TestRemediesHold(t *testing.T) {
	full := caps.Full(caps.Last)
	for _, action := range []string{"bind:80", "raw-socket", "ping", "set-clock", "mount", "chroot", "nice:-1", "setuid:5", "setgid:5",
		"load-module", "syslog", "bpf", "reboot", "mknod", "raise-rlimit", "cap:net_admin@net"} {
		for _, bounding := range []caps.Set{full, 0} {
			r := tried(t, actionTree(), actor(1000, initialSpace, 0, bounding), everything(), action)
			if r.Answer != fact.No || len(r.Remedies) == 0 {
				t.Errorf("%s: %s with remedies %v", action, r.Answer, r.Remedies)
				continue
			}
			if r := tried(t, actionTree(), actor(1000, initialSpace, given(r.Remedies), full), everything(), action); r.Answer != fact.Yes {
				t.Errorf("%s: %s with what %v give", action, r.Answer, r.Remedies)
			}
		}
	}
}

// given is every capability that remedies name.
func given(remedies []Remedy) (set caps.Set) {
	text := fmt.Sprint(remedies)
	for c := caps.Cap(0); c <= caps.Last; c++ {
		if strings.Contains(text, c.String()) {
			set |= caps.Of(c)
		}
	}
	return set
}

func TestRemedies(t *testing.T) {
	full := caps.Full(caps.Last)
	nnp := actor(1000, initialSpace, 0, full)
	nnp.NoNewPrivs = fact.Some(true)
	hostNet := actor(100000, childSpace, full, full)
	hostNet.Owners[nsinfo.Net] = initialSpace
	dormant := actor(1000, initialSpace, 0, full)
	dormant.Caps = fact.Some(caps.Sets{Permitted: caps.Of(caps.NetRaw), Bounding: full})
	for _, c := range []struct {
		name, action string
		task         *Task
		want         []string
	}{
		{"bounding alone", "bind:80", actor(1000, initialSpace, 0, full), []string{"ip_unprivileged_port_start=80", "AmbientCapabilities", "setcap"}},
		{"with no_new_privs", "raw-socket", nnp, []string{"ambient", "allowPrivilegeEscalation: true"}},
		{"permitted alone", "raw-socket", dormant, []string{"from its permitted into its effective set"}},
		{"dropped", "raw-socket", actor(0, initialSpace, 0, 0), []string{"--cap-add NET_RAW"}},
		{"the clock in a user namespace", "set-clock", actor(100000, childSpace, full, full), []string{"cannot be granted", "hostUsers: true"}},
		{"the host's network", "raw-socket", hostNet, []string{"hostNetwork: false", "cannot be granted"}},
		{"an id that is not mapped", "setuid:70000", actor(100000, childSpace, full, full), []string{"map uid 70000"}},
	} {
		r := tried(t, actionTree(), c.task, everything(), c.action)
		text := fmt.Sprint(r.Remedies)
		at := 0
		for _, want := range c.want {
			i := strings.Index(text[at:], want)
			if r.Answer != fact.No || i < 0 {
				t.Errorf("%s: %s %s: no %q in its place in %v", c.name, c.action, r.Answer, want, r.Remedies)
				break
			}
			at += i
		}
	}
}

// A seccomp filter is named with the system call it may refuse, where there may be one.
func TestUnmodelled(t *testing.T) {
	for filtered, want := range map[fact.Opt[bool]]string{
		fact.Some(true): "its seccomp filter", fact.Some(false): "", {}: "a seccomp filter, if it has one",
	} {
		f := everything()
		f.Filtered = filtered
		r := tried(t, actionTree(), actor(0, initialSpace, 0, 0), f, "mount")
		i := slices.IndexFunc(r.Unmodelled, func(s string) bool { return strings.Contains(s, "seccomp") })
		if (want == "") != (i < 0) || want != "" && (!strings.HasPrefix(r.Unmodelled[i], want) || !strings.Contains(r.Unmodelled[i], "mount(2)")) {
			t.Errorf("%v: %q", filtered, r.Unmodelled)
		}
	}
}

// One answer is a small thing.
func BenchmarkMay(b *testing.B) {
	u, task, f := actionTree(), actor(100000, childSpace, 0, caps.Full(caps.Last)), everything()
	a := Action{Verb: Bind, Port: 80}
	for b.Loop() {
		May(u, task, f, a)
	}
}
