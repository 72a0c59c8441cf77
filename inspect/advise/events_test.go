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
	`"caps":"00000000a80425fb","container":"web","pod":null,"cgroup":7,"credentials":"own","probe":false,"stack":{"kernel":[{"address":"0x0","symbol":"cap_capable","offset":131,"object":null}],"user":[]}}`

const totals = `{"totals":[{"checks":5,"cap":"cap_net_bind_service","verdict":"allow","syscall":"bind","comm":"nginx","container":"web","pod":null,` +
	`"target_userns":4026531837,"credentials":"own","probe":false},{"checks":1,"cap":"cap_kill","verdict":"deny","syscall":null,"comm":"x","container":null}],` +
	`"checks":6,"hidden":3,"lost":{"events":0,"checks":2,"children":1,"unique":0,"unattributed":0},"rung":"tracepoint",` +
	`"watched":{"since":"2026-01-02T15:00:00Z","until":"2026-01-02T16:00:00Z","targets":["web"],"denied":true}}`

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
		u.Effective != inspect.Some(docker) || u.Container != "web" || u.Syscall != "bind" || len(u.Stack) != 1 || u.Target != inspect.Some[uint64](hostNS) ||
		u.Stack[0] != "cap_capable+0x83" || u.Overridden != inspect.Some(false) || u.Probe != inspect.Some(false) {
		t.Errorf("%+v", u)
	}
	if u := o.Uses[1]; u.Allowed || u.Container != "" || u.Audit != inspect.Some(true) || u.Cap != caps.SysTime {
		t.Errorf("%+v", u)
	}
}

// The last line: what it has beyond the single checks counts, and how it was watched.
func TestReadTotals(t *testing.T) {
	o, err := ReadEvents(strings.NewReader(line + "\n" + line + "\n" + totals))
	if err != nil {
		t.Fatal(err)
	}
	if o.watched() != time.Hour || o.Everywhere || len(o.Targets) != 1 || o.Only != "denials" || o.Lost != 3 || len(o.Uses) != 3 {
		t.Fatalf("%+v", o)
	}
	if u := o.Uses[1]; u.Count != 3 || u.PID != 0 || u.Container != "web" || u.Effective.Known() || !u.Allowed || u.Comm != "nginx" {
		t.Errorf("beyond the single checks: %+v", u)
	}
	// Where the totals have as many, there is nothing more in them, though a single check did not know its container.
	o2, err := ReadEvents(strings.NewReader(strings.Replace(line, `"container":"web"`, `"container":null`, 1) + "\n" +
		strings.NewReplacer(`"checks":5`, `"checks":1`, `,{"checks":1,"cap":"cap_kill","verdict":"deny","syscall":null,"comm":"x","container":null}`, "").Replace(totals)))
	if err != nil || len(o2.Uses) != 1 {
		t.Errorf("%+v, %v", o2, err)
	}
	if u := o.Uses[2]; u.Count != 1 || u.Cap != caps.Kill || u.Allowed || u.Container != "" {
		t.Errorf("of no container: %+v", u)
	}
	// Totals alone are enough to keep what was exercised.
	o, err = ReadEvents(strings.NewReader(strings.NewReplacer(`"denied":true`, `"denied":false`, `"checks":2,"children":1`, `"checks":0,"children":0`).Replace(totals)))
	if err != nil {
		t.Fatal(err)
	}
	a := adviseWeb(t, o)
	if a.Group.Keep != caps.Of(caps.NetBindService) || !a.Credentials[len(a.Credentials)-1].Gone {
		t.Errorf("keep %s", a.Group.Keep.Names())
	}
}

func TestReadEventsErrors(t *testing.T) {
	swap := func(old, new string) string { return strings.Replace(line, old, new, 1) }
	for text, want := range map[string]string{
		"":                                     "it is empty",
		line + "\nnonsense":                    "line 2: it is not what a trace writes: invalid",
		"[]":                                   "line 1: it is no JSON object",
		swap(`"pid":100,`, ``):                 `it has no "pid"`,
		swap(`"verdict":"allow",`, ``):         `it has no "verdict"`,
		swap(`"pid":100`, `"pid":"x"`):         `key "pid" cannot be a string`,
		swap(`"pid":100`, `"pid":-1`):          "below zero",
		swap(`allow`, `maybe`):                 `verdict "maybe"`,
		swap(`cap_net_bind_service`, `cap_no`): `unknown capability "cap_no"`,
		swap(`00000000a80425fb`, `xyz`):        "line 1: ",
		swap(`"own"`, `"whose"`):               `credentials "whose"`,
		totals + "\n" + line:                   "line 2: there is more after the totals",
		`{"totals":[{}]}`:                      `row 1 of the totals: it has no "cap"`,
		`{"totals":1}`:                         `key "totals" cannot be a number`,
		strings.Replace(totals, "16:00", "14:00", 1): "the trace ended before it began",
		`{"ts":"yesterday"}`:                         "line 1: ",
		line[:100]:                                   "line 1: it is not what a trace writes: unexpected end",
		strings.Repeat(" ", maxLine+2) + "\n{}":      fmt.Sprintf("line 1: longer than %d bytes", maxLine),
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
	f.Add(line + "\n" + totals)
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
