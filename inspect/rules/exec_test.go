package rules

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/inspect/filecap"
)

var kernel618 = KernelOf("6.18.0", caps.Last)

// plain is a program of root's without anything special, with these capabilities.
func plain(mode uint32, c filecap.Caps) File {
	return File{Path: "/bin/x", Inode: fact.Some(Inode{Mode: mode}), Caps: fact.Some(c), NoSUID: fact.Some(false),
		NoExec: fact.Some(false), MountNS: fact.Some(uint64(50)), Superblock: fact.Some[uint64](InitialUserNS)}
}

func ep(c ...caps.Cap) filecap.Caps {
	return filecap.Caps{Revision: 2, Text: "cap_x=ep", Effective: true, Permitted: caps.Of(c...)}
}

func rulesOf(r Result) (names []string) {
	for _, s := range r.Steps {
		names = append(names, s.Rule)
	}
	return names
}

// The situations people run into. That the rules hold in all others is for the oracle (demo/oracle/execs).
func TestExec(t *testing.T) {
	u := family()
	bind := caps.Of(caps.NetBindService)
	ambient := in(InitialUserNS, 1000, bind)
	sets, _ := ambient.Caps.Get()
	sets.Inheritable, sets.Ambient = bind, bind
	ambient.Caps = fact.Some(sets)
	dropped := in(InitialUserNS, 0, 0)
	dropped.Caps = fact.Some(caps.Sets{})
	noNewPrivs := in(InitialUserNS, 1000, 0)
	noNewPrivs.NoNewPrivs = fact.Some(true)
	namespaced := ep(caps.NetBindService)
	namespaced.Revision, namespaced.RootID = 3, 100000
	nosuid := plain(0o755, ep(caps.NetBindService))
	nosuid.NoSUID = fact.Some(true)
	for _, c := range []struct {
		name string
		task Task
		file File
		want string // the error, or the effective set
		rule string
	}{
		{"uid 1000, in the bounding set only", in(InitialUserNS, 1000, 0), plain(0o755, filecap.Caps{}), "", "effective-ambient"},
		{"uid 1000, ambient", ambient, plain(0o755, filecap.Caps{}), "cap_net_bind_service", "ambient"},
		{"ambient, and a file with capabilities", ambient, plain(0o755, ep(caps.NetRaw)), "cap_net_raw", "ambient-file-caps"},
		{"an exec between loses permitted", in(InitialUserNS, 1000, bind), plain(0o755, filecap.Caps{}), "", "no-file-caps"},
		{"setcap", in(InitialUserNS, 1000, 0), plain(0o755, ep(caps.NetBindService)), "cap_net_bind_service", "file-caps"},
		{"setcap, under no_new_privs", noNewPrivs, plain(0o755, ep(caps.NetBindService)), "", "unsafe-caps"},
		{"setcap, on nosuid", in(InitialUserNS, 1000, 0), nosuid, "", "nosuid"},
		{"setcap, root after --cap-drop=all", dropped, plain(0o755, ep(caps.NetRaw)), "EPERM", "file-caps-incomplete"},
		{"root without capabilities gets them back", in(InitialUserNS, 0, 0), plain(0o755, filecap.Caps{}), caps.Full(caps.Last).Names(), "root"},
		{"set-user-ID root", in(InitialUserNS, 1000, 0), plain(0o4755, filecap.Caps{}), caps.Full(caps.Last).Names(), "set-user-id"},
		{"set-user-ID root of the host, seen from a child", in(aliceNS, 1000, 0), plain(0o4755, filecap.Caps{}), caps.Full(caps.Last).Names(), "set-id-unmapped"},
		{"for the root of another namespace", in(aliceNS, 1000, 0), plain(0o755, namespaced), caps.Full(caps.Last).Names(), "file-caps-root"},
		{"for the root of its own", in(bobNS, 100005, 0), plain(0o755, namespaced), "cap_net_bind_service", "file-caps"},
		{"not executable", in(InitialUserNS, 1000, caps.Full(caps.Last)), plain(0o644, filecap.Caps{}), "EACCES", "not-executable"},
	} {
		r := Exec(&u, &c.task, &c.file, kernel618)
		got := string(r.Errno)
		if r.After != nil {
			got = r.After.Caps.Effective.Names()
		}
		if got != c.want || !slices.Contains(rulesOf(r), c.rule) {
			t.Errorf("%s: %q by %v, want %q by %s", c.name, got, rulesOf(r), c.want, c.rule)
		}
		if r.Answer == fact.No && len(r.Remedies) == 0 {
			t.Errorf("%s: denied without a remedy", c.name)
		}
		for _, s := range r.Steps {
			if s.Source == "" || s.Because == "" || strings.Contains(s.Because, "%!") {
				t.Errorf("%s: step %+v", c.name, s)
			}
		}
	}
}

// What hangs on an unknown fact has an outcome for each state of it; what does not, one answer.
func TestExecUnknown(t *testing.T) {
	u := family()
	root := in(InitialUserNS, 0, 0)
	root.SecureBits = fact.Opt[SecureBits]{}
	f := plain(0o755, filecap.Caps{})
	r := Exec(&u, &root, &f, kernel618)
	if r.Answer != fact.Yes || r.After != nil || len(r.Outcomes) != 2 || !slices.Contains(r.Gaps, "its securebits") {
		t.Errorf("root with unknown securebits: %v, after %v, outcomes %+v, gaps %q", r.Answer, r.After, r.Outcomes, r.Gaps)
	}
	for i, want := range []caps.Set{0, caps.Full(caps.Last)} {
		if got := r.Outcomes[i]; got.After.Caps.Effective != want {
			t.Errorf("if %s: %+v", got.If, got.After)
		}
	}
	user := in(InitialUserNS, 1000, 0)
	user.SecureBits = fact.Opt[SecureBits]{}
	if r := Exec(&u, &user, &f, kernel618); r.After == nil || r.After.SecureBits.Known() || len(r.Gaps) > 0 {
		t.Errorf("a user with unknown securebits: %+v", r)
	}
	capped := plain(0o755, filecap.Caps{})
	capped.Caps = fact.Opt[filecap.Caps]{}
	if r := Exec(&u, &user, &capped, kernel618); r.Answer != fact.Unknown || len(r.Gaps) != 1 {
		t.Errorf("a file with unknown capabilities: %+v", r)
	}
	if r := Exec(&u, &Task{}, &File{Path: "/x"}, kernel618); r.Answer != fact.Unknown || len(r.Gaps) != 5 {
		t.Errorf("nothing known: %+v", r)
	}
	user.SharedFS = fact.Opt[bool]{}
	suid := plain(0o4755, filecap.Caps{})
	if r := Exec(&u, &user, &suid, kernel618); !strings.Contains(strings.Join(r.Unmodelled, ";"), "CLONE_FS") {
		t.Errorf("what is taken for granted must be said: %q", r.Unmodelled)
	}
}

// An answer that hangs on more than can be told apart says so, and ends.
func TestExecManyUnknown(t *testing.T) {
	task := in(nestedNS, 1000, 1)
	task.SecureBits, task.NoNewPrivs, task.Groups = fact.Opt[SecureBits]{}, fact.Opt[bool]{}, fact.Opt[[]uint32]{}
	f := plain(0o6711, filecap.Caps{Revision: 3, RootID: 7, Permitted: 3})
	f.NoSUID, f.NoExec, f.MountNS, f.Superblock = fact.Opt[bool]{}, fact.Opt[bool]{}, fact.Opt[uint64]{}, fact.Opt[uint64]{}
	u := NewUsers(nil, InitialUserNS, 0)
	if r := Exec(&u, &task, &f, Kernel{LastCap: caps.Last}); r.Answer != fact.Unknown || len(r.Outcomes) > 1<<mostSuppositions || len(r.Gaps) == 0 {
		t.Errorf("%v with %d outcomes and gaps %q", r.Answer, len(r.Outcomes), r.Gaps)
	}
}

// Whether ids changed was told by the real ones up to Linux 6.16.
func TestExecKernels(t *testing.T) {
	u := family()
	bind := caps.Of(caps.NetBindService)
	task := in(InitialUserNS, 1001, bind)
	task.UID = fact.Some(IDs{Real: 1000, Effective: 1001, Saved: 1001, FS: 1001})
	task.Caps = fact.Some(caps.Sets{Inheritable: bind, Permitted: bind, Effective: bind, Bounding: bind, Ambient: bind})
	f := plain(0o755, filecap.Caps{})
	for release, want := range map[string]caps.Set{"6.1.0-18-amd64": 0, "6.12.3": 0, "6.17.0-rc1": bind, "7.0": bind} {
		if r := Exec(&u, &task, &f, KernelOf(release, caps.Last)); r.After == nil || r.After.Caps.Ambient != want {
			t.Errorf("Linux %s: %+v, want ambient %s", release, r.After, want.Hex())
		}
	}
	if r := Exec(&u, &task, &f, KernelOf("custom", caps.Last)); len(r.Outcomes) != 2 {
		t.Errorf("a kernel of no version: %+v", r)
	}
}

// The keys are what programs read.
func TestResultJSON(t *testing.T) {
	u := family()
	task, f := in(InitialUserNS, 1000, 0), plain(0o755, ep(caps.NetRaw))
	b, err := json.Marshal(Exec(&u, &task, &f, kernel618))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`{"answer":"yes","errno":null,"after":{"caps":{"inheritable":"0000000000000000",`, `"uid":{"real":1000,`,
		`"securebits":0,`, `"steps":[{"rule":"file-caps","source":`, `"remedies":[]`, `"gaps":[]`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s in %s", want, b)
		}
	}
}

func BenchmarkExec(b *testing.B) {
	u := family()
	task, f := in(bobNS, 100005, 0), plain(0o755, ep(caps.NetRaw))
	for range b.N {
		Exec(&u, &task, &f, kernel618)
	}
}
