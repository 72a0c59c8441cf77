package profile

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"capview/inspect/seccomp"
)

// RecordOptions says how a profile is made of what was recorded.
type RecordOptions struct {
	Native seccomp.Arch
	// Base, if any, is a profile that what is recorded must keep to, and In is what its rules depend on.
	Base *Profile
	In   Context
	// Exact leaves StartCalls out.
	Exact bool
}

// Recorded is a profile of what was recorded, and where it is not that.
type Recorded struct {
	Profile *Profile
	Notes   []Note
	// Start is the names of StartCalls that were not recorded and are allowed all the same.
	Start []string
}

// FromUse makes a profile that allows what was called and has everything else fail with EPERM. A rule is for all of a
// profile's architectures: a name that was called on one is allowed on each (a note says so). With a base, as of the
// hook that records containers (oci-seccomp-bpf-hook, "if:"): what it refuses stays refused though it was called, and what
// it allows for some arguments keeps the base's conditions.
func FromUse(use *Use, o RecordOptions) (*Recorded, error) {
	r := recording{use: use, RecordOptions: o, by: map[string]Permission{}}
	if err := r.readBase(); err != nil {
		return nil, err
	}
	called := r.called()
	r.arches = []seccomp.Arch{o.Native}
	for _, arch := range slices.Sorted(maps.Keys(called)) {
		if arch != o.Native && len(called[arch]) > 0 {
			r.arches = append(r.arches, arch)
		}
	}
	var all []string
	for _, arch := range r.arches {
		all = append(all, called[arch]...)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	out := &Recorded{Profile: r.write(all)}
	if !o.Exact {
		out.Start = r.start(all)
		out.Profile.allow(out.Start, "what runtimes call before the program begins, and what any program may need")
	}
	r.widened()
	out.Notes = r.notes
	return out, nil
}

// recording is a profile in the making.
type recording struct {
	RecordOptions
	use    *Use
	base   *Filter // nil: none
	rules  *OCI    // the base's
	arches []seccomp.Arch
	by     map[string]Permission // of each name
	notes  []Note
}

func (r *recording) note(arch seccomp.Arch, name, why string) {
	r.notes = append(r.notes, Note{arch, name, why})
}

func (r *recording) readBase() (err error) {
	if r.Base == nil {
		return nil
	}
	if r.rules, err = r.Base.Resolve(r.In); err != nil {
		return err
	}
	r.base, err = r.rules.Filter(r.Native, Runtime{Library: Newest})
	return err
}

// called is the names of what was called, by the ABIs that the base takes.
func (r *recording) called() map[seccomp.Arch][]string {
	all := map[seccomp.Arch][]string{}
	for _, arch := range slices.Sorted(maps.Keys(r.use.Calls)) {
		if r.base != nil && !r.base.Handles(arch) {
			if len(r.use.Calls[arch]) > 0 {
				r.note(arch, "", "the base leaves this architecture out: its system calls were made, and stay refused")
			}
			continue
		}
		byNumber := names(arch)
		for _, nr := range r.use.Calls[arch] {
			if name := byNumber[nr]; name != "" {
				all[arch] = append(all[arch], name)
			} else {
				r.note(arch, fmt.Sprint(nr&^x32Bit), "it has no name that profiles know, and is left out")
			}
		}
	}
	return all
}

const x32Bit = 0x40000000

// permission is the least that the base has for a name on the profile's architectures.
func (r *recording) permission(name string) Permission {
	least := Permitted
	if r.base == nil {
		return least
	}
	for _, arch := range r.arches {
		if k, ok := known[arch]()[name]; ok {
			least = min(least, PermissionOf(r.base.Decide(arch, k.nr)))
		}
	}
	if least == Conditionally && permissive(action(r.rules.DefaultAction, r.rules.DefaultErrnoRet)) {
		return Refused // conditions that refuse cannot be kept where everything else is refused
	}
	return least
}

// write makes the profile of the names that were called.
func (r *recording) write(all []string) *Profile {
	number := uint32(eperm)
	p := &Profile{DefaultAction: "SCMP_ACT_ERRNO", DefaultErrnoRet: &number, Syscalls: []EngineRule{}}
	for _, arch := range r.arches {
		p.Architectures = append(p.Architectures, archWord(arch))
	}
	var allowed []string
	for _, name := range all {
		switch r.by[name] = r.permission(name); r.by[name] {
		case Permitted:
			allowed = append(allowed, name)
		case Conditionally:
			r.note(r.Native, name, "it was called, and keeps the base's conditions on its arguments")
		case Refused:
			r.note(r.Native, name, "it was called, and the base refuses it: it stays refused")
		}
	}
	p.allow(allowed, "")
	if r.base != nil {
		p.Syscalls = append(p.Syscalls, r.conditional()...)
	}
	return p
}

// allow adds a rule.
func (p *Profile) allow(names []string, comment string) {
	if len(names) > 0 {
		p.Syscalls = append(p.Syscalls, EngineRule{Names: names, Action: "SCMP_ACT_ALLOW", Comment: comment})
	}
}

// conditional is the base's rules for the names that it has conditions for.
func (r *recording) conditional() (all []EngineRule) {
	for _, rule := range r.rules.Syscalls {
		var names []string
		for _, name := range rule.Names {
			if may, called := r.by[name]; called && may == Conditionally {
				names = append(names, name)
			}
		}
		if len(names) > 0 {
			all = append(all, EngineRule{Names: names, Action: rule.Action, ErrnoRet: rule.ErrnoRet, Args: rule.Args})
		}
	}
	return all
}

// start is the names of StartCalls that the native architecture has, the base allows, and were not called.
func (r *recording) start(called []string) (names []string) {
	for _, name := range StartCalls {
		if _, ok := known[r.Native]()[name]; ok && !slices.Contains(called, name) && r.permission(name) == Permitted {
			names = append(names, name)
		}
	}
	return names
}

// widened notes what is allowed on one ABI because it was called on another.
func (r *recording) widened() {
	for _, arch := range r.arches {
		var wide []string
		for _, name := range slices.Sorted(maps.Keys(r.by)) {
			if k, ok := known[arch]()[name]; ok && r.by[name] != Refused && !r.use.uses(arch, k.nr) {
				wide = append(wide, name)
			}
		}
		if len(wide) > 0 {
			r.note(arch, "", "allowed, and called on another architecture alone, as a rule is for all: "+strings.Join(wide, ", "))
		}
	}
}

// JSON is the profile as a file: stable, an indent a level as the engines' own.
func (p *Profile) JSON() ([]byte, error) {
	text, err := json.MarshalIndent(p, "", "\t")
	if err != nil {
		return nil, err
	}
	return append(text, '\n'), nil
}
