package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"capview/inspect/seccomp"
	"capview/inspect/seccomp/profile"
	"capview/ui/view"
)

// compareFilters says in which system calls the filters differ from others.
func (a *app) compareFilters(cmd *cobra.Command, form string, s *filtered, f seccompFlags) error {
	differs, against, err := a.against(cmd, s, f)
	if err != nil {
		return err
	}
	differs = s.only(differs)
	if form == "json" {
		err = writeJSON(a.out, struct {
			filterJSON
			Against string           `json:"against"`
			Differs []differenceJSON `json:"differs"` // from that
		}{s.json(), against, differencesJSON(differs)})
	} else {
		block := view.DifferenceBlock(differs, against)
		err = view.WriteSections(a.out, []view.Section{{Key: "differs", Title: view.Clean(s.name), Blocks: []view.Block{block}}}, a.width(), a.style())
	}
	if err != nil {
		return err
	}
	switch {
	case len(differs) == 0:
		return nil
	case slices.ContainsFunc(differs, func(d profile.Difference) bool { return d.Unknown == "" }):
		return answer(exitNo)
	}
	return answer(exitUnknown)
}

// against compares with an engine's default, a file or a process, and says with what.
func (a *app) against(cmd *cobra.Command, s *filtered, f seccompFlags) ([]profile.Difference, string, error) {
	if slices.Contains(profile.Engines, f.against) {
		return s.againstEngine(f.against)
	}
	other, err := a.filtered(cmd.Context(), f.against, f.ptrace)
	if err != nil {
		return nil, "", err
	}
	return compareAll(s.decides, other.decides, s.arches), other.name, nil
}

// againstEngine takes the generation of an engine's default profile, and of the runtime that compiled it, that is nearest:
// which is in force on a node its filters alone tell.
func (s *filtered) againstEngine(engine string) (least []profile.Difference, name string, err error) {
	in := s.subject.Context
	in.Arch = s.native
	if s.pid == 0 {
		in.Caps = dockerCaps()
	}
	sets := append([]profile.Context{in}, make([]profile.Context, 0, len(s.subject.Created))...)
	for _, created := range s.subject.Created {
		at := in
		at.Caps = created
		sets = append(sets, at)
	}
	first := true
	for _, d := range profile.Defaults() {
		if d.Engine != engine {
			continue
		}
		for _, in := range sets {
			oci, err := d.Profile.Resolve(in)
			if err != nil {
				return nil, "", trouble("", "the default profile of %s: %w", engine, err)
			}
			for library := profile.Library(0); library <= profile.Newest; library++ {
				model, err := oci.Filter(s.native, profile.Runtime{Library: library, Crun: engine == "podman"})
				if err != nil {
					return nil, "", trouble("", "the default profile of %s: %w", engine, err)
				}
				if differs := compareAll(s.decides, model, s.arches); first || len(differs) < len(least) {
					least, first = differs, false
					name = fmt.Sprintf("%s's default from %s on, by libseccomp %s", engine, d.Versions, library)
				}
			}
		}
	}
	return least, name, nil
}

func compareAll(ours, theirs profile.Decider, arches []seccomp.Arch) (all []profile.Difference) {
	for _, arch := range arches {
		all = append(all, profile.Compare(ours, theirs, arch)...)
	}
	return all
}
