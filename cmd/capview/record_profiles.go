package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"capview/inspect"
	"capview/inspect/seccomp"
	"capview/inspect/seccomp/profile"
)

// givenProfiles is the profiles that record was given; nil where one was not.
type givenProfiles struct{ base, merge, against *profile.Profile }

func (a *app) readProfiles(r *recording) (*givenProfiles, error) {
	var g givenProfiles
	for _, one := range []struct {
		flag, name string
		into       **profile.Profile
	}{{"base", r.base, &g.base}, {"merge", r.merge, &g.merge}, {"against", r.against, &g.against}} {
		if one.name == "" {
			continue
		}
		p, err := a.readProfile(one.name)
		if err != nil {
			return nil, trouble("", "--%s %s: %w", one.flag, one.name, err)
		}
		*one.into = p
	}
	return &g, nil
}

// readProfile reads a file, or is an engine's default profile. A name that is no system call's fails: a runtime would pass
// over it, and one who has mistyped it would not come to know.
func (a *app) readProfile(name string) (*profile.Profile, error) {
	if slices.Contains(profile.Engines, name) {
		text, err := profile.NewestDefault(name).Profile.JSON()
		if err != nil {
			return nil, err
		}
		return profile.Parse(text)
	}
	text, err := a.readFilterFile(name)
	if err != nil {
		return nil, cause(err)
	}
	if !looksLikeJSON(text) {
		return nil, errors.New("not a seccomp profile: it is no JSON object")
	}
	p, err := profile.Parse(text)
	if err != nil {
		return nil, err
	}
	if strange := p.Strange(); len(strange) > 0 {
		return nil, fmt.Errorf("seccomp profile: %q is no system call's name", strange[0])
	}
	return p, nil
}

// machine is this machine's architecture, and what rules depend on for the first of the processes that are watched.
func (w *watched) machine() (seccomp.Arch, profile.Context) {
	native, ok := w.ix.ABI()
	if !ok {
		native = ownABI()
	}
	in := profile.Context{Caps: dockerCaps()}
	for _, p := range w.processes() {
		if of, ok := w.ix.FilterSubject(p); ok {
			in = of.Context
			break
		}
	}
	return native, in
}

// processes is those that are watched and still there.
func (w *watched) processes() (all []*inspect.Process) {
	for _, id := range w.target.Processes {
		if p := w.ix.Process(id.PID); p != nil && p.StartTime == id.StartTime {
			all = append(all, p)
		}
	}
	return all
}

// inForce is the filters that processes were found under.
type inForce struct {
	stack  seccomp.Stack
	of     *inspect.Process // whose they are, the first with any; nil: none has
	others int              // how many have other ones
	looked int              // at how many
	hidden int              // how many of these could not be told of
}

func (w *watched) inForce() (f inForce) {
	for _, p := range w.processes() {
		f.looked++
		s, ok := w.ix.Filters(&p.Creds)
		switch {
		case !ok:
			f.hidden++
		case len(s) == 0:
		case f.of == nil:
			f.stack, f.of = s, p
		case p.Seccomp != f.of.Seccomp:
			f.others++
		}
	}
	return f
}

// joined is a list in words, not too long.
func joined(list []string) string {
	const most = 20
	if len(list) > most {
		return strings.Join(list[:most], ", ") + fmt.Sprintf(" and %d more", len(list)-most)
	}
	return strings.Join(list, ", ")
}
