package profile

import (
	"crypto/sha256"
	"fmt"

	"capview/inspect/seccomp"
)

// Namer names filters and remembers what it worked out: one of each host. It is not safe for concurrent use.
type Namer struct {
	native   seccomp.Arch
	calls    *calls
	outcomes map[[sha256.Size]byte][]outcome // by the filters
	vectors  map[vectorKey][]*vector
	declared map[*OCI][]*vector
	screens  map[string]*screen
	named    map[nameKey]Naming
}

type vectorKey struct {
	profile int    // among Defaults
	rules   string // which of its rules apply
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
		vectors:  map[vectorKey][]*vector{},
		declared: map[*OCI][]*vector{},
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
		put(n.named, key, naming, 4096)
	}
	return naming
}

// put remembers, but no more than some at a time: filters come and go, and what is worked out of one takes 60 kB.
func put[K comparable, V any](in map[K]V, key K, v V, most int) {
	if len(in) >= most {
		clear(in)
	}
	in[key] = v
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

// nearest names filters as one.
func (n *Namer) nearest(stack seccomp.Stack, of Subject) Naming {
	return n.nearestTo(n.outcomesOf(stack), of)
}

func (n *Namer) nearestTo(ours []outcome, of Subject) Naming {
	s := search{namer: n, ours: ours, of: of, most: MaxDiffers, best: match{differ: MaxDiffers + 1}}
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
	return s.naming()
}

// Against compares filters with an engine's default profile, of the generation, and by the runtime and libseccomp, that
// come nearest, however far that is. It is false for an engine that has none.
func (n *Namer) Against(stack seccomp.Stack, engine string, of Subject) (Naming, bool) {
	if NewestDefault(engine) == nil {
		return Naming{}, false
	}
	s := n.searchAll(stack, of)
	s.tryEngine(engine)
	return s.naming(), true
}

// AgainstProfile compares filters with a profile, by the runtime and libseccomp that come nearest.
func (n *Namer) AgainstProfile(stack seccomp.Stack, oci *OCI) Naming {
	s := n.searchAll(stack, Subject{})
	for _, v := range n.declaredVectors(oci) {
		s.try(match{engine: Declared, vector: v})
	}
	return s.naming()
}

func (n *Namer) searchAll(stack seccomp.Stack, of Subject) search {
	of.Arch = n.native
	ours := n.calls.outcomes(nil)
	if len(stack) > 0 {
		ours = n.outcomesOf(stack)
	}
	return search{namer: n, ours: ours, of: of, most: n.calls.names, best: match{differ: n.calls.names + 1}}
}

func (n *Namer) outcomesOf(stack seccomp.Stack) []outcome {
	key := keyOf(stack)
	ours, ok := n.outcomes[key]
	if !ok {
		ours = n.calls.outcomes(stack)
		put(n.outcomes, key, ours, 32)
	}
	return ours
}

// defaultVectors is an engine's profile as runtimes make filters of it.
func (n *Namer) defaultVectors(i int, in Context) []*vector {
	d := Defaults()[i]
	applying := make([]byte, len(d.Profile.Syscalls))
	for at := range d.Profile.Syscalls {
		if d.Profile.Syscalls[at].applies(in) {
			applying[at] = 1
		}
	}
	key := vectorKey{i, string(applying)}
	all, ok := n.vectors[key]
	if !ok {
		if oci, err := d.Profile.Resolve(in); err == nil {
			all = n.vectorsOf(oci, d.runtimes())
		}
		put(n.vectors, key, all, 160)
	}
	return all
}

// vectorsOf is what runtimes make of a profile: true for crun.
func (n *Namer) vectorsOf(oci *OCI, runtimes []bool) (all []*vector) {
	for _, crun := range runtimes {
		if len(all) == 1 {
			if runc := all[0].byRunc(); runc != nil {
				all = append(all, runc)
				continue
			}
		}
		if v, err := vectorOf(n.calls, oci, n.native, crun); err == nil {
			all = append(all, v)
		}
	}
	return all
}

// runtimes is whether crun makes filters of it, whether runc: podman and CRI-O run either, docker and containerd runc.
func (d *Default) runtimes() []bool {
	if d.Engine == "podman" || d.Engine == "crio" {
		return []bool{true, false}
	}
	return []bool{false}
}

func (n *Namer) declaredVectors(oci *OCI) []*vector {
	all, ok := n.declared[oci]
	if !ok {
		all = n.vectorsOf(oci, []bool{true, false})
		put(n.declared, oci, all, 64)
	}
	return all
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
