package runtimes

import (
	"path"
	"strconv"

	"capview/inspect"
	"capview/inspect/caps"
)

// kind is which way leads to a container's files.
type kind uint8

const (
	byShim   kind = iota // the working directory of a containerd shim
	byChild              // the same, for a child of a shim of which only the shim's files tell the id
	byConmon             // conmon's arguments
	byLXC                // an LXC monitor's title
	byID                 // no process leads there: the runtimes' usual directories
	byMounts             // where a container's mounts come from
	byRoot               // a directory of runc's or crun's states: of many containers
	bySocket             // what an engine answers: of the container of that id, or of all
)

// place is whose root directory a path is below: that of a process, or the host's where pid is 0.
type place struct {
	pid   int
	start uint64 // its start time, in clock ticks since boot; 0: any
}

// fileID tells a file's content from any other it had.
type fileID struct {
	dev, inode   uint64
	mtime, ctime int64 // nanoseconds since the epoch
	size         int64
}

// watched is a file as it was when it was read.
type watched struct {
	at   place
	path string
	id   fileID // zero: it was not there
}

// request asks for the files of one container, or for those of one directory of states. It is the key under which the
// answer is kept.
type request struct {
	kind    kind
	at      place
	runtime string // byID, byRoot: whose
	id      string
	name    string              // byConmon, byLXC: as its argument says. byID: docker's configuration, where it is not the usual
	path    string              // bySocket: the socket. byConmon: the bundle. byLXC: the directory of containers. byID: a directory to try first. podman's byID, byMounts: storages' lists, NUL between them. byRoot: the directory
	pid     int                 // byChild: the child. byID: a process of the container's, 0 where there is none
	owner   inspect.Opt[uint32] // byID, byMounts: the user whose runtime made it, where that is not root's
	full    caps.Set            // byLXC: every capability that the kernel has
}

// answer is what the files said.
type answer struct {
	facts  facts
	states []state           // byRoot
	listed map[string]listed // bySocket, of all: by id
	from   endpoint          // bySocket
	trail
}

// trail is which files gave an answer, and which did not.
type trail struct {
	watch    []watched
	volatile bool // no file tells when it is another
	gaps     []failure
	sources  []SourceReport
}

// failure is a file that could not be read: what it would have told, and why not.
type failure struct{ what, why string }

// fail notes that path did not tell what.
func (t *trail) fail(what, path, why string) {
	t.gaps = append(t.gaps, failure{what, path + ": " + why})
}

// gapsInto adds the failures as gaps of the container with that key, or of "runtimes".
func (t *trail) gapsInto(gaps []inspect.Gap, subject string) []inspect.Gap {
	for _, f := range t.gaps {
		gaps = append(gaps, inspect.Gap{Subject: subject, What: f.what, Why: f.why})
	}
	return gaps
}

// SourceReport is a place that names were looked for in, and how that went.
type SourceReport struct {
	Runtime string // docker, containerd, podman, cri-o, runc, crun, lxc, nspawn
	Path    string // the directory or file
	State   string // "read", "absent", "failed", "waiting"
	Why     string // the cause where it failed
	Count   int    // how many containers it told of
}

// The States of a SourceReport.
const (
	SourceRead    = "read"
	SourceAbsent  = "absent"
	SourceFailed  = "failed"
	SourceWaiting = "waiting" // asked, and has not answered yet
)

// runtimeName is whose files are asked for.
func (q *request) runtimeName() string {
	switch q.kind {
	case byShim, byChild:
		return "containerd"
	case byConmon, byMounts:
		return "podman"
	case byLXC:
		return "lxc"
	}
	return q.runtime
}

// describe is what leads to the files, for a Gap.
func (q *request) describe() string {
	switch q.kind {
	case byShim, byChild:
		return "the bundle of containerd shim " + strconv.Itoa(q.at.pid)
	case byID:
		return "the files of " + q.runtime + " " + q.id
	case byLXC:
		return path.Join(q.path, q.name)
	case byMounts:
		return "the mounts of process " + strconv.Itoa(q.at.pid)
	}
	return q.path
}
