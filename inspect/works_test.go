package inspect

import (
	"testing"

	"capview/inspect/caps"
	"capview/nsinfo"
)

// worksNode is a node of n processes, every ten of them in a container with namespaces of its own, which a user
// namespace of its own owns.
func worksNode(n int) *Index {
	s := &Snapshot{Host: Host{UserNamespace: initialUserNS}}
	for i := range n {
		group := uint64(i/10+1) * 16
		var ns nsinfo.Set
		for kind := range ns {
			ns[kind] = group + uint64(kind)
		}
		full := caps.Full(caps.Last)
		s.Processes = append(s.Processes, &Process{PID: i + 2, Namespaces: Some(ns), UID: Some(IDs{}),
			Creds: Creds{Caps: Some(caps.Sets{Effective: full, Permitted: full})}})
		if i%10 == 0 {
			s.own(ns)
		}
	}
	return NewIndex(s)
}

// own lists the namespaces of a container.
func (s *Snapshot) own(ns nsinfo.Set) {
	user := ns[nsinfo.UserNS]
	s.UserNamespaces = append(s.UserNamespaces, nsinfo.User{Inode: user, Parent: Some[uint64](initialUserNS), Level: Some(1),
		OwnerUID: Some(uint32(1000))})
	for kind, inode := range ns {
		if inode != user {
			s.Namespaces = append(s.Namespaces, nsinfo.Namespace{Type: nsinfo.Type(kind).String(), Inode: inode, Owner: user})
		}
	}
}

// Where each capability works, of ten thousand processes in a thousand containers.
func BenchmarkWorks(b *testing.B) {
	ix := worksNode(10000)
	b.ResetTimer()
	for range b.N {
		for _, reach := range ix.findReaches() {
			if works := reach.Works(caps.NetAdmin).String(); works != "net" {
				b.Fatal(works)
			}
		}
	}
}

// Each process has the reach of its own credential, one that is not of the snapshot too.
func TestReach(t *testing.T) {
	ix := worksNode(30)
	stranger := *ix.Processes[0]
	for _, p := range []*Process{ix.Processes[0], ix.Processes[29], &stranger} {
		reach := ix.Reach(p)
		for c, want := range map[caps.Cap]string{
			caps.NetBindService: "net", caps.Chown: "self", caps.SysModule: "nowhere", caps.SysBoot: "pid",
			caps.SysAdmin: "net,mnt,uts,ipc,pid,time,self",
		} {
			if got := reach.Works(c).String(); got != want {
				t.Errorf("pid %d: %s works %s, want %s", p.PID, c, got, want)
			}
		}
		if powerless := reach.Powerless(caps.Of(caps.SysModule, caps.Chown)); powerless != caps.Of(caps.SysModule) {
			t.Errorf("pid %d: powerless %s", p.PID, powerless.Names())
		}
	}
}
