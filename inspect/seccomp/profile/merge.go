package profile

import (
	"slices"

	"capview/inspect/seccomp"
)

// Merge adds to p what a recorded profile allows and p does not, and says what was added. What p has a rule against, or
// conditions for, stays as it is, with a note: it was meant.
func (p *Profile) Merge(r *Recorded, o RecordOptions) (added []string, notes []Note, err error) {
	oci, err := p.Resolve(o.In)
	if err != nil {
		return nil, nil, err
	}
	model, err := oci.Filter(o.Native, Runtime{Library: Newest})
	if err != nil {
		return nil, nil, err
	}
	ruled := map[string]bool{}
	for _, rule := range oci.Syscalls {
		for _, name := range rule.Names {
			ruled[name] = true
		}
	}
	var seen []string
	for _, rule := range r.Profile.Syscalls {
		for _, name := range rule.Names {
			if slices.Contains(seen, name) {
				continue
			}
			seen = append(seen, name)
			switch may := model.permission(name); {
			case !ruled[name] && may != Permitted:
				added = append(added, name)
			case may == Conditionally:
				notes = append(notes, Note{o.Native, name, "it was called; the profile has conditions on its arguments, which stay"})
			case may == Refused:
				notes = append(notes, Note{o.Native, name, "it was called; the profile has a rule against it, which stays"})
			}
		}
	}
	slices.Sort(added)
	p.allow(added, "")
	p.addArches(model, r.Profile.Architectures, o.Native)
	return added, notes, nil
}

// permission is the least that a filter has for a name on the architectures that it handles; Refused for one that none has.
func (f *Filter) permission(name string) Permission {
	least, found := Permitted, false
	for arch := range seccomp.Arches {
		if k, ok := known[arch]()[name]; ok && f.Handles(arch) {
			least, found = min(least, PermissionOf(f.Decide(arch, k.nr))), true
		}
	}
	if !found {
		return Refused
	}
	return least
}

// addArches has p handle architectures that it does not.
func (p *Profile) addArches(model *Filter, words []string, native seccomp.Arch) {
	for _, word := range words {
		if model.Handles(archWords[word]) {
			continue
		}
		at := slices.IndexFunc(p.ArchMap, func(m ArchMap) bool { return m.Architecture == archWord(native) })
		switch {
		case at >= 0:
			p.ArchMap[at].SubArchitectures = append(p.ArchMap[at].SubArchitectures, word)
		case len(p.ArchMap) > 0:
			p.ArchMap = append(p.ArchMap, ArchMap{archWord(native), []string{word}})
		default:
			p.Architectures = append(p.Architectures, word)
		}
	}
}
