package main

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"

	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/inspect/filecap"
	"capview/inspect/rules"
)

// Where a file is reached: on the mount it was made on, one with nosuid, one with noexec.
var suffixes = [...]string{"", "n", "x"}

// file is one to be set up, and what the rules are told of it.
type file struct {
	level  int
	name   string // r is the program, s and t scripts
	suffix string
	rules.File
}

// newFile makes one up on a mount that is seen from mount namespace mount, and has the worker make it.
func newFile(r *rand.Rand, w *worker, chain world, s *state, name, interpreter string, level int) (*file, error) {
	f := &file{level: level, name: name}
	switch r.IntN(20) {
	case 0, 1:
		f.suffix = suffixes[1]
	case 2:
		f.suffix = suffixes[2]
	}
	l := chain[level]
	inode := rules.Inode{Mode: newMode(r), UID: anyID(r, l.uids), GID: anyID(r, l.gids)}
	if r.IntN(3) == 0 {
		inode.UID = l.uids[0].Outside
	}
	f.Inode = fact.Some(inode)
	f.Path = fmt.Sprintf("%s/L%d%s/%s", w.base, level, f.suffix, name)
	f.NoSUID, f.NoExec = fact.Some(f.suffix == suffixes[1]), fact.Some(f.suffix == suffixes[2])
	f.MountNS, f.Superblock = fact.Some(chain[s.mount].mount), fact.Some(l.user)
	if err := w.say("file %d %s %d %d %o %s %s", level, name, inode.UID, inode.GID, inode.Mode, newAttribute(r, chain, s, l), interpreter); err != nil {
		return nil, err
	}
	value, errno, err := w.attribute()
	if err != nil {
		return nil, err
	}
	f.Caps, err = attribute(value, errno)
	return f, err
}

// attribute is what the rules are told of an attribute as it is read back.
func attribute(value []byte, errno int) (fact.Opt[filecap.Caps], error) {
	const overflow = 75 // EOVERFLOW: of a root that has no uid at all
	switch {
	case errno == overflow:
		return fact.Some(filecap.Caps{Revision: 3, RootID: ^uint32(0)}), nil
	case errno != 0:
		return fact.Opt[filecap.Caps]{}, fmt.Errorf("reading the attribute: error %d", errno)
	case value == nil:
		return fact.Some(filecap.Caps{}), nil
	}
	c, err := filecap.Parse(value)
	return fact.Some(c), err
}

func newMode(r *rand.Rand) uint32 {
	mode := uint32(0o755)
	switch r.IntN(8) {
	case 0:
		mode = r.Uint32N(0o1000)
	case 1:
		mode = 0o745
	}
	if r.IntN(3) == 0 {
		mode |= 0o4000
	}
	if r.IntN(3) == 0 {
		mode |= 0o2000
	}
	return mode
}

// newAttribute makes a security.capability attribute up, in hex; - for none. Its root is an id that the file system's
// user namespace maps: no other can be written.
func newAttribute(r *rand.Rand, chain world, s *state, l level) string {
	if r.IntN(3) == 0 {
		return "-"
	}
	magic := uint32(2<<24) | r.Uint32N(2)
	permitted, inheritable := someOf(r, ^caps.Set(0)), someOf(r, ^caps.Set(0))
	if r.IntN(2) == 0 {
		permitted &= s.caps.Bounding
	}
	b := binary.LittleEndian.AppendUint32(nil, magic)
	for _, word := range [...]caps.Set{permitted, inheritable, permitted >> 32, inheritable >> 32} {
		b = binary.LittleEndian.AppendUint32(b, uint32(word))
	}
	if r.IntN(2) == 0 {
		b[3] = 3
		b = binary.LittleEndian.AppendUint32(b, newRoot(r, chain, l))
	}
	return hex.EncodeToString(b)
}

// newRoot is an id mapped in l, that of some level's uid 0 if there is one.
func newRoot(r *rand.Rand, chain world, l level) uint32 {
	root := chain[r.IntN(len(chain))].uids[0].Outside
	for _, part := range l.uids {
		if root >= part.Outside && root-part.Outside < part.Count {
			return root
		}
	}
	return anyID(r, l.uids)
}
