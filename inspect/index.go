package inspect

import (
	"sync"

	"capview/inspect/rules"
	"capview/inspect/seccomp"
	"capview/nsinfo"
)

// Index looks things up in a Snapshot; building one reads the Snapshot once. It is not to be changed after.
type Index struct {
	*Snapshot
	procs      map[int]*Process
	containers map[string]*Container
	users      map[uint64]*nsinfo.User
	names      map[uint32]string                 // see UserName
	found      map[*Container]string             // see foundBy
	firsts     func() map[string]*Process        // see FirstProcess
	drifts     func() map[*Process][]Finding     // see Drift
	owners     func() map[space]uint64           // see spaceOwner
	reaches    func() map[*Process]*rules.Reach  // see Reach
	powers     func() map[*Process]int           // see Power
	programs   func() map[string]seccomp.Program // see Filters
}

// NewIndex indexes s.
func NewIndex(s *Snapshot) *Index {
	ix := &Index{
		Snapshot:   s,
		procs:      make(map[int]*Process, len(s.Processes)),
		containers: make(map[string]*Container, len(s.Containers)),
		users:      make(map[uint64]*nsinfo.User, len(s.UserNamespaces)),
	}
	for i := range s.Processes {
		ix.procs[s.Processes[i].PID] = &s.Processes[i]
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

// Process is the process with that PID, or nil.
func (ix *Index) Process(pid int) *Process { return ix.procs[pid] }

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
