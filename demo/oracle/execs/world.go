package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"capview/inspect/fact"
	"capview/nsinfo"
)

// deepest is how many user namespaces are nested below the initial one.
const deepest = 4

// level is one user namespace of a chain, and the mount namespace made with it. Ids are the initial user namespace's.
type level struct {
	user, mount  uint64 // inodes
	uids, gids   []nsinfo.Range
	owner, group uint32 // effective ids of who made it
}

// world is a chain of user namespaces, the initial one first.
type world []level

// initial maps every id to itself.
var initial = []nsinfo.Range{{Inside: 0, Outside: 0, Count: ^uint32(0)}}

// newWorld makes one up, and has the worker make it.
func newWorld(r *rand.Rand, w *worker) (world, error) {
	w.script.Reset()
	chain := world{{uids: initial, gids: initial}}
	var line strings.Builder
	depth := r.IntN(deepest + 1)
	fmt.Fprintf(&line, "world %d", depth)
	for range depth {
		above := chain[len(chain)-1]
		l := level{uids: submap(r, above.uids), gids: submap(r, above.gids)}
		l.owner, l.group = anyID(r, above.uids), anyID(r, above.gids)
		writeMap(&line, above.uids, l.uids)
		writeMap(&line, above.gids, l.gids)
		fmt.Fprintf(&line, " %d %d %d %d", inside(above.uids, l.owner), inside(above.gids, l.group),
			inside(l.uids, anyID(r, l.uids)), inside(l.gids, anyID(r, l.gids)))
		chain = append(chain, l)
	}
	if err := w.say("%s", line.String()); err != nil {
		return nil, err
	}
	inodes, err := w.answer("world")
	if err != nil {
		return nil, err
	}
	for i := range chain {
		if chain[i].user, err = strconv.ParseUint(inodes[2*i], 10, 64); err != nil {
			return nil, err
		}
		if chain[i].mount, err = strconv.ParseUint(inodes[2*i+1], 10, 64); err != nil {
			return nil, err
		}
	}
	return chain, nil
}

// starts are the ids that maps over the initial user namespace begin at: root among them.
var starts = []uint32{0, 1000, 1001, 65534, 100000, 200000}

// submap is a random map of some ids that above maps, as the initial user namespace numbers them.
func submap(r *rand.Rand, above []nsinfo.Range) (m []nsinfo.Range) {
	var next uint32
	if r.IntN(6) == 0 {
		next = 5 // no uid 0
	}
	for range 1 + r.IntN(3) {
		from := above[r.IntN(len(above))]
		offset := starts[r.IntN(len(starts))]
		if offset >= from.Count {
			offset = r.Uint32N(from.Count)
		}
		part := nsinfo.Range{Inside: next, Outside: from.Outside + offset, Count: min(from.Count-offset, 1+r.Uint32N(5))}
		if overlaps(m, part) {
			continue
		}
		m = append(m, part)
		next += part.Count + r.Uint32N(3)
	}
	return m
}

func overlaps(m []nsinfo.Range, part nsinfo.Range) bool {
	for _, o := range m {
		if part.Outside < o.Outside+o.Count && o.Outside < part.Outside+part.Count {
			return true
		}
	}
	return false
}

// anyID is one of those mapped.
func anyID(r *rand.Rand, m []nsinfo.Range) uint32 {
	part := m[r.IntN(len(m))]
	if part.Count > 1<<20 {
		return starts[r.IntN(len(starts))]
	}
	return part.Outside + r.Uint32N(part.Count)
}

// inside is the number of an id that is mapped.
func inside(m []nsinfo.Range, id uint32) uint32 {
	in, mapped := nsinfo.ToInside(m, id)
	if !mapped {
		panic(fmt.Sprintf("%d is not mapped by %v", id, m))
	}
	return in
}

// writeMap writes a map in the numbers of the namespace above.
func writeMap(line *strings.Builder, above, m []nsinfo.Range) {
	fmt.Fprintf(line, " %d", len(m))
	for _, part := range m {
		fmt.Fprintf(line, " %d %d %d", part.Inside, inside(above, part.Outside), part.Count)
	}
}

// users is the chain as a snapshot tells of it.
func (chain world) users() []nsinfo.User {
	list := make([]nsinfo.User, len(chain))
	for i, l := range chain {
		list[i] = nsinfo.User{
			Inode: l.user, Parent: fact.Some(uint64(0)), Level: fact.Some(i), OwnerUID: fact.Some(l.owner),
			UIDMap: fact.Some(l.uids), GIDMap: fact.Some(l.gids),
		}
		if i > 0 {
			list[i].Parent = fact.Some(chain[i-1].user)
		}
	}
	return list
}
