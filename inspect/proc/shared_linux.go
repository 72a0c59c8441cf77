package proc

import (
	"slices"
	"sync"

	"capview/inspect"
	"capview/inspect/filecap"
	"capview/inspect/task"
)

// exeFacts is what is known of an executable and the path it was executed by.
type exeFacts struct {
	exe   inspect.Opt[string]
	file  inspect.Opt[inspect.ExeFile]
	caps  inspect.Opt[filecap.Caps]
	mount uint64
	gaps  [][2]string
}

func (x *exeFacts) into(e *entry) {
	e.proc.Exe, e.proc.ExeFile, e.proc.FileCaps, e.mount = x.exe, x.file, x.caps, x.mount
	for _, g := range x.gaps {
		e.gap(g[0], g[1])
	}
}

func (x *exeFacts) is(y *exeFacts) bool {
	return x.exe == y.exe && x.file == y.file && x.caps == y.caps && x.mount == y.mount && slices.Equal(x.gaps, y.gaps)
}

// exeCache is the executables of a scan. They are looked at anew in each: the file at the end of the path may be written
// to, and an inode that is not held may become another file's. Where one is as it was, it is the same exeFacts.
type exeCache struct {
	mu        sync.RWMutex
	turn      uint
	exes, was map[task.Exe]*exeFacts // of this scan and the one before
}

func newExeCache() *exeCache { return &exeCache{exes: map[task.Exe]*exeFacts{}} }

func (c *exeCache) get(id task.Exe, turn uint) (*exeFacts, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	x := c.exes[id]
	if c.turn != turn {
		return nil, false
	}
	return x, x != nil
}

func (c *exeCache) put(id task.Exe, turn uint, x exeFacts) *exeFacts {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.turn != turn {
		c.exes, c.was = make(map[task.Exe]*exeFacts, len(c.exes)), c.exes
		c.turn = turn
	}
	facts := &x
	for _, known := range []*exeFacts{c.exes[id], c.was[id]} {
		if known != nil && known.is(facts) {
			facts = known
		}
	}
	c.exes[id] = facts
	return facts
}

// cgroupCache is the paths of cgroups by the kernel's key of them. A process may move between the kernel's record of it
// and the reading of its path: so a path is taken for the key's once two readings agree, of two processes or in two scans.
type cgroupCache struct {
	mu    sync.RWMutex
	paths map[uint64]*cgroupPath
}

type cgroupPath struct {
	path string
	sure bool
	pid  int
	turn uint
}

func newCgroupCache() *cgroupCache { return &cgroupCache{paths: map[uint64]*cgroupPath{}} }

// get is what is certain of a key's path, or nil.
func (c *cgroupCache) get(key uint64) *cgroupPath {
	c.mu.RLock()
	defer c.mu.RUnlock()
	p := c.paths[key]
	if p == nil || !p.sure {
		return nil
	}
	return p
}

func (c *cgroupCache) put(key uint64, pid int, turn uint, path string) {
	if key == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.paths[key]; p != nil && p.path == path {
		p.sure = p.sure || p.pid != pid || p.turn != turn
		return
	}
	if len(c.paths) > 1<<16 {
		clear(c.paths)
	}
	c.paths[key] = &cgroupPath{path: path, pid: pid, turn: turn}
}
