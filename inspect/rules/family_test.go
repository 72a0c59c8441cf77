package rules

import (
	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/nsinfo"
)

// The user namespaces of these tests: alice (uid 1000) made hers from the initial one, and within that one more as her
// own root; bob (uid 1001) made his.
const (
	aliceNS  = 100
	nestedNS = 200
	bobNS    = 300
	netNS    = 900
)

func family() Users {
	maps := func(inside, outside, count uint32) fact.Opt[[]nsinfo.Range] {
		return fact.Some([]nsinfo.Range{{Inside: inside, Outside: outside, Count: count}})
	}
	user := func(inode, parent uint64, level int, owner uint32, m fact.Opt[[]nsinfo.Range]) nsinfo.User {
		return nsinfo.User{Inode: inode, Parent: fact.Some(parent), Level: fact.Some(level), OwnerUID: fact.Some(owner), UIDMap: m, GIDMap: m}
	}
	return NewUsers([]nsinfo.User{
		user(InitialUserNS, 0, 0, 0, maps(0, 0, 1<<32-1)),
		user(aliceNS, InitialUserNS, 1, 1000, maps(0, 1000, 1)),
		user(nestedNS, aliceNS, 2, 1000, maps(5, 1000, 1)),
		user(bobNS, InitialUserNS, 1, 1001, maps(0, 100000, 65536)),
	}, InitialUserNS, InitialUserNS)
}

// in is a task of a user namespace, with one uid and gid and the same permitted, effective set.
func in(ns uint64, uid uint32, held caps.Set) Task {
	t := Task{
		UID: fact.Some(IDs{uid, uid, uid, uid}), GID: fact.Some(IDs{uid, uid, uid, uid}), Groups: fact.Some([]uint32{}),
		Caps:       fact.Some(caps.Sets{Permitted: held, Effective: held, Bounding: caps.Full(caps.Last)}),
		SecureBits: fact.Some(SecureBits(0)), NoNewPrivs: fact.Some(false), Traced: fact.Some(false), SharedFS: fact.Some(false),
	}
	t.Namespaces[nsinfo.UserNS], t.Namespaces[nsinfo.Mount] = ns, 50
	t.Owners[nsinfo.Mount] = InitialUserNS
	return t
}
