package view

import (
	"slices"
	"testing"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/inspect/filecap"
)

func TestWhatFileCapsMean(t *testing.T) {
	raw := filecap.Caps{Revision: 2, Permitted: caps.Of(caps.NetRaw), Effective: true}
	lazy := raw
	lazy.Effective = false
	foreign := raw
	foreign.Revision, foreign.RootID = 3, 123456
	without := func(p *inspect.Process) {
		p.Caps = inspect.Some(caps.Sets{Bounding: allCaps &^ caps.Of(caps.NetRaw)})
	}
	nosuid := func(p *inspect.Process) { p.ExeFile = inspect.Some(inspect.ExeFile{NoSUID: inspect.Some(true)}) }
	const refused = "executing it fails (EPERM): the file needs net_raw, which the bounding set withholds"
	for _, c := range []struct {
		name string
		file filecap.Caps
		edit func(p *inspect.Process)
		want []string
	}{
		{"granted", raw, nil, []string{"executing it grants net_raw, effective at once"}},
		{"not effective", lazy, nil, []string{"executing it grants net_raw, effective once the program raises them"}},
		{"refused", raw, without, []string{refused}},
		{"withheld from what could do without", lazy, without, []string{"executing it grants nothing"}},
		{"refused under no_new_privs too", raw, func(p *inspect.Process) { without(p); p.NoNewPrivs = inspect.Some(true) }, []string{refused}},
		{"no_new_privs", raw, func(p *inspect.Process) { p.NoNewPrivs = inspect.Some(true) },
			[]string{"do not count here: no_new_privs is set: an execve adds nothing"}},
		{"nosuid is not even refused", raw, func(p *inspect.Process) { without(p); nosuid(p) },
			[]string{"do not count here: the file's mount is nosuid"}},
		{"another's root", foreign, without,
			[]string{"do not count here: root id 123456 is not root in the process's user namespace or one around it"}},
		{"by root", raw, func(p *inspect.Process) { p.UID = inspect.Some(inspect.IDs{}) },
			[]string{"executing it grants net_raw, effective at once", "and as root all that is in its bounding or inheritable set, unless a securebit is against it"}},
		{"sets unknown", raw, func(p *inspect.Process) { p.Caps = inspect.Opt[caps.Sets]{} },
			[]string{"what an execve would grant cannot be told: the process's sets are unknown"}},
		{"mount and no_new_privs unknown", raw, func(p *inspect.Process) {
			p.ExeFile, p.NoNewPrivs = inspect.Opt[inspect.ExeFile]{}, inspect.Opt[bool]{}
		},
			[]string{"executing it grants net_raw, effective at once", "unless its mount is nosuid, which could not be read",
				"unless no_new_privs is set, which could not be read"}},
	} {
		ix := node(t)
		p := *ix.Process(900)
		p.FileCaps = inspect.Some(c.file)
		if c.edit != nil {
			c.edit(&p)
		}
		var got []string
		for _, line := range fileCapsMean(Row{Ix: ix, P: &p}, c.file) {
			got = append(got, line.Text)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
