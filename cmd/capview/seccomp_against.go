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
	switch {
	case other.oci != nil && len(s.stack) > 0:
		return profile.NewNamer(s.native).AgainstProfile(s.stack, other.oci).Differs, other.name, nil
	case s.oci != nil && len(other.stack) > 0:
		return swapped(profile.NewNamer(other.native).AgainstProfile(other.stack, s.oci).Differs), other.name, nil
	}
	return compareAll(s.decides, other.decides, s.arches), other.name, nil
}

// againstEngine takes the generation of an engine's default profile that is nearest: which was in force on a node its
// filters alone tell. A profile is compared with the newest.
func (s *filtered) againstEngine(engine string) ([]profile.Difference, string, error) {
	of := s.subject
	of.Arch = s.native
	if s.pid == 0 {
		of.Caps = dockerCaps()
	}
	if len(s.stack) > 0 {
		n, _ := profile.NewNamer(s.native).Against(s.stack, engine, of)
		return n.Differs, fmt.Sprintf("%s's default profile, from %s on", engine, n.Versions), nil
	}
	newest := profile.NewestDefault(engine)
	oci, err := newest.Profile.Resolve(of.Context)
	if err != nil {
		return nil, "", trouble("", "the default profile of %s: %w", engine, err)
	}
	model, err := oci.Filter(s.native, profile.Runtime{Library: profile.Newest})
	if err != nil {
		return nil, "", trouble("", "the default profile of %s: %w", engine, err)
	}
	return compareAll(s.decides, model, s.arches), fmt.Sprintf("%s's default profile, from %s on", engine, newest.Versions), nil
}

func compareAll(ours, theirs profile.Decider, arches []seccomp.Arch) (all []profile.Difference) {
	for _, arch := range arches {
		all = append(all, profile.Compare(ours, theirs, arch)...)
	}
	return all
}

// swapped is the differences from the other side.
func swapped(all []profile.Difference) []profile.Difference {
	for i := range all {
		d := &all[i]
		d.Ours, d.Theirs, d.OurAnswer, d.TheirAnswer = d.Theirs, d.Ours, d.TheirAnswer, d.OurAnswer
	}
	return all
}
