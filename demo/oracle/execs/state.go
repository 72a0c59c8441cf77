package main

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/inspect/rules"
	"capview/nsinfo"
)

// How a process is traced when it executes.
const (
	untraced = iota
	tracedByCapable
	tracedByEqual
)

// state is what a process is to be, but for what is read back of it.
type state struct {
	user, mount int // levels
	uid, gid    [4]int64
	groups      []uint32
	securebits  rules.SecureBits
	caps        caps.Sets
	noNewPrivs  bool
	sharedFS    bool
	traced      int
}

// newState makes one up; limit is the sets of the worker itself, which no process in the initial user namespace can
// have more of.
func newState(r *rand.Rand, chain world, limit caps.Sets) state {
	s := state{user: r.IntN(len(chain)), mount: r.IntN(len(chain))}
	if r.IntN(3) > 0 {
		s.mount = s.user
	}
	l := chain[s.user]
	s.uid, s.gid = newIDs(r, l.uids, chain.favourites(func(l level) uint32 { return l.owner })), newIDs(r, l.gids, nil)
	for range r.IntN(4) {
		s.groups = append(s.groups, inside(l.gids, anyID(r, l.gids)))
	}
	within := caps.Full(caps.Last)
	bounding := within
	if s.user == 0 {
		within, bounding = limit.Permitted&limit.Bounding, limit.Bounding
	}
	s.caps = newSets(r, within, bounding)
	if r.IntN(5) < 2 {
		s.securebits = rules.SecureBits(r.Uint32N(256))
	}
	s.noNewPrivs, s.sharedFS = r.IntN(5) == 0, r.IntN(7) == 0
	if r.IntN(4) == 0 {
		s.traced = 1 + r.IntN(2)
	}
	return s
}

// favourites is the ids that matter most: those that own user namespaces.
func (chain world) favourites(of func(level) uint32) (ids []uint32) {
	for _, l := range chain[1:] {
		ids = append(ids, of(l))
	}
	return ids
}

// newIDs is real, effective, saved and that for files, by the numbers inside; -1 keeps what it was.
func newIDs(r *rand.Rand, m []nsinfo.Range, favourites []uint32) (ids [4]int64) {
	pick := func() int64 {
		if len(favourites) > 0 && r.IntN(4) == 0 {
			if in, mapped := nsinfo.ToInside(m, favourites[r.IntN(len(favourites))]); mapped {
				return int64(in)
			}
		}
		if in, mapped := nsinfo.ToInside(m, m[0].Outside); mapped && r.IntN(3) == 0 {
			return int64(in)
		}
		return int64(inside(m, anyID(r, m)))
	}
	style := r.IntN(8)
	for i := range ids {
		ids[i] = pick()
		switch {
		case style < 3:
			ids[i] = ids[0]
		case style == 3 || style == 4 && r.IntN(2) == 0:
			ids[i] = -1
		}
	}
	if r.IntN(4) > 0 {
		ids[3] = -1
	}
	return ids
}

// newSets makes sets up that capset(2) and prctl(2) can lead to from within, and from bounding.
func newSets(r *rand.Rand, within, bounding caps.Set) (s caps.Sets) {
	s.Bounding = someOf(r, bounding)
	if r.IntN(3) == 0 {
		s.Bounding = bounding
	}
	s.Inheritable = someOf(r, within)
	s.Permitted = someOf(r, within)
	s.Effective = someOf(r, s.Permitted)
	s.Ambient = someOf(r, s.Permitted&s.Inheritable)
	return s
}

// someOf is a part of s: none, few, half, nearly all or all of it.
func someOf(r *rand.Rand, s caps.Set) caps.Set {
	switch few := caps.Set(r.Uint64() & r.Uint64() & r.Uint64()); r.IntN(6) {
	case 0:
		return 0
	case 1:
		return s
	case 2:
		return s & few
	case 3:
		return s &^ few
	case 4:
		return s &^ caps.Set(1<<r.IntN(64))
	}
	return s & caps.Set(r.Uint64())
}

// words is the state as the worker reads it.
func (s state) words() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %d", s.user, s.mount)
	for _, id := range append(s.uid[:], s.gid[:]...) {
		fmt.Fprintf(&b, " %d", id)
	}
	fmt.Fprintf(&b, " %d", len(s.groups))
	for _, g := range s.groups {
		fmt.Fprintf(&b, " %d", g)
	}
	fmt.Fprintf(&b, " %x %x %x %x %x %x %d %d %d", uint32(s.securebits), uint64(s.caps.Inheritable), uint64(s.caps.Permitted),
		uint64(s.caps.Effective), uint64(s.caps.Bounding), uint64(s.caps.Ambient), number(s.noNewPrivs), number(s.sharedFS), s.traced)
	return b.String()
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// task is the process as the rules are told of it: what its status says, and what that does not.
func (s state) task(chain world, st status) rules.Task {
	t := rules.Task{
		UID: fact.Some(st.uid), GID: fact.Some(st.gid), Groups: fact.Some(st.groups), Caps: fact.Some(st.caps),
		SecureBits: fact.Some(s.securebits), NoNewPrivs: fact.Some(st.noNewPrivs),
		Traced: fact.Some(st.traced), SharedFS: fact.Some(s.sharedFS),
		TracerCapable: fact.Some(s.traced == tracedByCapable || st.caps.Effective.Has(caps.SysPtrace)),
	}
	t.Namespaces[nsinfo.UserNS], t.Namespaces[nsinfo.Mount] = chain[s.user].user, chain[s.mount].mount
	t.Owners[nsinfo.Mount] = chain[s.mount].user
	return t
}
