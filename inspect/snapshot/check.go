package snapshot

import (
	"cmp"
	"fmt"
	"slices"

	"capview/inspect"
	"capview/nsinfo"
)

// maxLevel is more than user namespaces nest (user_namespaces(7): 32 levels).
const maxLevel = 64

// check makes sure that what every consumer takes for granted holds. It refuses what contradicts itself: PIDs that are
// not positive, two processes of one PID and start time, two containers of one key, two user namespaces of one
// inode, capabilities beyond 63, negative counts, filters that are not what their hashes say. It puts right, with a
// note, what only dangles: the order, references to what is not there, circles of parents.
func (r *reader) check() error {
	if last := r.s.Host.CapLastCap; last > 63 {
		return fmt.Errorf("host.cap_last_cap is %d: there are no capabilities beyond 63", uint8(last))
	}
	if r.s.Host.ClockTicks <= 0 {
		r.note("clock_ticks", "not known, 100 a second assumed: times of start may be wrong")
		r.s.Host.ClockTicks = 100
	}
	if err := r.checkProcesses(); err != nil {
		return err
	}
	if err := r.checkFilters(); err != nil {
		return err
	}
	if err := r.checkContainers(); err != nil {
		return err
	}
	return r.checkUserNamespaces()
}

func (r *reader) checkProcesses() error {
	ps := r.s.Processes
	order := func(a, b *inspect.Process) int {
		return cmp.Or(cmp.Compare(a.PID, b.PID), cmp.Compare(a.StartTime, b.StartTime))
	}
	if !slices.IsSortedFunc(ps, order) {
		slices.SortStableFunc(ps, order)
	}
	for i, p := range ps {
		if i > 0 && order(ps[i-1], p) == 0 {
			return fmt.Errorf("process %d is in it twice", p.PID)
		}
		if err := checkProcess(p); err != nil {
			return fmt.Errorf("process %d: %w", p.PID, err)
		}
	}
	r.breakParents()
	return nil
}

func checkProcess(p *inspect.Process) error {
	switch {
	case p.PID <= 0 || int64(p.PID) > 1<<31-1:
		return fmt.Errorf("is not a PID")
	case p.PPID < 0:
		return fmt.Errorf("ppid is %d", p.PPID)
	case p.ThreadCount < 0:
		return fmt.Errorf("thread_count is %d", p.ThreadCount)
	}
	if err := checkSeccomp(p.Seccomp); err != nil {
		return err
	}
	for i := range p.Threads {
		t := &p.Threads[i]
		if t.TID <= 0 {
			return fmt.Errorf("thread %d: is not a TID", t.TID)
		}
		if err := checkSeccomp(t.Seccomp); err != nil {
			return fmt.Errorf("thread %d: %w", t.TID, err)
		}
	}
	return nil
}

func checkSeccomp(o inspect.Opt[inspect.Seccomp]) error {
	s, _ := o.Get()
	if n, _ := s.Filters.Get(); n < 0 {
		return fmt.Errorf("seccomp.filters is %d", n)
	}
	return nil
}

// breakParents makes sure that whoever follows parents comes to an end.
func (r *reader) breakParents() {
	index := make(map[int]*inspect.Process, len(r.s.Processes))
	for i := range r.s.Processes {
		index[r.s.Processes[i].PID] = r.s.Processes[i]
	}
	parent := func(pid int) (int, bool) {
		p := index[pid]
		if p == nil || p.PPID == 0 {
			return 0, false
		}
		return p.PPID, true
	}
	pids := make([]int, len(r.s.Processes))
	for i := range r.s.Processes {
		pids[i] = r.s.Processes[i].PID
	}
	for _, pid := range circles(pids, parent) {
		r.note("ppid", "process %d is its own ancestor: its parent is left out", pid)
		index[pid].PPID = 0
	}
}

// circles is one member of each circle that parent leads to from any of all.
func circles[K comparable](all []K, parent func(K) (K, bool)) (found []K) {
	walk := make(map[K]int, len(all)) // in which walk each was come by
	for n, start := range all {
		at, more := start, true
		for more {
			if before, been := walk[at]; been {
				if before == n {
					found = append(found, at)
				}
				break
			}
			walk[at] = n
			at, more = parent(at)
		}
	}
	return found
}

func (r *reader) checkContainers() error {
	cs := r.s.Containers
	index := make(map[string]*inspect.Container, len(cs))
	keys := make([]string, len(cs))
	for i := range cs {
		keys[i] = cs[i].Key
		switch {
		case cs[i].Key == "":
			return fmt.Errorf("containers[%d] has no key", i)
		case index[cs[i].Key] != nil:
			return fmt.Errorf("container %q is in it twice", short(cs[i].Key))
		}
		index[cs[i].Key] = &cs[i]
	}
	r.clearDangling(index)
	for _, key := range circles(keys, func(k string) (string, bool) { return index[k].NestedIn, index[k].NestedIn != "" }) {
		r.note("nested_in", "container %q is inside itself: what it is in is left out", short(key))
		index[key].NestedIn = ""
	}
	return nil
}

// clearDangling makes references to containers that are not there empty.
func (r *reader) clearDangling(index map[string]*inspect.Container) {
	missing := 0
	clear := func(key *string) {
		if *key != "" && index[*key] == nil {
			*key, missing = "", missing+1
		}
	}
	for i := range r.s.Processes {
		clear(&r.s.Processes[i].Container)
		clear(&r.s.Processes[i].Nested)
		clear(&r.s.Processes[i].Entered)
	}
	for i := range r.s.Containers {
		clear(&r.s.Containers[i].NestedIn)
	}
	if missing > 0 {
		r.note("containers", "%d references to containers that are not in it are left out", missing)
	}
}

func (r *reader) checkUserNamespaces() error {
	us := r.s.UserNamespaces
	index := make(map[uint64]*nsinfo.User, len(us))
	inodes := make([]uint64, len(us))
	for i := range us {
		u := &us[i]
		inodes[i] = u.Inode
		if index[u.Inode] != nil {
			return fmt.Errorf("user namespace %d is in it twice", u.Inode)
		}
		index[u.Inode] = u
		if level, known := u.Level.Get(); known && (level < 0 || level > maxLevel) {
			return fmt.Errorf("user namespace %d: level is %d", u.Inode, level)
		}
	}
	parent := func(inode uint64) (uint64, bool) {
		if u := index[inode]; u != nil {
			return u.Parent.Get()
		}
		return 0, false
	}
	for _, inode := range circles(inodes, parent) {
		if u := index[inode]; u != nil {
			r.note("user_namespaces", "user namespace %d is its own ancestor: its parent is left out", inode)
			u.Parent = inspect.Opt[uint64]{}
		}
	}
	return nil
}
