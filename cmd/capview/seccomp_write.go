package main

import (
	"encoding/json"
	"slices"
	"strings"

	"capview/inspect/seccomp"
	"capview/inspect/seccomp/profile"
	"capview/ui/view"
)

// filterJSON is what is known of filters, for scripts.
type filterJSON struct {
	PID     *int                       `json:"pid"` // null of a file
	Filters []filterLength             `json:"filters"`
	Profile *string                    `json:"profile"` // null where nothing names them
	Differs []differenceJSON           `json:"differs"` // from the profile
	Arches  map[string]json.RawMessage `json:"arches"`
}

type filterLength struct {
	Hash   string `json:"hash"`
	Length int    `json:"length"` // instructions
}

type differenceJSON struct {
	Arch    string             `json:"arch"`
	Syscall string             `json:"syscall"`
	Ours    seccomp.Conditions `json:"ours"`
	Theirs  seccomp.Conditions `json:"theirs"`
	Unknown string             `json:"unknown,omitempty"` // why it could not be found out whether they differ
}

// naming is what the filters are called; false of a file, or where the machine's ABI is unknown.
func (s *filtered) naming() (profile.Naming, bool) {
	if s.pid == 0 || !s.known || len(s.stack) == 0 {
		return profile.Naming{}, false
	}
	return profile.NewNamer(s.native).Name(s.stack, s.subject), true
}

// policy is what is decided for an ABI; where one system call was asked about, for that alone.
func (s *filtered) policy(arch seccomp.Arch) *seccomp.Policy {
	if s.call != "" {
		p := &seccomp.Policy{Arch: arch}
		if nr, ok := s.number(arch); ok {
			p.Syscalls = []seccomp.Syscall{{Nr: nr, Name: callName(arch, nr), Decision: s.decides.Decide(arch, nr)}}
		}
		return p
	}
	if s.stack != nil {
		return s.stack.Policy(arch)
	}
	p := &seccomp.Policy{Arch: arch, Default: s.decides.Decide(arch, beyondAll)}
	for _, nr := range arch.Numbers() {
		p.Syscalls = append(p.Syscalls, seccomp.Syscall{Nr: nr, Name: arch.Name(nr), Decision: s.decides.Decide(arch, nr)})
	}
	return p
}

// beyondAll is a number that no system call has.
const beyondAll = 0x3fffffff

func callName(arch seccomp.Arch, nr uint32) string {
	if name := arch.Name(nr); name != "" {
		return name
	}
	return seccomp.Range{From: nr, To: nr}.Name(arch)
}

func (s *filtered) json() filterJSON {
	out := filterJSON{Filters: []filterLength{}, Differs: []differenceJSON{}, Arches: map[string]json.RawMessage{}}
	if s.pid != 0 {
		out.PID = &s.pid
	}
	for _, p := range s.stack {
		out.Filters = append(out.Filters, filterLength{p.Hash(), len(p)})
	}
	if n, ok := s.naming(); ok && n.Profile != "" {
		out.Profile = &n.Profile
		out.Differs = differencesJSON(s.only(n.Differs))
	}
	for _, arch := range s.arches {
		p := s.policy(arch)
		switch {
		case s.call != "":
			if len(p.Syscalls) > 0 {
				call := p.Syscalls[0]
				one := map[string]map[string]seccomp.Conditions{"syscalls": {call.Name: call.Decision.Conditions(arch, call.Nr)}}
				out.Arches[arch.String()], _ = json.Marshal(one)
			}
		case len(s.stack) == 0 && s.stack != nil: // no filter: there is no policy
		default:
			out.Arches[arch.String()], _ = json.Marshal(p)
		}
	}
	return out
}

// only is the differences in what was asked about.
func (s *filtered) only(all []profile.Difference) (some []profile.Difference) {
	for _, d := range all {
		nr, ok := s.number(d.Arch)
		if slices.Contains(s.arches, d.Arch) && (s.call == "" || ok && nr == d.Nr) {
			some = append(some, d)
		}
	}
	return some
}

func differencesJSON(all []profile.Difference) []differenceJSON {
	out := make([]differenceJSON, len(all))
	for i, d := range all {
		out[i] = differenceJSON{d.Arch.String(), d.Name, d.Ours.Conditions(d.Arch, d.Nr), d.Theirs.Conditions(d.Arch, d.Nr), d.Unknown}
	}
	return out
}

// sections is the policy for people.
func (s *filtered) sections() []view.Section {
	head := view.Block{}
	row := func(name, text string) {
		head.Rows = append(head.Rows, []view.Cell{{Text: name, Role: view.Heading}, {Text: view.Clean(text)}})
	}
	row("of", s.name)
	if n, ok := s.naming(); ok {
		row("profile", nameInWords(n))
	}
	if s.stack != nil && len(s.stack) == 0 {
		row("filters", "none: every system call reaches the kernel")
	}
	for _, note := range s.notes {
		row("note", note)
	}
	blocks := []view.Block{head}
	if len(s.stack) > 0 {
		blocks = append(blocks, view.FilterBlocks(s.stack))
	}
	sections := []view.Section{{Key: "filters", Title: "Filters", Blocks: blocks}}
	if s.stack != nil && len(s.stack) == 0 {
		return sections
	}
	for _, arch := range s.arches {
		if p := s.policy(arch); s.call != "" {
			sections = append(sections, view.Section{Key: arch.String(), Title: arch.String(), Blocks: view.DecisionBlocks(p)})
		} else {
			sections = append(sections, view.Section{Key: arch.String(), Title: arch.String(), Blocks: view.PolicyBlocks(p)})
		}
	}
	if n, ok := s.naming(); ok && n.Profile != "" {
		if differs := s.only(n.Differs); len(differs) > 0 {
			sections = append(sections, view.Section{Key: "differs", Title: "Differs", Blocks: []view.Block{view.DifferenceBlock(differs, n.Profile)}})
		}
	}
	return sections
}

// nameInWords is a name, and what is known of the profile it stands for.
func nameInWords(n profile.Naming) string {
	text := n.String()
	var more []string
	if n.Versions != "" {
		more = append(more, "the default profile from "+n.Versions+" on")
	}
	if len(n.Also) > 0 {
		more = append(more, "the same as that of "+strings.Join(n.Also, ", "))
	}
	if n.Profile == "" {
		more = append(more, "no default profile is near it")
	}
	if len(more) > 0 {
		text += " (" + strings.Join(more, "; ") + ")"
	}
	return text
}
