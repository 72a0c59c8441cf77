package inspect

import (
	"slices"
	"sync"

	"capview/inspect/rules"
	"capview/inspect/seccomp"
	"capview/nsinfo"
)

// Index looks things up in a Snapshot; building one reads the Snapshot once. It is not to be changed after.
type Index struct {
	*Snapshot
	pids       []int // of Processes, in their order
	containers map[string]*Container
	users      map[uint64]*nsinfo.User
	names      map[uint32]string                 // see UserName
	found      map[*Container]string             // see foundBy
	firsts     func() map[string]*Process        // see FirstProcess
	drifts     func() map[int][]Finding          // see Drift; by place among Processes
	owners     func() map[space]uint64           // see spaceOwner
	reaches    func() []*rules.Reach             // see Reach; of each of Processes
	powers     func() []int                      // see Power; of each of Processes
	programs   func() map[string]seccomp.Program // see Filters
}

// NewIndex indexes s, whose Processes are in order of PID.
func NewIndex(s *Snapshot) *Index {
	ix := &Index{
		Snapshot:   s,
		pids:       make([]int, len(s.Processes)),
		containers: make(map[string]*Container, len(s.Containers)),
		users:      make(map[uint64]*nsinfo.User, len(s.UserNamespaces)),
	}
	for i := range s.Processes {
		ix.pids[i] = s.Processes[i].PID
	}
	for i := range s.Containers {
		ix.containers[s.Containers[i].Key] = &s.Containers[i]
	}
	for i := range s.UserNamespaces {
		ix.users[s.UserNamespaces[i].Inode] = &s.UserNamespaces[i]
	}
	ix.names = userNames(s.Processes)
	ix.found = foundBy(ix)
	ix.owners, ix.reaches = sync.OnceValue(ix.spaceOwners), sync.OnceValue(ix.findReaches)
	ix.programs, ix.powers = sync.OnceValue(ix.decodePrograms), sync.OnceValue(ix.findPowers)
	ix.firsts, ix.drifts = sync.OnceValue(ix.findFirsts), sync.OnceValue(ix.findDrifts)
	return ix
}

// TakeOver keeps what was worked out of an index of which ix is not different (Changes.Steady).
func (ix *Index) TakeOver(before *Index) {
	ix.owners, ix.reaches, ix.powers, ix.drifts, ix.programs = before.owners, before.reaches, before.powers, before.drifts, before.programs
}

// Process is the process with that PID, or nil.
func (ix *Index) Process(pid int) *Process {
	if i := ix.place(pid); i >= 0 {
		return ix.Processes[i]
	}
	return nil
}

// place is where among Processes the one with that PID is, the last of them where a snapshot has several; -1: nowhere.
func (ix *Index) place(pid int) int {
	beyond, _ := slices.BinarySearch(ix.pids, pid+1)
	if i := beyond - 1; i >= 0 && ix.pids[i] == pid {
		return i
	}
	return -1
}

// placeOf is where among Processes p itself is; -1 where it is none of them.
func (ix *Index) placeOf(p *Process) int {
	if i := ix.place(p.PID); i >= 0 && ix.Processes[i] == p {
		return i
	}
	return -1
}

// Container is the group with that key, or nil.
func (ix *Index) Container(key string) *Container { return ix.containers[key] }

// UserNamespace is the user namespace with that inode, or nil.
func (ix *Index) UserNamespace(inode uint64) *nsinfo.User { return ix.users[inode] }

// UserNSOf is p's user namespace; nil where it is unknown.
func (ix *Index) UserNSOf(p *Process) *nsinfo.User {
	ns, _ := p.Namespaces.Get()
	return ix.users[ns[nsinfo.UserNS]]
}

// InHostUserNS tells whether p lives in the host's user namespace, and whether that is known.
func (ix *Index) InHostUserNS(p *Process) (host, known bool) {
	ns, ok := p.Namespaces.Get()
	u := ns[nsinfo.UserNS]
	return u == ix.Host.UserNamespace, ok && u != 0 && ix.Host.UserNamespace != 0
}

// InsideUID is p's effective uid as its own user namespace numbers it; false where that is unknown or unmapped.
func (ix *Index) InsideUID(p *Process) (uint32, bool) {
	ids, ok := p.UID.Get()
	u := ix.UserNSOf(p)
	if !ok || u == nil {
		return 0, false
	}
	m, ok := u.UIDMap.Get()
	if !ok {
		return 0, false
	}
	return nsinfo.ToInside(m, ids.Effective)
}
