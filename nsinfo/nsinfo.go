// Package nsinfo models Linux namespaces (namespaces(7)): their types, their identity, the tree of user
// namespaces with owners and id maps. It is pure; package inspect/proc reads them.
package nsinfo

import (
	"encoding/json"

	"capview/inspect/fact"
)

// Type is a namespace's type by its name under /proc/PID/ns.
type Type uint8

// The eight types of namespaces(7).
const (
	CgroupNS Type = iota
	IPC
	Mount
	Net
	PID
	Time
	UserNS
	UTS
	Types int = iota // how many there are
)

var typeNames = [Types]string{"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"}

// String is the name of the link under /proc/PID/ns.
func (t Type) String() string { return typeNames[t] }

// Set is the inode of each of a process's namespaces; 0 is unknown, or a type this kernel lacks.
type Set [Types]uint64

// MarshalJSON writes an object of inodes by type; null is unknown.
func (s Set) MarshalJSON() ([]byte, error) {
	m := make(map[string]*uint64, Types)
	for t := range s {
		if s[t] == 0 {
			m[typeNames[t]] = nil
		} else {
			m[typeNames[t]] = &s[t]
		}
	}
	return json.Marshal(m)
}

// UnmarshalJSON reads what MarshalJSON writes; a type it does not name stays unknown.
func (s *Set) UnmarshalJSON(b []byte) error {
	var m map[string]*uint64
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	*s = Set{}
	for t, name := range typeNames {
		if v := m[name]; v != nil {
			s[t] = *v
		}
	}
	return nil
}

// Namespace is a namespace other than a user namespace, in use by at least one process.
type Namespace struct {
	Type   string            `json:"type"`
	Inode  uint64            `json:"inode"`
	Device uint64            `json:"device"`           // of nsfs
	Owner  uint64            `json:"owner"`            // inode of the user namespace that owns it (NS_GET_USERNS); 0 unknown
	Sysctl map[string]string `json:"sysctl,omitempty"` // of a network namespace: those that decide over capabilities
}

// User is a user namespace (user_namespaces(7)).
type User struct {
	Inode    uint64            `json:"inode"`
	Device   uint64            `json:"device"`
	Parent   fact.Opt[uint64]  `json:"parent"`    // inode (NS_GET_PARENT); 0 for the initial one
	Level    fact.Opt[int]     `json:"level"`     // 0 is the initial one
	OwnerUID fact.Opt[uint32]  `json:"owner_uid"` // NS_GET_OWNER_UID, in the reader's user namespace
	UIDMap   fact.Opt[[]Range] `json:"uid_map"`
	GIDMap   fact.Opt[[]Range] `json:"gid_map"`
}

// Range is a line of uid_map or gid_map: the Count ids from Inside in the namespace are those from Outside
// in the reader's (user_namespaces(7), "User and group ID mappings").
type Range struct {
	Inside  uint32 `json:"inside"`
	Outside uint32 `json:"outside"`
	Count   uint32 `json:"count"`
}

// ToInside translates an id of the reader's user namespace into one of the namespace that m maps; false where
// it is not mapped there (the kernel then shows /proc/sys/kernel/overflowuid).
func ToInside(m []Range, outside uint32) (uint32, bool) {
	for _, r := range m {
		if outside >= r.Outside && outside-r.Outside < r.Count {
			return r.Inside + (outside - r.Outside), true
		}
	}
	return 0, false
}
