package rules

import (
	"errors"
	"strings"
	"testing"

	"capview/inspect/seccomp"

	"capview/inspect/caps"
)

func TestParseAction(t *testing.T) {
	for text, want := range map[string]Action{
		"bind:80":           {Verb: Bind, Port: 80},
		"bind:53/udp":       {Verb: Bind, Port: 53, UDP: true},
		"bind:65535":        {Verb: Bind, Port: 65535},
		"cap:sys_time@host": {Verb: HasCap, Cap: caps.SysTime, Over: PlaceHost},
		"cap:net_admin":     {Verb: HasCap, Cap: caps.NetAdmin},
		"cap:kill@42":       {Verb: HasCap, Cap: caps.Kill, Over: PlaceOf(42)},
		"raw-socket":        {Verb: RawSocket},
		"nice:-20":          {Verb: Nice, Nice: -20},
		"setuid:0":          {Verb: SetUID},
		"setgid:4294967294": {Verb: SetGID, ID: 4294967294},
		"ptrace:1":          {Verb: Ptrace, PID: 1},
		"chown:/a:b c":      {Verb: Chown, Path: "/a:b c"},
		"read:/":            {Verb: Read, Path: "/"},
		"unshare-user":      {Verb: UnshareUser},
	} {
		a, err := ParseAction(text)
		if err != nil || a != want {
			t.Errorf("%q: %+v, %v, want %+v", text, a, err, want)
		}
		if a.String() != text {
			t.Errorf("%q is written %q", text, a)
		}
	}
	for text, same := range map[string]string{"bind:80/tcp": "bind:80", "cap:CAP_KILL@self": "cap:kill@self"} {
		if a, err := ParseAction(text); err != nil || a.String() != same {
			t.Errorf("%q is %q, %v, want %q", text, a, err, same)
		}
	}
}

func TestParseActionRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                                       `no action ""`,
		"bnid:80":                                "bind:PORT[/udp] is the nearest",
		"mont":                                   "mount is the nearest",
		"set-clok":                               "set-clock is the nearest",
		"bind":                                   "what it acts on is missing",
		"bind:":                                  "what it acts on is missing",
		"bind:65536":                             "want a number from 0 to 65535",
		"bind:+80":                               "not a number",
		"bind:80/sctp":                           "the protocol is tcp or udp",
		"mount:/":                                "it takes nothing after a colon",
		"nice:20":                                "want a number from -20 to 19",
		"setuid:4294967295":                      "want a number from 0 to 4294967294",
		"kill:0":                                 "want a number from 1 to 2147483647",
		"kill:-1":                                "want a number from 1",
		"cap:flying":                             "flying",
		"cap:kill@moon":                          "over whom?",
		"cap:kill@0":                             "over whom?",
		"cap:kill@007":                           "over whom?",
		"cap:kill@4294967296":                    "over whom?",
		"cap:kill@":                              "over whom?",
		"read:etc/passwd":                        "the path must be absolute",
		"read:/\x00":                             "no NUL",
		"chown:/" + strings.Repeat("a", maxPath): "too long",
	} {
		_, err := ParseAction(text)
		var bad *ActionError
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q in it", text, err, want)
			continue
		}
		if hint := bad.Hint(); !strings.Contains(hint, "bind:PORT[/udp]") || !strings.Contains(hint, "unshare-user") {
			t.Errorf("%.40q: the hint %q does not list every action", text, hint)
		}
		if len(err.Error()) > 300 {
			t.Errorf("%.40q: an error of %d bytes", text, len(err.Error()))
		}
	}
}

// Every form that is offered is an action that is decided, in ways whose system calls there are.
func TestActionForms(t *testing.T) {
	for _, f := range ActionForms {
		verb, _, _ := strings.Cut(f.Form, ":")
		if verb != string(f.Verb) || f.Does == "" || deciders[f.Verb] == nil {
			t.Errorf("%+v", f)
		}
		how := ways(Action{Verb: f.Verb})
		if len(how) == 0 && f.Verb != HasCap && f.Verb != Syscall {
			t.Errorf("%s has no system call", f.Verb)
		}
		for _, way := range how {
			for _, c := range way {
				if _, ok := seccomp.X86_64.Number(c.name); !ok {
					t.Errorf("%s: no system call %q", f.Verb, c.name)
				}
			}
		}
	}
	if len(deciders) != len(ActionForms) {
		t.Errorf("%d actions are decided, %d offered", len(deciders), len(ActionForms))
	}
}

// What parses is written so that it parses to the same.
func FuzzParseAction(f *testing.F) {
	for _, form := range ActionForms {
		f.Add(form.Form)
	}
	f.Add("bind:53/udp")
	f.Add("cap:sys_time@host")
	f.Add("syscall:i386/openat,_,0x1f")
	f.Add("syscall:435")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAction(text)
		if err != nil {
			var bad *ActionError
			if !errors.As(err, &bad) || bad.Near == "" {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		again, err := ParseAction(a.String())
		if err != nil || again != a {
			t.Fatalf("%q: %+v, written %q: %+v, %v", text, a, a, again, err)
		}
		r := May(&Users{}, &Task{}, &Facts{}, a)
		if r.Answer.String() != "unknown" && a.Verb != Bind {
			t.Fatalf("%q: %s of a task nothing is known of: %+v", text, r.Answer, r)
		}
	})
}
