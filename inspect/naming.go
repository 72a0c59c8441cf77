package inspect

import (
	"fmt"

	"capview/inspect/caps"
	"capview/inspect/seccomp"
	"capview/inspect/seccomp/profile"
)

// FilterNamer tells whose seccomp profile the filters of a node's threads are, and remembers: one of each node, used by one
// at a time.
type FilterNamer struct {
	namer    *profile.Namer
	arch     seccomp.Arch
	names    map[stackKey]string
	profiles map[string]*profile.OCI // by the text
}

// stackKey is what a name hangs on.
type stackKey struct {
	stack     FilterStack
	bounding  caps.Set
	known     bool
	container string
}

// maxNames is how many names are remembered; beyond that the namer starts anew.
const maxNames = 10_000

// Name sets the profile of every thread whose filters are known and not named yet. A machine whose ABI is unknown has none named.
func (n *FilterNamer) Name(s *Snapshot) {
	if len(s.SeccompFilters) == 0 {
		return
	}
	ix := &Index{Snapshot: s}
	arch, ok := ix.ABI()
	if !ok {
		return
	}
	if n.namer == nil || n.arch != arch || len(n.names) > maxNames {
		*n = FilterNamer{namer: profile.NewNamer(arch), arch: arch, names: map[stackKey]string{}, profiles: map[string]*profile.OCI{}}
	}
	pass := naming{FilterNamer: n, ix: NewIndex(s)}
	for i := range s.Processes {
		p := &s.Processes[i]
		pass.name(p, &p.Creds)
		for j := range p.Threads {
			pass.name(p, &p.Threads[j].Creds)
		}
	}
}

// naming is one pass over a snapshot.
type naming struct {
	*FilterNamer
	ix *Index
}

func (n *naming) name(p *Process, c *Creds) {
	s, ok := c.Seccomp.Get()
	names, known := s.Stack.Get()
	if !ok || !known || s.Mode != SeccompFilter || s.Profile.Known() {
		return
	}
	sets, has := c.Caps.Get()
	key := stackKey{names, sets.Bounding, has, p.Container}
	name, done := n.names[key]
	if !done {
		stack, ok := n.ix.Filters(c)
		if !ok {
			return
		}
		name = n.namer.Name(stack, n.subject(p, sets)).String()
		n.names[key] = name
	}
	s.Profile = Some(name)
	c.Seccomp = Some(s)
}

// subject is what is known of the container that a process's filters were made for.
func (n *naming) subject(p *Process, sets caps.Sets) profile.Subject {
	of := profile.Subject{Context: profile.Context{Caps: sets.Bounding, Arch: n.arch, Kernel: kernelVersion(n.ix.Host.Kernel)}}
	c := n.ix.Container(p.Container)
	if c == nil {
		return of
	}
	of.Engine = c.Runtime
	if c.Runtime == "cri-o" {
		of.Engine = "crio"
	}
	if d, ok := c.Declared.Get(); ok {
		if asked, ok := d.Caps.Get(); ok {
			of.Created = append(of.Created, asked.Bounding)
		}
		of.Profile = n.profile(d.SeccompProfile, of.Context)
	}
	return of
}

// profile reads a container's own profile; nil where there is none, or it does not read.
func (n *naming) profile(text []byte, in profile.Context) *profile.OCI {
	if len(text) == 0 {
		return nil
	}
	if read, done := n.profiles[string(text)]; done {
		return read
	}
	var oci *profile.OCI
	if parsed, err := profile.Parse(text); err == nil {
		oci, _ = parsed.Resolve(in)
	}
	n.profiles[string(text)] = oci
	return oci
}

// kernelVersion is a kernel's, of its release (uname(2)); zero where that names none.
func kernelVersion(release string) profile.Version {
	var v profile.Version
	if _, err := fmt.Sscanf(release, "%d.%d", &v.Major, &v.Minor); err != nil {
		return profile.Version{}
	}
	return v
}

// Unnamed is c without the names of its filters: as a source read it.
func (c Creds) Unnamed() Creds {
	if s, ok := c.Seccomp.Get(); ok && s.Profile.Known() {
		s.Profile = Opt[string]{}
		c.Seccomp = Some(s)
	}
	return c
}
