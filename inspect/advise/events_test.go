package advise

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"capview/inspect"
	"capview/inspect/caps"
)

const line = `{"ts":"2026-01-02T15:04:05.5Z","pid":100,"tid":101,"ppid":1,"comm":"nginx","uid":0,"gid":0,"syscall":"bind","cap":"cap_net_bind_service",` +
	`"verdict":"allow","audit":null,"insetid":null,"current_userns":4026531837,"target_userns":4026531837,"granting_userns":4026531837,` +
	`"caps":"00000000a80425fb","container":"web","pod":null,"stack":["cap_capable+0x1"]}`

func TestReadEvents(t *testing.T) {
	later := strings.Replace(line, "15:04:05.5", "15:04:09.5", 1)
	denied := strings.NewReplacer("allow", "deny", `"cap_net_bind_service"`, `"cap_sys_time"`, `"web"`, "null", `"audit":null`, `"audit":true`).Replace(line)
	o, err := ReadEvents(strings.NewReader(line + "\n\n" + later + "\n" + denied))
	if err != nil {
		t.Fatal(err)
	}
	if len(o.Uses) != 2 || o.Uses[0].Count != 2 || o.watched() != 4*time.Second || o.Lost != 0 {
		t.Fatalf("%+v", o)
	}
	u := o.Uses[0]
	if u.PID != 100 || u.TID != 101 || u.PPID != 1 || u.Comm != "nginx" || u.Cap != caps.NetBindService || !u.Allowed || u.Audit.Known() ||
		u.Effective != inspect.Some(docker) || u.Container != "web" || u.Syscall != "bind" || len(u.Stack) != 1 || u.Target != inspect.Some[uint64](hostNS) {
		t.Errorf("%+v", u)
	}
	if u := o.Uses[1]; u.Allowed || u.Container != "" || u.Audit != inspect.Some(true) || u.Cap != caps.SysTime {
		t.Errorf("%+v", u)
	}
}

func TestReadEventsErrors(t *testing.T) {
	swap := func(old, new string) string { return strings.Replace(line, old, new, 1) }
	for text, want := range map[string]string{
		"":                                      "it is empty",
		line + "\nnonsense":                     "line 2: it is no JSON object",
		"[]":                                    "line 1: ",
		swap(`"pid":100,`, ``):                  `it has no "pid"`,
		swap(`"verdict":"allow",`, ``):          `it has no "verdict"`,
		swap(`"pid":100`, `"pid":"x"`):          `key "pid" is a string`,
		swap(`"pid":100`, `"pid":-1`):           "below zero",
		swap(`allow`, `maybe`):                  `verdict "maybe"`,
		swap(`cap_net_bind_service`, `cap_no`):  `unknown capability "cap_no"`,
		swap(`00000000a80425fb`, `xyz`):         "line 1: ",
		`{"ts":"yesterday"}`:                    "line 1: ",
		line[:100]:                              "line 1: it is no JSON object",
		strings.Repeat(" ", maxLine+2) + "\n{}": fmt.Sprintf("line 1: longer than %d bytes", maxLine),
	} {
		o, err := ReadEvents(strings.NewReader(text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") || len(err.Error()) > 300 {
			t.Errorf("%.60q: %v, %v; want %q", text, o, err, want)
		}
	}
}

// Whatever is read, advice on it holds together, and an error is one short line.
func FuzzReadEvents(f *testing.F) {
	f.Add(line)
	f.Add(line + "\n" + strings.Replace(line, "allow", "deny", 1))
	ix := inspect.NewIndex(scene())
	web := target(ix, "docker/web")
	f.Fuzz(func(t *testing.T, text string) {
		o, err := ReadEvents(strings.NewReader(text))
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\x1b") || len(err.Error()) > 1000 {
				t.Errorf("the error %q", err)
			}
			return
		}
		a := Advise(ix, o, web)
		whole(t, &a)
	})
}
