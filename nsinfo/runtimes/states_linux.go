package runtimes

import (
	"fmt"
	"path"
	"sync"

	"golang.org/x/sys/unix"
)

// maxStates bounds how many containers of one directory are looked at. Runtimes leave those behind that they could not
// clean up.
const maxStates = 20000

// states reads what runc or crun keep in a directory, a folder for each container, and keeps what is of a live process.
func (pr *prober) states(q request, a *answer) {
	names, id, more, err := pr.list(q.at, q.path, maxStates)
	a.watch = append(a.watch, watched{q.at, q.path, id})
	a.source(q.runtime, q.path, err)
	switch {
	case absent(err):
		return
	case err != nil:
		a.fail("containers", q.path, why(err))
		return
	case more:
		a.fail("containers", q.path, fmt.Sprintf("more than %d containers: the others are not looked at", maxStates))
	}
	bad, cause := 0, ""
	for _, name := range names {
		if isHexID(name) {
			continue // an engine's, which has a shim or monitor
		}
		st, err := pr.state(q, name)
		switch {
		case err == nil:
			pr.stateSpec(q, a, &st)
			a.states = append(a.states, st)
		case err != errEnded && !absent(err):
			bad++
			cause = first(cause, name+": "+why(err))
		}
	}
	a.sources[len(a.sources)-1].Count = len(a.states)
	if bad > 0 {
		a.fail("containers", q.path, fmt.Sprintf("%d of %d could not be read: %s", bad, len(names), cause))
	}
}

// state reads one container's state; the error is errEnded where its process is not there any more.
func (pr *prober) state(q request, name string) (st state, err error) {
	file := "state.json"
	if q.runtime == "crun" {
		file = "status"
	}
	p := path.Join(q.path, name, file)
	if w, ok := pr.shared.dead(q.at, p); ok && pr.unchanged([]watched{w}) {
		return st, errEnded
	}
	c, err := pr.files.read(q.at, p, maxFile)
	if err != nil {
		return st, err
	}
	if q.runtime == "crun" {
		st, err = parseCrun(c.data, name)
	} else {
		st, err = parseRunc(c.data)
	}
	if err == nil && st.id != name {
		err = fmt.Errorf("it is of another container: %.40q", st.id)
	}
	if err != nil {
		return st, err
	}
	dir, err := pr.process(place{st.pid, st.start})
	if err != nil {
		pr.shared.bury(watched{q.at, p, c.id})
		return st, errEnded
	}
	unix.Close(dir)
	st.claimed, st.owner, st.source = !c.trusted, c.owner, p
	return st, nil
}

// stateSpec completes what the state has by the bundle's spec, from which the container was started.
func (pr *prober) stateSpec(q request, a *answer, st *state) {
	d := &st.spec
	d.Source, d.Claimed = st.source, st.claimed
	if !path.IsAbs(st.bundle) {
		return
	}
	c, err := pr.files.read(q.at, path.Join(st.bundle, "config.json"), maxFile)
	if q.runtime == "crun" && err != nil {
		c, err = pr.files.read(q.at, path.Join(q.path, st.id, "config.json"), maxFile) // crun's own copy
	}
	if err != nil {
		return
	}
	s, err := parseSpec(c.data)
	if err != nil {
		return
	}
	whole := s.declared()
	whole.Source, whole.Claimed = path.Join(st.bundle, "config.json"), st.claimed || !c.trusted
	if d.Caps.Known() { // what runc started with; the bundle may have been edited since
		whole.Caps, whole.NoNewPrivs = d.Caps, d.NoNewPrivs
	}
	*d = whole
}

// shared is what many containers' answers need of the same files.
type shared struct {
	sync.Mutex
	lists map[watched]map[string]stored
	gone  map[deadKey]fileID // states of containers that have ended
}

type deadKey struct {
	at   place
	path string
}

func newShared() *shared {
	return &shared{lists: map[watched]map[string]stored{}, gone: map[deadKey]fileID{}}
}

// maxShared bounds how many lists are kept; a node has one or two for each engine and user.
const maxShared = 64

// storage is what the list at p says of the container, read anew only where the list has changed.
func (sh *shared) storage(fs *files, at place, p, id string) (s stored, ok, trusted bool, w watched, err error) {
	f, c, err := fs.openFile(at, p)
	if err != nil {
		return s, false, false, watched{at, p, fileID{}}, err
	}
	f.Close()
	// The list is the same whichever conmon leads to it.
	key := watched{path: p, id: c.id}
	sh.Lock()
	found, have := sh.lists[key]
	sh.Unlock()
	if !have {
		if c, err = fs.read(at, p, maxStorage); err != nil {
			return s, false, false, watched{at, p, c.id}, err
		}
		if found, err = parseStorage(c.data); err != nil {
			return s, false, false, watched{at, p, c.id}, err
		}
		key.id = c.id
		sh.Lock()
		if len(sh.lists) >= maxShared {
			clear(sh.lists)
		}
		sh.lists[key] = found
		sh.Unlock()
	}
	s, ok = found[id]
	return s, ok, c.trusted, watched{at, p, c.id}, nil
}

func (sh *shared) dead(at place, p string) (watched, bool) {
	sh.Lock()
	defer sh.Unlock()
	id, ok := sh.gone[deadKey{at, p}]
	return watched{at, p, id}, ok
}

// bury remembers a state whose process has ended.
func (sh *shared) bury(w watched) {
	sh.Lock()
	defer sh.Unlock()
	if len(sh.gone) >= maxStates {
		clear(sh.gone)
	}
	sh.gone[deadKey{w.at, w.path}] = w.id
}
