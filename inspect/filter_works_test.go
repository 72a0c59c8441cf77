package inspect

import (
	"testing"

	"capview/inspect/caps"
	"capview/inspect/fact"
)

// A process in namespaces of its own that its own user namespace owns.
func TestFilterWorks(t *testing.T) {
	ix := worksNode(1)
	p := ix.Processes[0]
	host := *p
	host.Namespaces, host.Caps = Some(hostSet), Some(caps.Sets{Effective: caps.Of(caps.SysTime, caps.NetAdmin)})
	unread := *p
	unread.Creds = Creds{}
	thread := *p
	thread.Caps = Some(caps.Sets{})
	thread.Threads = []Thread{{TID: 9, Creds: p.Creds}}
	for _, c := range []struct {
		expr string
		p    *Process
		want fact.Answer
	}{
		{"works:net", p, fact.Yes}, {"works:self", p, fact.Yes}, {"works:host", p, fact.No}, {"works:nowhere", p, fact.Yes},
		{"works:net_admin", p, fact.Yes}, {"works:CAP_NET_ADMIN@net", p, fact.Yes}, {"works:net_admin@host", p, fact.No},
		{"works:sys_module", p, fact.No}, {"works:sys_module@nowhere", p, fact.Yes}, {"works:net_admin@nowhere", p, fact.No},
		{"works:host", &host, fact.Yes}, {"works:sys_time@nowhere", &host, fact.No}, {"works:sys_time@host", &host, fact.Yes},
		{"works:net", &unread, fact.Unknown}, {"works:net_admin", &thread, fact.Yes}, {"!works:host", p, fact.Yes},
	} {
		f, err := ParseFilter(c.expr)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Match(ix, c.p); got != c.want {
			t.Errorf("%s: %v, want %v", c.expr, got, c.want)
		}
	}
	for _, bad := range []string{"works:net_admin@moon", "works:@host", "works:what", "works:~net"} {
		if _, err := ParseFilter(bad); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}
