package inspect

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/inspect/filecap"
	"capview/nsinfo"
)

const hostUserNS, otherUserNS = 4026531837, 4026532999

// filterNode is a node with what every key can tell apart.
func filterNode() *Index {
	id := func(n uint32) Opt[IDs] { return Some(IDs{n, n, n, n}) }
	ns := func(user uint64) Opt[nsinfo.Set] { return Some(nsinfo.Set{nsinfo.UserNS: user}) }
	return NewIndex(&Snapshot{
		Host: Host{UserNamespace: hostUserNS, CapLastCap: caps.Last},
		Containers: []Container{
			{Key: "docker:aa", Kind: KindContainer, Runtime: "docker", ID: "fed1c0ffee00" + strings.Repeat("a", 52), Name: Some("Web"),
				Image: Some("docker.io/library/nginx:1.27"), Pod: Some(Pod{Name: "front-0", Namespace: "shop", UID: "0b1e9a2c-1111-2222-3333-444455556666"}), Unit: "docker-aa.scope"},
			{Key: "podman:bb", Kind: KindContainer, Runtime: "podman", ID: "bbbb00000000" + strings.Repeat("b", 52), UserNamespace: Some[uint64](otherUserNS)},
			{Key: "unit:ssh.service", Kind: KindUnit, Unit: "ssh.service"},
			{Key: "kernel", Kind: KindKernel},
		},
		UserNamespaces: []nsinfo.User{
			{Inode: hostUserNS, OwnerUID: Some[uint32](0), Parent: Some[uint64](0)},
			{Inode: otherUserNS, OwnerUID: Some[uint32](1000), Parent: Some[uint64](hostUserNS)},
		},
		Processes: []*Process{
			{PID: 1, Comm: "systemd", State: "S", Container: "unit:ssh.service", Exe: Some("/usr/lib/systemd/systemd"), Cmdline: Some([]string{"/sbin/init"}),
				User: Some("root"), UID: id(0), GID: id(0), Groups: Some([]uint32{0, 27}), Namespaces: ns(hostUserNS), FileCaps: Some(filecap.Caps{}),
				Creds: Creds{Caps: Some(caps.Sets{Permitted: caps.Full(caps.Last), Effective: caps.Full(caps.Last), Bounding: caps.Full(caps.Last)}),
					NoNewPrivs: Some(false), Seccomp: Some(Seccomp{Mode: SeccompDisabled})}},
			{PID: 2, Comm: "kthreadd", State: "S", KernelThread: true, Container: "kernel", Cmdline: Some([]string{}), Exe: Some(""),
				User: Some("root"), UID: id(0), GID: id(0), Groups: Some([]uint32{}), Namespaces: ns(hostUserNS), FileCaps: Some(filecap.Caps{}),
				Creds: Creds{Caps: Some(caps.Sets{Effective: 0}), NoNewPrivs: Some(false), Seccomp: Some(Seccomp{Mode: SeccompDisabled})}},
			{PID: 30, PPID: 1, Comm: "nginx", State: "S", Container: "docker:aa", Role: RolePayload, Exe: Some("/usr/sbin/nginx"), Cmdline: Some([]string{"nginx: master", "-g", "daemon off;"}),
				User: Some("www-data"), UID: id(33), GID: id(33), Groups: Some([]uint32{}), Namespaces: ns(hostUserNS),
				FileCaps: Some(filecap.Caps{Revision: 2, Permitted: caps.Of(caps.NetBindService), Effective: true}),
				Creds: Creds{Caps: Some(caps.Sets{Permitted: caps.Of(caps.NetBindService, caps.Chown), Effective: caps.Of(caps.NetBindService), Ambient: caps.Of(caps.NetBindService)}),
					NoNewPrivs: Some(true), Seccomp: Some(Seccomp{Mode: SeccompFilter, Profile: Some("docker")})},
				Threads: []Thread{{TID: 31, UID: id(33), GID: id(33), Creds: Creds{Caps: Some(caps.Sets{Effective: caps.Of(caps.SysTime)}), NoNewPrivs: Some(true), Seccomp: Some(Seccomp{Mode: SeccompFilter})}}}},
			{PID: 40, PPID: 1, Comm: "Ünïcode", State: "Z", Container: "podman:bb", Cmdline: Some([]string{"sh", "-c", "true"}), Exe: Some("/bin/busybox (deleted)"),
				User: Some("alice"), UID: id(1000), GID: id(1000), Groups: Some([]uint32{1000}), Namespaces: ns(otherUserNS), FileCaps: Some(filecap.Caps{}),
				Creds: Creds{Caps: Some(caps.Sets{}), NoNewPrivs: Some(true), Seccomp: Some(Seccomp{Mode: SeccompStrict})}},
			{PID: 50, PPID: 1, Comm: "hidden", State: "R"},
		},
	})
}

func TestFilterMatch(t *testing.T) {
	ix := filterNode()
	for _, c := range []struct{ expr, yes, unknown string }{
		{"", "1 2 30 40 50", ""},
		{"  \t ", "1 2 30 40 50", ""},
		{"NGINX", "30", "50"},
		{"hidden", "50", ""},
		{"ünï", "40", "50"},
		{`"daemon off"`, "30", "50"},
		{`name:"-c true"`, "40", "50"},
		{"nginx,hidden", "30 50", ""},
		{"!nginx", "1 2 40", "50"},
		{"!!nginx", "30", "50"},
		{"web", "30", "50"},
		{"ssh.serv", "1", "50"},
		{"bbbb", "40", "50"},
		{"bbb", "", "50"}, // too short for an id
		{"~^n.*x$", "30", "50"},
		{"name:~^SYS", "1", "50"},
		{`~"init|true"`, "1 40", "50"},
		{"/sbin/init", "1", "50"},
		{"(deleted)", "40", "50"},
		{"container:web", "30", "40 50"}, // podman's name was not read; of 50 it cannot be told
		{"container:fed1c0", "30", "40 50"},
		{"container:front", "30", "40 50"},
		{"container:docker:aa", "30", "40 50"},
		{"container:SSH.service", "1", "40 50"},
		{"container:ssh", "", "40 50"},
		{"!container:web", "1 2", "40 50"},
		{"container:web container:nginx", "", "40 50"},
		{"pod:front", "30", "40 50"},
		{"pod:0b1e9a2c", "30", "40 50"},
		{"namespace:shop", "30", "40 50"},
		{"image:nginx:1.27", "30", "40 50"},
		{"image:~nginx:1\\.2[78]", "30", "40 50"},
		{"runtime:pod,docker", "30 40", "50"},
		{"unit:ssh", "1", "50"},
		{"kind:kernel,unit", "1 2", "50"},
		{"role:payload", "30", ""},
		{"user:root", "1 2", "50"},
		{"user:roo", "", "50"},
		{"user:1000", "40", "50"},
		{"user:~a", "30 40", "50"},
		{"uid:0", "1 2", "50"},
		{"uid:1-999", "30", "50"},
		{"uid:33-", "30 40", "50"},
		{"uid:-33", "1 2 30", "50"},
		{"gid:1000", "40", "50"},
		{"groups:27", "1", "50"},
		{"pid:1,30-40", "1 30 40", ""},
		{"ppid:1", "30 40 50", ""},
		{"comm:sys", "1", ""},
		{"exe:/usr", "1 30", "50"},
		{"cmdline:init", "1", "50"},
		{"state:z", "40", ""},
		{"cap:chown", "1 30", "50"},
		{"cap:CAP_SYS_TIME", "1 30", "50"}, // a thread of 30 has it
		{"has:chown", "1", "50"},
		{"has:25", "1 30", "50"},
		{"lacks:sys_time", "2 40", "50"},
		{"!has:sys_time", "2 40", "50"},
		{"has:any", "1 30", "50"},
		{"has:none", "2 40", "50"},
		{"has:all", "1", "50"},
		{"ambient:net_bind_service", "30", "50"},
		{"inheritable:any", "", "50"},
		{"bounding:all", "1", "50"},
		{"filecap:yes", "30", "50"},
		{"filecap:no", "1 2 40", "50"},
		{"filecap:net_bind_service", "30", "50"},
		{"seccomp:none", "1 2", "50"},
		{"seccomp:strict", "40", "50"},
		{"seccomp:filter", "30", "50"},
		{"seccomp:docker", "30", "50"},
		{"seccomp:podman", "", "30 50"}, // the thread's profile is unknown
		{"nnp:yes", "30 40", "50"},
		{"nnp:no", "1 2", "50"},
		{"userns:host", "1 2 30", "50"},
		{"userns:other", "40", "50"},
		{"userns:4026532999", "40", "50"},
		{"userns:1000", "40", "50"},
		{"userns:Alice", "40", "50"},
		{"userns:root", "", "50"},
		{"nnp:no user:root !kind:kernel", "1", "50"},
		{"nnp:no pid:50", "", "50"},
		{"nnp:no pid:30", "", ""},
	} {
		t.Run(c.expr, func(t *testing.T) {
			f, err := ParseFilter(c.expr)
			if err != nil {
				t.Fatal(err)
			}
			yes, unknown := answers(f, ix)
			if yes != c.yes || unknown != c.unknown {
				t.Errorf("keeps %q and cannot tell of %q, want %q and %q", yes, unknown, c.yes, c.unknown)
			}
			kept, n := f.Select(ix)
			if len(kept) != len(strings.Fields(yes)) || n != len(strings.Fields(unknown)) {
				t.Errorf("Select: %d and %d", len(kept), n)
			}
		})
	}
}

// A container inside a container is found by either's name.
func TestFilterNested(t *testing.T) {
	ix := NewIndex(&Snapshot{
		Containers: []Container{{Key: "o", Kind: KindContainer, Name: Some("outer")}, {Key: "i", Kind: KindContainer, Name: Some("inner"), NestedIn: "o"}},
		Processes:  []*Process{{PID: 1, Container: "o"}, {PID: 2, Container: "o", Nested: "i"}, {PID: 3, Container: "o", Nested: "gone"}},
	})
	for name, want := range map[string]string{"outer": "1 2 3", "inner": "2", "other": ""} {
		if yes, _ := answers(ContainerFilter(name), ix); yes != want {
			t.Errorf("%s: keeps %q, want %q", name, yes, want)
		}
	}
}

// What the list shows of a group finds it, but for digits that match at random.
func TestFilterFindsLabels(t *testing.T) {
	id := func(n uint32) Opt[IDs] { return Some(IDs{n, n, n, n}) }
	ix := NewIndex(&Snapshot{
		Containers: []Container{
			{Key: "pidns/4026532001", Kind: KindContainer, ID: "4026532001", Name: Some("mybox")},
			{Key: "session/3", Kind: KindSession, ID: "3", Unit: "session-3.scope", Cgroup: "/user.slice/user-1000.slice/session-3.scope"},
			{Key: "docker/x", Kind: KindContainer, Runtime: "docker", ID: "fedc0ffee000" + strings.Repeat("0", 52), Cgroup: "/docker/x"},
			{Key: "userns/77", Kind: KindUserNS, ID: "77"},
			{Key: "host", Kind: KindHost},
		},
		UserNamespaces: []nsinfo.User{{Inode: 77, OwnerUID: Some[uint32](1000)}},
		Processes: []*Process{
			{PID: 1, Container: "pidns/4026532001"}, {PID: 2, Container: "session/3", UID: id(1000), User: Some("alice")},
			{PID: 3, Container: "docker/x"}, {PID: 4, Container: "userns/77"}, {PID: 5, Container: "host"},
		},
	})
	for i := range ix.Processes {
		ix.Processes[i].Exe, ix.Processes[i].Cmdline = Some(""), Some([]string{})
	}
	for expr, want := range map[string][2]string{
		"mybox": {"1"}, "container:mybox": {"1", "3"}, `"session 3"`: {"2"}, `container:"session 3 (alice)"`: {"2", "3"}, "alice": {"2 4"},
		"container:alice": {"4", "3"}, "docker": {"3"}, "fedc0": {"3"}, "c0ff": {""}, "host": {""}, "container:host": {"5", "3"},
	} {
		f, err := ParseFilter(expr)
		if err != nil {
			t.Fatal(err)
		}
		if yes, unknown := answers(f, ix); yes != want[0] || unknown != want[1] {
			t.Errorf("%s: keeps %q and cannot tell of %q, want %q", expr, yes, unknown, want)
		}
	}
}

func answers(f Filter, ix *Index) (yes, unknown string) {
	for _, p := range ix.Processes {
		switch f.Match(ix, p) {
		case fact.Yes:
			yes += fmt.Sprintf(" %d", p.PID)
		case fact.Unknown:
			unknown += fmt.Sprintf(" %d", p.PID)
		}
	}
	return strings.TrimPrefix(yes, " "), strings.TrimPrefix(unknown, " ")
}

func TestFilterErrors(t *testing.T) {
	for _, c := range []struct {
		expr string
		pos  int
		has  string
	}{
		{"contaner:web", 0, "did you mean container:?"},
		{"nginx cpa:sys_admin", 6, "did you mean cap:?"},
		{"zzzzzz:1", 0, "the keys are name container"},
		{"has:sys_amdin", 4, "did you mean sys_admin?"},
		{"has:bind", 4, "did you mean net_bind_service?"},
		{"has:qqq", 4, `unknown capability "qqq"`},
		{"has:~net", 4, "not a regular expression"},
		{"lacks:any", 6, "unknown capability"},
		{"~[a", 0, "bad regular expression: missing closing ]"},
		{"a name:~(", 7, "bad regular expression"},
		{`a "b c`, 2, "not closed"},
		{`name:"`, 5, "not closed"},
		{"user:", 5, "user: needs a value"},
		{"user:root,", 10, "needs a value"},
		{"user:root,,x", 10, "needs a value"},
		{"a !", 3, "nothing after !"},
		{",a", 0, "a value is missing"},
		{"a,", 2, "a value is missing"},
		{"~", 0, "a value is missing"},
		{`""`, 0, "a value is missing"},
		{"pid:x", 4, "not a number"},
		{"uid:5-1", 4, "not a number"},
		{"uid:-", 4, "not a number"},
		{"uid:99999999999999999999", 4, "not a number"},
		{"kind:pod", 5, "not one of container, sandbox"},
		{"nnp:maybe", 4, "not yes or no"},
		{strings.Repeat("a", maxFilter+1), maxFilter, "longer than"},
	} {
		_, err := ParseFilter(c.expr)
		var fe *FilterError
		if !errors.As(err, &fe) {
			t.Errorf("%.40q: error %v, want a FilterError", c.expr, err)
			continue
		}
		if fe.Pos != c.pos || !strings.Contains(fe.Error(), c.has) || fe.Expr != c.expr {
			t.Errorf("%.40q: at %d %q, want at %d ...%q", c.expr, fe.Pos, fe, c.pos, c.has)
		}
	}
}

func TestFilterErrorCaret(t *testing.T) {
	_, err := ParseFilter("é\tname:~(")
	var fe *FilterError
	if !errors.As(err, &fe) {
		t.Fatal(err)
	}
	if got, want := fe.Caret(), "é name:~(\n       ^"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got, want := (&FilterError{Expr: "a\x1b[2J\u202eb", Pos: 99}).Caret(), "a?[2J?b\n       ^"; got != want {
		t.Errorf("got %q want %q", got, want)
	}
}

func TestFilterAndContainer(t *testing.T) {
	ix := filterNode()
	a, err := ParseFilter("has:any")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		f    Filter
		expr string
		yes  string
	}{
		{ContainerFilter(""), "", "1 2 30 40 50"},
		{ContainerFilter("web"), "container:web", "30"},
		{ContainerFilter("web").And(a), "container:web has:any", "30"},
		{a.And(Filter{}), "has:any", "1 30"},
		{Filter{}.And(a), "has:any", "1 30"},
		{ContainerFilter("a b,~"), `container:"a b,~"`, ""},
		{ContainerFilter(`~"\`), `container:"~\"\\"`, ""},
	} {
		if yes, _ := answers(c.f, ix); yes != c.yes || c.f.String() != c.expr {
			t.Errorf("%s: keeps %q, want %q as %s", c.f, yes, c.yes, c.expr)
		}
		again, err := ParseFilter(c.f.String())
		if err != nil {
			t.Errorf("%s: %v", c.f, err)
		}
		if a1, u1 := answers(again, ix); a1 != c.yes || c.f.Empty() != again.Empty() {
			t.Errorf("%s parsed again keeps %q (%q unknown)", c.f, a1, u1)
		}
	}
}

// And must not write into what another filter shares.
func TestFilterAndDoesNotAlias(t *testing.T) {
	parse := func(s string) Filter {
		f, err := ParseFilter(s)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	ix, base := filterNode(), parse("pid:1-99 pid:1-99 pid:1-99")
	one, two := base.And(parse("pid:1")), base.And(parse("pid:2"))
	if a, _ := answers(one, ix); a != "1" {
		t.Error(a)
	}
	if a, _ := answers(two, ix); a != "2" {
		t.Error(a)
	}
}

func TestFilterKeysAreTrue(t *testing.T) {
	ix, seen := filterNode(), map[string]bool{}
	for _, k := range FilterKeys() {
		if seen[k.Key] || k.Meaning == "" {
			t.Errorf("%q twice or without meaning", k.Key)
		}
		seen[k.Key] = true
		exprs := []string{k.Example}
		for _, v := range k.Values {
			exprs = append(exprs, k.Key+":"+v)
		}
		if k.Capability {
			exprs = append(exprs, k.Key+":cap_net_admin")
		}
		for _, e := range exprs {
			f, err := ParseFilter(e)
			if err != nil || !strings.Contains(e, k.Key+":") {
				t.Errorf("%s: %v", e, err)
			}
			answers(f, ix)
		}
	}
	for _, k := range strings.Fields("container pod namespace image runtime user uid pid cap has lacks ambient filecap seccomp nnp userns unit kind") {
		if !seen[k] {
			t.Errorf("no key %s", k)
		}
	}
}

func TestContainsFold(t *testing.T) {
	for _, c := range []struct {
		s, low string
		want   bool
	}{{"", "a", false}, {"ABC", "abc", true}, {"aab", "ab", true}, {"xaB", "ab", true}, {"a", "ab", false}, {"[", "{", false}, {"@a", "`a", false}} {
		if containsFold(c.s, c.low) != c.want {
			t.Errorf("containsFold(%q, %q) is not %v", c.s, c.low, c.want)
		}
	}
}
