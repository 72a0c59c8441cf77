package rules

import (
	"strings"
	"testing"

	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/inspect/filecap"
)

// What is advised against EPERM helps: each change, made, lets the file be executed.
func TestIncompleteRemediesHelp(t *testing.T) {
	u := family()
	task := in(InitialUserNS, 0, 0)
	task.Caps = fact.Some(caps.Sets{Bounding: caps.Of(caps.Chown)})
	for _, c := range []filecap.Caps{
		ep(caps.NetRaw),
		{Revision: 3, RootID: 0, Effective: true, Permitted: caps.Of(caps.NetRaw, caps.Chown)},
	} {
		f := plain(0o755, c)
		f.Path = "/opt/it's here; rm -rf"
		r := Exec(&u, &task, &f, kernel618)
		if r.Errno != EPERM || len(r.Remedies) != 3 {
			t.Fatalf("%+v", r)
		}
		aware, rest := c, c
		aware.Effective = false
		rest.Permitted &^= caps.Of(caps.NetRaw)
		if rest.Permitted == 0 {
			rest = filecap.Caps{}
		}
		for _, helped := range []filecap.Caps{aware, rest} {
			g := plain(0o755, helped)
			if r := Exec(&u, &task, &g, kernel618); r.Answer != fact.Yes {
				t.Errorf("%+v does not help: %s", helped, r.Errno)
			}
		}
		for _, remedy := range r.Remedies[:2] {
			if !strings.HasSuffix(remedy.How, ` '/opt/it'\''s here; rm -rf'`) {
				t.Errorf("not one word to a shell: %s", remedy.How)
			}
		}
	}
}
