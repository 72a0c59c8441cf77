package advise

import (
	"fmt"
	"slices"
	"strings"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/nsinfo"
)

// holder is a credential while it is judged.
type holder struct {
	Credential
	p     *inspect.Process // the first that has it; nil where none has any more
	files []*inspect.Process
	uses  []*Use
}

// census is the distinct credentials of a target, and who has them.
type census struct {
	all     []*holder
	threads map[int]*holder // those that differ from their process
	procs   map[int]*holder
	byKey   map[string]*holder
	most    inspect.Opt[caps.Set] // what the container's own can come by
	users   uint64                // the user namespace of its first process; 0 unknown
}

// holders is the distinct credentials of processes and of threads that differ from theirs, in the order of PIDs.
func holders(ps []*inspect.Process, first *inspect.Process) *census {
	n := &census{threads: map[int]*holder{}, procs: map[int]*holder{}, byKey: map[string]*holder{}}
	if ns, ok := first.Namespaces.Get(); ok {
		n.users = ns[nsinfo.UserNS]
	}
	for _, p := range ps {
		ns, _ := p.Namespaces.Get()
		c := Credential{UID: p.UID, GID: p.GID, Caps: p.Caps, NNP: p.NoNewPrivs, Users: ns[nsinfo.UserNS], Apart: apart(p, first)}
		own := n.add(p, c)
		n.procs[p.PID] = own
		for i := range p.Threads {
			t := &p.Threads[i]
			c.UID, c.GID, c.Caps, c.NNP = t.UID, t.GID, t.Caps, t.NoNewPrivs
			if h := n.add(p, c); h != own {
				h.TIDs, n.threads[t.TID] = append(h.TIDs, t.TID), h
			}
		}
	}
	n.most = boundingOf(n.all)
	return n
}

// add counts p to those that have the credential.
func (n *census) add(p *inspect.Process, c Credential) *holder {
	key := c.key()
	h := n.byKey[key]
	if h == nil {
		c.Comm = p.Comm
		h = &holder{Credential: c, p: p}
		n.byKey[key], n.all = h, append(n.all, h)
	}
	if !slices.Contains(h.PIDs, p.PID) {
		h.PIDs, h.files = append(h.PIDs, p.PID), append(h.files, p)
	}
	return h
}

// key is everything of a credential that the kernel's checks and an execve(2) look at.
func (c *Credential) key() string {
	return fmt.Sprint(c.UID, c.GID, c.Caps, c.NNP, c.Users, c.Apart)
}

// apart is why a process's privileges do not come from those its container was given.
func apart(p, first *inspect.Process) string {
	if first == nil {
		return ""
	}
	own, _ := p.Namespaces.Get()
	its, _ := first.Namespaces.Get()
	switch {
	case p.Entered != "":
		return "it entered the container from outside"
	case p.Outside:
		return "it was moved into the container's cgroup"
	case own[nsinfo.UserNS] != 0 && its[nsinfo.UserNS] != 0 && own[nsinfo.UserNS] != its[nsinfo.UserNS]:
		return "it is in another user namespace than the container's first process: who makes one holds everything there, whatever the runtime gave"
	}
	return ""
}

// sets is what is known of its five sets: of one that is gone, the effective one alone.
func (h *holder) sets() (caps.Sets, bool) { return h.Caps.Get() }

// attribute gives each use to the credential that made it; for one that no process has any more a credential is made up.
// Those that are beyond the container are its runtime's, which sets it up, or another's who entered it: they are counted.
func (n *census) attribute(uses []*Use) (setup uint64) {
	for _, u := range uses {
		h := n.ownerOf(u)
		if h == nil && n.beyond(u) {
			setup += u.Count
			continue
		}
		if h == nil {
			h = n.gone(u)
		}
		h.uses = append(h.uses, u)
	}
	return setup
}

// beyond tells of a check by a runtime's own process, with capabilities that the container has not, or in another user
// namespace.
func (n *census) beyond(u *Use) bool {
	effective, known := u.Effective.Get()
	most, limited := n.most.Get()
	current, placed := u.Current.Get()
	return isRuntime(u.Comm) || known && limited && effective&^most != 0 || placed && n.users != 0 && current != n.users
}

// gone is the credential of a process that has ended, or has another one now.
func (n *census) gone(u *Use) *holder {
	key := fmt.Sprint("gone", u.UID, u.GID, u.Effective)
	h := n.byKey[key]
	if h == nil {
		h = &holder{Credential: Credential{Comm: u.Comm, Gone: true, UID: allIDs(u.UID), GID: allIDs(u.GID)}}
		if effective, known := u.Effective.Get(); known {
			h.Caps = inspect.Some(caps.Sets{Effective: effective, Permitted: effective})
		}
		n.byKey[key], n.all = h, append(n.all, h)
	}
	if !slices.Contains(h.PIDs, u.PID) {
		h.PIDs = append(h.PIDs, u.PID)
	}
	return h
}

func allIDs(o inspect.Opt[uint32]) inspect.Opt[inspect.IDs] {
	id, ok := o.Get()
	if !ok {
		return inspect.Opt[inspect.IDs]{}
	}
	return inspect.Some(inspect.IDs{Real: id, Effective: id, Saved: id, FS: id})
}

// isRuntime tells of the name that runc gives itself within a container until it executes what was asked for.
func isRuntime(comm string) bool { return strings.HasPrefix(comm, "runc:[") }

// ownerOf is the credential a check was made with: that of the thread or process, where it fits, else one of the same
// effective set and user; nil for none.
func (n *census) ownerOf(u *Use) *holder {
	own := n.threads[u.TID]
	if own == nil {
		own = n.procs[u.PID]
	}
	if own != nil && own.fits(u) && !u.Foreign.Or(false) {
		return own
	}
	if !u.Effective.Known() {
		return nil
	}
	for _, h := range n.all {
		if !h.Gone && h.fits(u) {
			return h
		}
	}
	return nil
}

// fits tells whether a check may have been made with the credential.
func (h *holder) fits(u *Use) bool {
	if isRuntime(u.Comm) && !isRuntime(h.Comm) {
		return false
	}
	if effective, known := u.Effective.Get(); known {
		if sets, ok := h.sets(); !ok || sets.Effective != effective {
			return false
		}
	}
	if uid, known := u.UID.Get(); known {
		if ids, ok := h.UID.Get(); ok && uid != ids.Effective && uid != ids.Real {
			return false
		}
	}
	if ns, known := u.Current.Get(); known && h.Users != 0 && ns != h.Users {
		return false
	}
	return true
}
