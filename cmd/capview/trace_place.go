package main

import (
	"strconv"

	"capview/inspect"
	"capview/nsinfo"
	"capview/ui/view"
)

// place is where a process lives.
type place struct {
	Key       string // the container's; "" where it is not known
	Container string // its label
	Pod       string // namespace/name; "" for none
}

// places finds processes' containers, in the last snapshot and in what is remembered of those that have ended.
type places struct {
	ix       *inspect.Index
	own      map[string]uint64             // the ids of control groups that are one container's alone, by its key
	byCgroup map[uint64]*inspect.Container // of own, by id
	byUserNS map[uint64]*inspect.Container // that nothing but the user namespace tells of, by inode
	lived    map[inspect.ProcessID]lived
	latest   map[int]uint64 // the start time of the latest process with a PID
}

// lived is where a process was; sure, if a snapshot told it.
type lived struct {
	place
	userNS uint64
	cgroup uint64 // id; 0 where it is not known
	sure   bool
}

// mostLived bounds what is remembered.
const mostLived = 100_000

func newPlaces(ix *inspect.Index) *places {
	p := &places{lived: map[inspect.ProcessID]lived{}, latest: map[int]uint64{}}
	p.learn(ix)
	return p
}

// learn takes in a new snapshot.
func (p *places) learn(ix *inspect.Index) {
	p.ix, p.byCgroup, p.byUserNS = ix, map[uint64]*inspect.Container{}, map[uint64]*inspect.Container{}
	idOf := remembering(cgroupIDs())
	p.own = ownCgroups(ix, idOf)
	for i := range ix.Containers {
		c := &ix.Containers[i]
		if id, ok := p.own[c.Key]; ok {
			p.byCgroup[id] = c
		}
		if ns, ok := c.UserNamespace.Get(); ok && c.Kind == inspect.KindUserNS {
			p.byUserNS[ns] = c
		}
	}
	for _, proc := range ix.Processes {
		c := ix.Container(proc.Container)
		if ns, ok := proc.Namespaces.Get(); ok && c != nil && proc.Role != inspect.RoleHelper {
			var id uint64
			if path, ok := proc.Cgroup.Get(); ok {
				id = idOf(path)
			}
			p.remember(inspect.ProcessID{PID: proc.PID, StartTime: proc.StartTime}, lived{p.container(c), ns[nsinfo.UserNS], id, true})
		}
	}
}

// ownCgroups is the ids of the control groups that are one container's alone, by its key: a user's containers may live in the
// group of what started them.
func ownCgroups(ix *inspect.Index, idOf func(path string) uint64) map[string]uint64 {
	keys, shared := map[string]string{}, map[string]bool{}
	for _, proc := range ix.Processes {
		if path, ok := proc.Cgroup.Get(); ok {
			if key, known := keys[path]; known && key != proc.Container {
				shared[path] = true
			}
			keys[path] = proc.Container
		}
	}
	own := map[string]uint64{}
	for i := range ix.Containers {
		c := &ix.Containers[i]
		switch c.Kind {
		case inspect.KindContainer, inspect.KindSandbox, inspect.KindUnit, inspect.KindSession:
		default:
			continue
		}
		if c.Cgroup == "" || c.Cgroup == "/" || shared[c.Cgroup] {
			continue
		}
		if id := idOf(c.Cgroup); id != 0 {
			own[c.Key] = id
		}
	}
	return own
}

// remembering is the ids of control groups by their paths, each looked up once; 0 where it is not known.
func remembering(lookUp func(path string) (uint64, error)) func(path string) uint64 {
	ids := map[string]uint64{}
	return func(path string) uint64 {
		id, known := ids[path]
		if !known {
			id, _ = lookUp(path)
			ids[path] = id
		}
		return id
	}
}

func (p *places) remember(id inspect.ProcessID, l lived) {
	if len(p.lived) > mostLived {
		clear(p.lived)
		clear(p.latest)
	}
	p.lived[id], p.latest[id.PID] = l, id.StartTime
}

// checkSubject is what is known of a process by a check of it.
type checkSubject struct {
	*inspect.Check
	ppid   int
	userNS uint64 // inode
}

// of finds a process by PID and start time; one of which no snapshot told by its control group, by its user namespace, or
// by its parent, if that is in the same ones. False where a later scan may know better.
func (p *places) of(s checkSubject) (place, bool) {
	id := inspect.ProcessID{PID: s.PID, StartTime: s.StartTime}
	if l, ok := p.lived[id]; ok && l.sure {
		return l.place, true
	}
	if proc := p.ix.Process(s.PID); proc != nil && proc.StartTime == s.StartTime && p.ix.Container(proc.Container) != nil {
		return p.container(p.ix.Container(proc.Container)), true
	}
	if group := p.byCgroup[s.Cgroup]; group != nil {
		return p.container(group), true
	}
	if group := p.byUserNS[s.userNS]; group != nil {
		return p.container(group), true
	}
	parent, known := p.lived[inspect.ProcessID{PID: s.ppid, StartTime: p.latest[s.ppid]}]
	switch {
	case known && parent.userNS == s.userNS && parent.sameGroup(s.Cgroup) && p.latest[s.ppid] <= s.StartTime:
		p.remember(id, lived{parent.place, s.userNS, s.Cgroup, false})
		return parent.place, false
	case s.userNS != p.ix.Host.UserNamespace:
		return place{Container: "userns " + strconv.FormatUint(s.userNS, 10)}, false
	}
	if before := p.lived[id]; before.sameGroup(s.Cgroup) {
		return before.place, false
	}
	return place{}, false
}

// sameGroup tells whether it may have been in a control group: a service's first process is a child of systemd's.
func (l *lived) sameGroup(id uint64) bool { return l.cgroup == 0 || id == 0 || l.cgroup == id }

func (p *places) container(c *inspect.Container) place {
	pl := place{Key: c.Key, Container: p.ix.Label(c)}
	if pod, ok := c.Pod.Get(); ok {
		pl.Pod = pod.Name
		if pod.Namespace != "" {
			pl.Pod = pod.Namespace + "/" + pod.Name
		}
	}
	return pl
}

// place is where the subject of a check lives, as well as is known now.
func (w *watched) place(s checkSubject) place {
	w.mu.Lock()
	defer w.mu.Unlock()
	pl, known := w.places.of(s)
	w.asked = w.asked || !known
	return pl
}

// ownCgroup tells whether c has a control group of its own.
func (w *watched) ownCgroup(c *inspect.Container) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, own := w.places.own[c.Key]
	return own
}

// userNS is what a user namespace is called.
func (w *watched) userNS(inode uint64) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return view.UserNSName(w.ix, inode)
}
