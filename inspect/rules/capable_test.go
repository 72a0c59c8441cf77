package rules

import (
	"testing"

	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/nsinfo"
)

func TestCapable(t *testing.T) {
	u := family()
	admin := caps.Of(caps.SysAdmin)
	for _, c := range []struct {
		name   string
		task   Task
		target uint64
		want   fact.Answer
		rule   string
	}{
		{"root of the host over itself", in(InitialUserNS, 0, admin), InitialUserNS, fact.Yes, "userns-own"},
		{"root of the host over a descendant", in(InitialUserNS, 0, admin), nestedNS, fact.Yes, "userns-own"},
		{"nobody over the host", in(InitialUserNS, 1001, 0), InitialUserNS, fact.No, "userns-own"},
		{"alice over what she made, without any capability", in(InitialUserNS, 1000, 0), aliceNS, fact.Yes, "userns-owner"},
		{"alice over what was made in what she made", in(InitialUserNS, 1000, 0), nestedNS, fact.Yes, "userns-owner"},
		{"alice over what bob made", in(InitialUserNS, 1000, 0), bobNS, fact.No, "userns-own"},
		{"her root over the host", in(aliceNS, 1000, admin), InitialUserNS, fact.No, "userns-outside"},
		{"her root over bob's", in(aliceNS, 1000, admin), bobNS, fact.No, "userns-outside"},
		{"her root over its own child", in(aliceNS, 1000, 0), nestedNS, fact.Yes, "userns-owner"},
		{"the child over her", in(nestedNS, 1000, admin), aliceNS, fact.No, "userns-outside"},
		{"over one that is not known, with it", in(InitialUserNS, 5, admin), 7777, fact.Yes, "userns-own"},
		{"over one that is not known, without", in(InitialUserNS, 5, 0), 7777, fact.Unknown, "userns-own"},
		{"her root over one that is not known", in(aliceNS, 1000, admin), 7777, fact.Unknown, "userns-unknown"},
		{"from one that is not known", in(0, 1000, admin), aliceNS, fact.Unknown, "userns-unknown"},
	} {
		r := Capable(&u, &c.task, caps.SysAdmin, c.target)
		if r.Answer != c.want || r.Steps[0].Rule != c.rule {
			t.Errorf("%s: %v by %s, want %v by %s", c.name, r.Answer, r.Steps[0].Rule, c.want, c.rule)
		}
		if (r.Errno == EPERM) != (r.Answer == fact.No) || (r.Answer == fact.Unknown) != (len(r.Gaps) > 0) {
			t.Errorf("%s: %v with errno %q and gaps %q", c.name, r.Answer, r.Errno, r.Gaps)
		}
		if a := Allowed(&u, &c.task, caps.SysAdmin, c.target); a != r.Answer {
			t.Errorf("%s: allowed %v, derived %v", c.name, a, r.Answer)
		}
	}
}

// Parents that lead round in a circle, as only a forged snapshot has them, end the walk.
func TestCapableEnds(t *testing.T) {
	u := NewUsers([]nsinfo.User{{Inode: 1, Parent: fact.Some(uint64(2))}, {Inode: 2, Parent: fact.Some(uint64(1))}}, InitialUserNS, InitialUserNS)
	task := in(aliceNS, 1000, caps.Of(caps.SysAdmin))
	if a := Allowed(&u, &task, caps.SysAdmin, 1); a != fact.Unknown {
		t.Error(a)
	}
	if a := u.Within(1, aliceNS); a != fact.Unknown {
		t.Error(a)
	}
}

func TestWorks(t *testing.T) {
	u := family()
	var host nsinfo.Set
	host[nsinfo.Net], host[nsinfo.Mount] = netNS, 50
	all := caps.Full(caps.Last)
	own := func(task Task, net, owner uint64) Task {
		task.Namespaces[nsinfo.Net], task.Owners[nsinfo.Net] = net, owner
		return task
	}
	for _, c := range []struct {
		name string
		task Task
		cap  caps.Cap
		want string
	}{
		{"the host's root", own(in(InitialUserNS, 0, all), netNS, InitialUserNS), caps.NetAdmin, "host"},
		{"a rootful container's port", own(in(InitialUserNS, 0, all), 901, InitialUserNS), caps.NetBroadcast, "net"},
		{"the same with the host's network", own(in(InitialUserNS, 0, all), netNS, InitialUserNS), caps.NetBroadcast, "host"},
		{"a rootless container's network", own(in(aliceNS, 1000, all), 902, aliceNS), caps.NetAdmin, "net"},
		{"a rootless container with the host's network", own(in(aliceNS, 1000, all), netNS, InitialUserNS), caps.NetAdmin, "nowhere"},
		{"a rootless container's clock", own(in(aliceNS, 1000, all), 902, aliceNS), caps.SysModule, "nowhere"},
		{"a rootless container's files", in(aliceNS, 1000, all), caps.Chown, "self"},
		{"not held", in(aliceNS, 1000, 0), caps.Chown, "nowhere"},
		{"an unknown owner", own(in(aliceNS, 1000, all), 903, 0), caps.NetBindService, "?"},
		{"a capability without a name", in(InitialUserNS, 0, all|caps.Of(45)), 45, "host"},
		{"a capability without a name, in a child", in(aliceNS, 1000, all|caps.Of(45)), 45, "nowhere"},
	} {
		reach := ReachOf(&u, &c.task, host)
		if got := reach.Works(c.cap).String(); got != c.want {
			t.Errorf("%s: %s works %s, want %s", c.name, c.cap, got, c.want)
		}
	}
}

// Every capability that has a name is checked somewhere.
func TestChecks(t *testing.T) {
	for c := caps.Cap(0); c <= caps.Last+1; c++ {
		list := Checks(c)
		if len(list) == 0 {
			t.Errorf("%s is checked nowhere", c)
		}
		for _, check := range list {
			if check.What == "" || check.Source == "" || check.Over >= targets {
				t.Errorf("%s: %+v", c, check)
			}
		}
		if hostOnly := c.Scope() == caps.ScopeHost; c.Known() && hostOnly != (list[0].Over == OverHost) && c.Scope() != caps.ScopeMixed {
			t.Errorf("%s: caps says %s, rules %d", c, c.Scope(), list[0].Over)
		}
	}
}
