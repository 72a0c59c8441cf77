package inspect

import (
	"fmt"
	"slices"
	"strconv"
	"sync"

	"capview/inspect/caps"
	"capview/inspect/seccomp"
	"capview/inspect/seccomp/profile"
)

// FilterNamer tells whose seccomp profile the filters of a node's threads are, and remembers. Working a name out can take
// seconds where someone attached filters made to be slow, so it is apart from telling the names that are known: Apply may
// be called while Work goes on, each by one at a time.
type FilterNamer struct {
	mu    sync.Mutex
	names map[stackKey]string

	// Work's own.
	namers   map[seccomp.Arch]*profile.Namer
	profiles map[string]*profile.OCI // by the text
}

// NameJob is filters that have no name yet.
type NameJob struct {
	key     stackKey
	stack   seccomp.Stack
	subject profile.Subject
	text    []byte // of the container's own profile
}

// stackKey is what a name hangs on.
type stackKey struct {
	arch      seccomp.Arch
	stack     FilterStack
	bounding  caps.Set
	known     bool
	container string
}

// maxNames is how many names are remembered; beyond that all are forgotten.
const maxNames = 10_000

// Apply sets the profile of every thread whose filters have a name that is known, and gives those that have none yet, the
// shortest first. A machine whose ABI is unknown has none named.
func (n *FilterNamer) Apply(s *Snapshot) []NameJob {
	if len(s.SeccompFilters) == 0 {
		return nil
	}
	ix := &Index{Snapshot: s, containers: make(map[string]*Container, len(s.Containers))}
	ix.programs = sync.OnceValue(ix.decodePrograms)
	for i := range s.Containers {
		ix.containers[s.Containers[i].Key] = &s.Containers[i]
	}
	arch, ok := ix.ABI()
	if !ok {
		s.Gaps = append(s.Gaps, Gap{Subject: "processes", What: unnamed, Why: "the machine's system call ABI is not known"})
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.names == nil || len(n.names) > maxNames {
		n.names = map[stackKey]string{}
	}
	pass := naming{names: n.names, ix: ix, arch: arch, jobs: map[stackKey]NameJob{}}
	for i, p := range s.Processes {
		for j := -1; j < len(p.Threads); j++ {
			if state, named := pass.name(p, p.leaderOr(j)); named {
				own := s.Edit(i)
				own.leaderOr(j).Seccomp = Some(state)
				if j < 0 {
					own.Gaps = slices.DeleteFunc(own.Gaps, isUnnamed)
				}
			}
		}
	}
	return pass.sorted()
}

// Work finds the name of some filters, for the next Apply.
func (n *FilterNamer) Work(job NameJob) {
	if n.namers == nil {
		n.namers, n.profiles = map[seccomp.Arch]*profile.Namer{}, map[string]*profile.OCI{}
	}
	namer := n.namers[job.key.arch]
	if namer == nil {
		namer = profile.NewNamer(job.key.arch)
		n.namers[job.key.arch] = namer
	}
	job.subject.Profile = n.profile(job.text, job.subject.Context)
	name := namer.Name(job.stack, job.subject).String()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.names[job.key] = name
}

// profile is readProfile's answer, remembered: the namer knows a profile by its address.
func (n *FilterNamer) profile(text []byte, in profile.Context) *profile.OCI {
	read, done := n.profiles[string(text)]
	if !done {
		if len(n.profiles) > maxNames {
			clear(n.profiles)
		}
		read = readProfile(text, in)
		n.profiles[string(text)] = read
	}
	return read
}

// unnamed is what a process lacks whose filters have no name.
const unnamed = "seccomp.profile"

func isUnnamed(g Gap) bool { return g.What == unnamed }

// GapsOf says of the processes whose filters have no name yet why. Apply takes that back.
func GapsOf(s *Snapshot, jobs []NameJob) {
	open := make(map[FilterStack]bool, len(jobs))
	for _, j := range jobs {
		open[j.key.stack] = true
	}
	for i, p := range s.Processes {
		state, ok := p.Seccomp.Get()
		if ok && !state.Profile.Known() && open[state.Stack.Or("")] && !slices.ContainsFunc(p.Gaps, isUnnamed) {
			own := s.Edit(i)
			own.Gaps = append(own.Gaps, Gap{Subject: "pid " + strconv.Itoa(p.PID), What: unnamed,
				Why: "its filters are still being compared with the profiles of runtimes"})
		}
	}
}

// naming is one pass over a snapshot.
type naming struct {
	names map[stackKey]string
	ix    *Index
	arch  seccomp.Arch
	jobs  map[stackKey]NameJob
}

// name is a thread's state with the name of its filters; false where they have one, or none is known.
func (n *naming) name(p *Process, c *Creds) (Seccomp, bool) {
	s, ok := c.Seccomp.Get()
	names, known := s.Stack.Get()
	if !ok || !known || s.Mode != SeccompFilter || s.Profile.Known() {
		return s, false
	}
	sets, has := c.Caps.Get()
	key := stackKey{n.arch, names, sets.Bounding, has, p.Container}
	name, done := n.names[key]
	if !done {
		n.job(p, c, key, sets)
		return s, false
	}
	s.Profile = Some(name)
	return s, true
}

// job notes the filters as to be named, with what is known of the container that they were made for.
func (n *naming) job(p *Process, c *Creds, key stackKey, sets caps.Sets) {
	if _, noted := n.jobs[key]; noted {
		return
	}
	stack, ok := n.ix.Filters(c)
	if !ok {
		return
	}
	of, text := n.ix.filterSubject(p, c, n.arch)
	n.jobs[key] = NameJob{key: key, stack: stack, subject: of, text: text}
}

// filterSubject is what is known of the container that a thread's filters were made for, and the text of its own profile.
func (ix *Index) filterSubject(p *Process, creds *Creds, arch seccomp.Arch) (of profile.Subject, text []byte) {
	sets, _ := creds.Caps.Get()
	of = profile.Subject{Context: profile.Context{Caps: sets.Bounding, Arch: arch, Kernel: kernelVersion(ix.Host.Kernel)}}
	c := ix.Container(p.Container)
	if c == nil {
		return of, nil
	}
	of.Engine = c.Runtime
	if c.Runtime == "cri-o" {
		of.Engine = "crio"
	}
	if d, ok := c.Declared.Get(); ok {
		text = d.SeccompProfile
		if asked, ok := d.Caps.Get(); ok {
			of.Created = append(of.Created, asked.Bounding)
			return of, text
		}
	}
	if usual, ok := caps.DefaultFor(c.Runtime); ok {
		of.Created = append(of.Created, usual)
	}
	return of, text
}

// FilterSubject is what decides what the filters of p's leader are called; false where the machine's ABI is unknown.
func (ix *Index) FilterSubject(p *Process) (profile.Subject, bool) {
	arch, ok := ix.ABI()
	of, text := ix.filterSubject(p, &p.Creds, arch)
	of.Profile = readProfile(text, of.Context)
	return of, ok
}

// readProfile reads a container's own profile; nil where there is none, or it does not read.
func readProfile(text []byte, in profile.Context) *profile.OCI {
	if len(text) == 0 {
		return nil
	}
	parsed, err := profile.Parse(text)
	if err != nil {
		return nil
	}
	oci, _ := parsed.Resolve(in)
	return oci
}

// sorted is the jobs, those with the fewest instructions first: none waits for filters made to be slow.
func (n *naming) sorted() []NameJob {
	jobs := make([]NameJob, 0, len(n.jobs))
	size := func(j NameJob) (sum int) {
		for _, p := range j.stack {
			sum += len(p)
		}
		return sum
	}
	for _, j := range n.jobs {
		jobs = append(jobs, j)
	}
	slices.SortFunc(jobs, func(a, b NameJob) int { return size(a) - size(b) })
	return jobs
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

// Placed gives p, which was read alone, what only a whole Snapshot tells of the process: where it belongs, and what its
// filters are called where they are still the same.
func (p *Process) Placed(scanned *Process) {
	p.Container, p.Nested, p.Role, p.Entered, p.Outside = scanned.Container, scanned.Nested, scanned.Role, scanned.Entered, scanned.Outside
	names := make(map[FilterStack]Opt[string], 1+len(scanned.Threads))
	for i := -1; i < len(scanned.Threads); i++ {
		if s, ok := scanned.leaderOr(i).Seccomp.Get(); ok && s.Profile.Known() {
			names[s.Stack.Or("")] = s.Profile
		}
	}
	for i := -1; i < len(p.Threads); i++ {
		c := p.leaderOr(i)
		if s, ok := c.Seccomp.Get(); ok && s.Stack.Known() {
			s.Profile = names[s.Stack.Or("")]
			c.Seccomp = Some(s)
		}
	}
}

// leaderOr is the credentials of thread i, of the leader for -1.
func (p *Process) leaderOr(i int) *Creds {
	if i < 0 {
		return &p.Creds
	}
	return &p.Threads[i].Creds
}
