package profile

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"capview/inspect/caps"
	"capview/inspect/seccomp"
)

// MaxDiffers is how many system calls may differ for a filter still to bear a profile's name: "podman +3".
const MaxDiffers = 8

// Declared is the name of a filter that means what the container's own profile says.
const Declared = "declared"

// Subject is a process with filters, and what is known of its container.
type Subject struct {
	Context // Caps: its bounding set now
	// Created is the bounding sets that its container may have been created with, where they are known: engines resolve
	// their profiles with it, and processes may have dropped from it since.
	Created []caps.Set
	// Profile is the container's own, as its runtime was given it; nil where it is not known.
	Profile *OCI
	// Engine is the container's ("docker", "containerd", "podman", "crio"), "" where it is not known. Of profiles that mean
	// the same, its name is preferred.
	Engine string
}

// Naming is what a stack of filters is called.
type Naming struct {
	// Profile is an engine's name, Declared, or "" where the filters are near none.
	Profile  string
	Versions string // the first release of the generation of the engine's profile that is nearest
	Origin   string
	// Runtime is whose filter of the profile it is, or nearest to: which names that libseccomp knew.
	Runtime Runtime
	Caps    caps.Set // the set that the profile was resolved with
	// Also is other engines whose profiles mean exactly the same. It is looked for where Subject.Engine is not known or the
	// engine's own is another.
	Also    []string
	Differs []Difference
	// Names is how many system calls differ, each counted once for all architectures.
	Names int
	// Added is how many newer filters are not counted: the name is that of the oldest, which the container began with.
	Added int
	// Filters is how many filters there are. Of none the name is "none".
	Filters int
}

// String is the name as a column shows it: "docker", "podman +3", "docker, 1 added", "declared", "custom", "none".
func (n Naming) String() string {
	switch {
	case n.Filters == 0:
		return "none"
	case n.Profile == "":
		return "custom"
	case n.Added > 0:
		return fmt.Sprintf("%s, %d added", n.Profile, n.Added)
	case n.Names > 0:
		return fmt.Sprintf("%s +%d", n.Profile, n.Names)
	}
	return n.Profile
}

// Namer names filters and remembers what it worked out: one of each host. It is not safe for concurrent use.
type Namer struct {
	native   seccomp.Arch
	calls    *calls
	outcomes map[[sha256.Size]byte][]outcome // by the filters
	vectors  map[vectorKey]*vector
	declared map[*OCI][2]*vector
	screens  map[string]*screen
	named    map[nameKey]Naming
}

type vectorKey struct {
	profile int    // among Defaults
	rules   string // which of its rules apply
	crun    bool
}

type nameKey struct {
	filters [sha256.Size]byte
	in      Context
	created string
	profile *OCI
	engine  string
}

// NewNamer makes a namer for a host's architecture.
func NewNamer(native seccomp.Arch) *Namer {
	return &Namer{
		native:   native,
		calls:    callsOf(native),
		outcomes: map[[sha256.Size]byte][]outcome{},
		vectors:  map[vectorKey]*vector{},
		declared: map[*OCI][2]*vector{},
		screens:  map[string]*screen{},
		named:    map[nameKey]Naming{},
	}
}

// Name finds what the filters of a process are called. Subject.Arch is the namer's.
func (n *Namer) Name(stack seccomp.Stack, of Subject) Naming {
	if len(stack) == 0 {
		return Naming{}
	}
	of.Arch = n.native
	key := nameKey{keyOf(stack), of.Context, fmt.Sprint(of.Created), of.Profile, of.Engine}
	naming, ok := n.named[key]
	if !ok {
		naming = n.name(stack, of)
		naming.Filters = len(stack)
		n.named[key] = naming
	}
	return naming
}

// keyOf tells stacks apart.
func keyOf(stack seccomp.Stack) (key [sha256.Size]byte) {
	h := sha256.New()
	for _, program := range stack {
		h.Write([]byte{byte(len(program)), byte(len(program) >> 8)})
		h.Write(program.Bytes())
	}
	h.Sum(key[:0])
	return key
}

func (n *Namer) name(stack seccomp.Stack, of Subject) Naming {
	if naming := n.nearest(stack, of); naming.Profile != "" || len(stack) == 1 {
		return naming
	}
	oldest := stack[len(stack)-1:]
	naming := n.nearest(oldest, of)
	if naming.Profile != "" {
		naming.Added = len(stack) - 1
	}
	return naming
}

// match is a profile that is near.
type match struct {
	engine, versions, origin string
	vector                   *vector
	library                  Library
	differ                   int
	caps                     caps.Set
}

// nearest names filters as one.
func (n *Namer) nearest(stack seccomp.Stack, of Subject) Naming {
	return n.nearestTo(n.outcomesOf(stack), of)
}

func (n *Namer) nearestTo(ours []outcome, of Subject) Naming {
	s := search{namer: n, ours: ours, of: of, best: match{differ: MaxDiffers + 1}}
	s.tryEngine(of.Engine)
	for _, engine := range Engines {
		if engine != of.Engine && (s.best.differ > 0 || s.best.engine != of.Engine) {
			s.tryEngine(engine)
		}
	}
	if of.Profile != nil && s.best.differ > 0 {
		for _, v := range n.declaredVectors(of.Profile) {
			s.try(match{engine: Declared, vector: v, caps: of.Caps})
		}
	}
	best := s.best
	if best.vector == nil {
		return Naming{}
	}
	naming := Naming{
		Profile: best.engine, Versions: best.versions, Origin: best.origin, Names: best.differ, Caps: best.caps,
		Runtime: Runtime{best.vector.crun, best.library},
	}
	if best.differ == 0 {
		naming.Also = slices.DeleteFunc(s.exact, func(name string) bool { return name == best.engine })
	} else {
		naming.Differs = n.differences(ours, best)
	}
	return naming
}

// search goes through profiles for the nearest.
type search struct {
	namer *Namer
	ours  []outcome
	of    Subject
	best  match
	exact []string
}

func (s *search) try(m match) {
	library, differ, ok := m.vector.nearest(s.namer.calls, s.ours, min(s.best.differ, MaxDiffers))
	if !ok {
		return
	}
	if differ == 0 {
		s.exact = append(s.exact, m.engine)
	}
	if m.library, m.differ = library, differ; differ < s.best.differ || differ == s.best.differ && m.preferred(s.best, s.of) {
		s.best = m
	}
}

// tryEngine tries every generation of an engine's.
func (s *search) tryEngine(engine string) {
	screen, ok := s.namer.screens[engine]
	if !ok {
		screen = screenOf(s.namer.calls, engine)
		s.namer.screens[engine] = screen
	}
	if screen.far(s.ours, min(s.best.differ, MaxDiffers)) {
		return
	}
	for i := range Defaults() {
		if Defaults()[i].Engine == engine {
			s.tryDefault(i)
		}
	}
}

// tryDefault tries one generation of an engine's, unless the engine has an exact one already.
func (s *search) tryDefault(i int) {
	d := &Defaults()[i]
	sets := append([]caps.Set{s.of.Caps}, s.of.Created...)
	for at, set := range sets {
		if slices.Contains(sets[:at], set) {
			continue
		}
		for _, v := range s.namer.defaultVectors(i, Context{set, s.namer.native, s.of.Kernel}) {
			if slices.Contains(s.exact, d.Engine) {
				return
			}
			s.try(match{engine: d.Engine, versions: d.Versions, origin: d.Origin, vector: v, caps: set})
		}
	}
}

// preferred decides between a profile and an earlier one that is as near: the container's own wins where neither is exact.
func (m match) preferred(other match, of Subject) bool {
	return m.engine == Declared && m.differ > 0 && other.engine != of.Engine
}

func (n *Namer) outcomesOf(stack seccomp.Stack) []outcome {
	key := keyOf(stack)
	ours, ok := n.outcomes[key]
	if !ok {
		ours = n.calls.outcomes(stack)
		n.outcomes[key] = ours
	}
	return ours
}

// defaultVectors is an engine's profile as runtimes make filters of it: by runc, and by crun where that differs.
func (n *Namer) defaultVectors(i int, in Context) []*vector {
	d := Defaults()[i]
	applying := make([]byte, len(d.Profile.Syscalls))
	for at := range d.Profile.Syscalls {
		if d.Profile.Syscalls[at].applies(in) {
			applying[at] = 1
		}
	}
	var both []*vector
	for _, crun := range d.runtimes() {
		key := vectorKey{i, string(applying), crun}
		v, ok := n.vectors[key]
		if !ok {
			if oci, err := d.Profile.Resolve(in); err == nil {
				v, _ = vectorOf(n.calls, oci, n.native, crun)
			}
			n.vectors[key] = v
		}
		if v != nil {
			both = append(both, v)
		}
	}
	return both
}

// runtimes is whether crun makes filters of it, whether runc: podman and CRI-O run either, docker and containerd runc.
func (d *Default) runtimes() []bool {
	if d.Engine == "podman" || d.Engine == "crio" {
		return []bool{true, false}
	}
	return []bool{false}
}

func (n *Namer) declaredVectors(oci *OCI) []*vector {
	both, ok := n.declared[oci]
	if !ok {
		for i, crun := range []bool{false, true} {
			both[i], _ = vectorOf(n.calls, oci, n.native, crun)
		}
		n.declared[oci] = both
	}
	return slices.DeleteFunc(both[:], func(v *vector) bool { return v == nil })
}

// differences is where filters and the profile differ.
func (n *Namer) differences(ours []outcome, m match) []Difference {
	filter, err := m.vector.oci.Filter(n.native, Runtime{m.vector.crun, m.library})
	if err != nil {
		return nil
	}
	var all []Difference
	for i, call := range n.calls.of {
		if d, differ := compareOne(call.arch, call.nr, ours[i].decision, filter.Decide(call.arch, call.nr)); differ {
			all = append(all, d)
		}
	}
	return all
}
