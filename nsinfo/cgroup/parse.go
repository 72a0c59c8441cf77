package cgroup

import (
	"bytes"
	"fmt"
	"strings"
)

// maxPaths bounds how many distinct paths are kept. The kernel has at most 16 controllers and one hierarchy for
// each; the rest is room for named hierarchies.
const maxPaths = 64

// Paths is where a process is in every cgroup hierarchy: one path on cgroup v2, where all controllers are in one
// hierarchy; on v1 and hybrid nodes controllers may disagree.
type Paths struct {
	All     []Path // the distinct paths, as read, in the file's order
	Unified string // the path in the v2 hierarchy (the line "0::"); "" where there is none
}

// Path is one cgroup, with the v1 controllers in whose hierarchies the process is there.
type Path struct {
	Path        string
	Controllers []string // "memory", "name=systemd"; empty for the v2 hierarchy alone
}

// Parse reads /proc/PID/cgroup: lines of "hierarchy:controllers:path" (cgroups(7)). A path may hold colons, and
// on v1 as on v2 anything but a newline. A line that is not so is reported in the error, and the others are kept:
// it does not cost the process its identity.
func Parse(b []byte) (Paths, error) {
	var (
		ps  Paths
		bad problems
		n   int
	)
	for line := range bytes.SplitSeq(b, []byte{'\n'}) {
		n++
		if len(line) == 0 {
			continue
		}
		id, rest, _ := bytes.Cut(line, []byte{':'})
		controllers, path, ok := bytes.Cut(rest, []byte{':'})
		if !ok || !number(id) || !bytes.HasPrefix(path, []byte{'/'}) {
			bad.add(n, line, "is not hierarchy:controllers:path")
		} else if !ps.add(string(controllers), path) {
			bad.add(n, line, "is one path too many")
		}
	}
	return ps, bad.err()
}

// add enters one line and tells whether there was room for it.
func (ps *Paths) add(controllers string, path []byte) bool {
	i := 0
	for i < len(ps.All) && ps.All[i].Path != string(path) {
		i++
	}
	if i == maxPaths {
		return false
	}
	if i == len(ps.All) {
		ps.All = append(ps.All, Path{Path: string(path)})
	}
	p := &ps.All[i]
	if controllers == "" {
		ps.Unified = p.Path
	} else if len(p.Controllers) < maxPaths {
		p.Controllers = append(p.Controllers, strings.SplitN(controllers, ",", maxPaths)...)
	}
	return true
}

func number(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}

// problems keeps the first malformed line and counts the others.
type problems struct {
	first error
	more  int
}

func (p *problems) add(n int, line []byte, what string) {
	if p.first != nil {
		p.more++
		return
	}
	p.first = fmt.Errorf("cgroup line %d: %.80q %s", n, line, what)
}

func (p *problems) err() error {
	if p.more > 0 {
		return fmt.Errorf("%w (and %d more)", p.first, p.more)
	}
	return p.first
}
