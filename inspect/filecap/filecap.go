// Package filecap reads the security.capability extended attribute: a file's capabilities
// (capabilities(7), "File capabilities"; include/uapi/linux/capability.h struct vfs_cap_data).
//
// What getxattr(2) returns is not what the disk holds: the kernel translates it for the reader
// (security/commoncap.c cap_inode_getsecurity). A revision 3 attribute whose root is the root of the reader's user
// namespace is returned as revision 2; one with another root that is mapped there keeps revision 3, with the
// root's uid as the reader sees it; one whose root is not mapped there fails with EOVERFLOW. Revision 1 and unknown
// flags, which an execve(2) still honours or passes over, fail with EINVAL since Linux 4.14: such a file's
// capabilities cannot be read through the file system.
package filecap

import (
	"encoding/binary"
	"errors"
	"fmt"

	"capview/inspect/caps"
)

// Attribute is the name of the extended attribute.
const Attribute = "security.capability"

// MaxSize is the size in bytes of the largest attribute, one of revision 3.
const MaxSize = 24

// Caps is what a security.capability attribute says. Revision 0 means the file has none.
type Caps struct {
	Revision    int      `json:"revision"` // VFS_CAP_REVISION_1 to 3
	Text        string   `json:"text"`     // as getcap prints it, without the file name and rootid
	RootID      uint32   `json:"rootid"`   // revision 3: the uid, in the reader's user namespace, that is root where it counts
	Effective   bool     `json:"effective"`
	Permitted   caps.Set `json:"permitted"`
	Inheritable caps.Set `json:"inheritable"`
}

// Required is the keys of its JSON object that cannot be left out.
func (Caps) Required() []string {
	return []string{"revision", "text", "rootid", "effective", "permitted", "inheritable"}
}

// None tells that the file has no capabilities. A file may have the attribute with nothing in it ("="): that counts,
// for executing it as root does not give root's capabilities.
func (c Caps) None() bool { return c.Revision == 0 }

// String is Text, and for revision 3 the root it counts for, as "getcap -n" prints it:
// "cap_net_raw=ep [rootid=100000]" (getcap takes an id above 2147483647 for a negative one). "" for none.
func (c Caps) String() string {
	if c.Revision == revision3 && c.RootID != 0 {
		return fmt.Sprintf("%s [rootid=%d]", c.Text, c.RootID)
	}
	return c.Text
}

// The layout: a little-endian word with the revision in the upper byte and flags below, then for every 32
// capabilities a word of permitted and a word of inheritable ones, then in revision 3 the root's uid.
const (
	revision1 = 1
	revision2 = 2
	revision3 = 3

	flagEffective = 1 // VFS_CAP_FLAGS_EFFECTIVE
	wordSize      = 4
)

// sizes is the attribute's size in bytes by revision (XATTR_CAPS_SZ_1 to 3).
var sizes = [...]int{revision1: 12, revision2: 20, revision3: MaxSize}

// Parse reads the attribute's bytes as the kernel does at execve(2) (security/commoncap.c get_vfs_caps_from_disk): the
// size must be exactly the revision's, flags other than the effective one are passed over. Capabilities that the kernel
// does not know are kept here; it drops them. An error names what is wrong.
func Parse(xattr []byte) (Caps, error) {
	if len(xattr) < wordSize {
		return Caps{}, fmt.Errorf("file capabilities: %d bytes, too short for a revision", len(xattr))
	}
	magic := binary.LittleEndian.Uint32(xattr)
	revision := int(magic >> 24)
	if revision == 0 || revision >= len(sizes) {
		return Caps{}, fmt.Errorf("file capabilities: revision %d is not known", revision)
	}
	if want := sizes[revision]; len(xattr) != want {
		return Caps{}, fmt.Errorf("file capabilities: revision %d in %d bytes, want %d", revision, len(xattr), want)
	}
	c := Caps{Revision: revision, Effective: magic&flagEffective != 0}
	word := func(i int) uint32 { return binary.LittleEndian.Uint32(xattr[wordSize*i:]) }
	c.Permitted, c.Inheritable = caps.Set(word(1)), caps.Set(word(2))
	if revision >= revision2 {
		c.Permitted |= caps.Set(word(3)) << 32
		c.Inheritable |= caps.Set(word(4)) << 32
	}
	if revision == revision3 {
		c.RootID = word(5)
	}
	c.Text = c.TextFor(caps.Last)
	return c, nil
}

// TextFor is Text as getcap prints it on a kernel whose highest capability is last; "" for none. The
// effective flag stands for all that is permitted or inheritable.
func (c Caps) TextFor(last caps.Cap) string {
	if c.None() {
		return ""
	}
	var effective caps.Set
	if c.Effective {
		effective = c.Permitted | c.Inheritable
	}
	return caps.TextForm(effective, c.Inheritable, c.Permitted, last)
}

// ErrNotEncodable is Bytes' error for capabilities that no attribute can say.
var ErrNotEncodable = errors.New("file capabilities: not encodable")

// Bytes is the attribute that Parse reads as c.
func (c Caps) Bytes() ([]byte, error) {
	if c.Revision < revision1 || c.Revision > revision3 {
		return nil, fmt.Errorf("%w: revision %d", ErrNotEncodable, c.Revision)
	}
	if c.Revision == revision1 && (c.Permitted|c.Inheritable)>>32 != 0 {
		return nil, fmt.Errorf("%w: revision 1 has 32 capabilities", ErrNotEncodable)
	}
	magic := uint32(c.Revision) << 24
	if c.Effective {
		magic |= flagEffective
	}
	words := []uint32{magic, uint32(c.Permitted), uint32(c.Inheritable),
		uint32(c.Permitted >> 32), uint32(c.Inheritable >> 32), c.RootID}
	var b []byte
	for _, w := range words[:sizes[c.Revision]/wordSize] {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return b, nil
}
