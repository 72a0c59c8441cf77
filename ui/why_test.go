package ui

import (
	"context"
	"errors"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"capview/inspect"
	"capview/inspect/filecap"
	"capview/inspect/rules"
)

// asking lets a program answer from its snapshot alone; the one file there is has cap_net_raw+ep.
func asking(o *Options) {
	o.Ask = func(_ context.Context, ix *inspect.Index, p *inspect.Process, a rules.Action) (rules.Result, error) {
		u, t, f := ix.Users(), ix.Task(p), ix.ActionFacts(p)
		return rules.May(&u, &t, &f, a), nil
	}
	o.Exec = func(_ context.Context, ix *inspect.Index, p *inspect.Process, path string) (rules.Result, error) {
		if path != "/usr/bin/ping" {
			return rules.Result{}, errors.New("process 1 cannot execute " + path + ": no such file")
		}
		u, t := ix.Users(), ix.Task(p)
		f := rules.File{Path: path, Inode: inspect.Some(rules.Inode{Mode: 0o755}), NoSUID: inspect.Some(false), NoExec: inspect.Some(false),
			Caps: inspect.Some(filecap.Caps{Revision: 2, Text: "cap_net_raw=ep", Effective: true, Permitted: 1 << 13})}
		return rules.Exec(&u, &t, &f, rules.KernelOf(ix.Host.Kernel, ix.Host.CapLastCap)), nil
	}
	o.Complete = func(_ context.Context, _ int, _ uint64, dir string) ([]string, error) {
		names := map[string][]string{"/": {"etc/", "usr/"}, "/usr/": {"bin/"}, "/usr/bin/": {"passwd", "ping", "evil\x1b[2J"}}[dir]
		if names == nil {
			return nil, errors.New("list " + dir + ": permission denied")
		}
		return names, nil
	}
}

var openNginx = []string{"down", "right", "down", "enter"}

func TestWhyFrames(t *testing.T) {
	for _, size := range []struct {
		name          string
		width, height int
	}{{"80x24", 80, 24}, {"140x40", 140, 40}} {
		for name, act := range map[string]func(*user){
			"why-open":  func(u *user) { u.keys("a") },
			"why-typed": func(u *user) { u.keys("A"); u.typed("cap:net_") },
			"why":       func(u *user) { u.keys("A"); u.typed("set-clock"); u.keys("enter") },
			"exec-path": func(u *user) { u.keys("x"); u.typed("usr/bin/") },
			"exec":      func(u *user) { u.keys("x"); u.typed("usr/bin/ping"); u.keys("enter") },
		} {
			t.Run(name+"-"+size.name, func(t *testing.T) {
				u := newUser(t, size.width, size.height, asking)
				u.keys(openNginx...)
				act(u)
				golden(t, name+"-"+size.name, u.m.View())
			})
		}
	}
}

// An action is picked, or typed where it takes a value; the answer is of whichever process is shown, and follows it.
func TestWhy(t *testing.T) {
	u := newUser(t, 140, 40, asking)
	u.keys(openNginx...)
	u.keys("a")
	u.typed("set-clock")
	u.keys("enter")
	u.sees("no, EPERM")
	u.sees("What would allow it")
	u.keys("a")
	u.typed("bind")
	u.keys("enter")
	u.sees("may it bind:")
	u.typed("80x")
	u.keys("enter")
	if u.m.prompt == nil || !u.m.prompt.bad {
		t.Error("what is no action was taken")
	}
	u.keys("backspace", "enter")
	u.sees("bind:80")
	u.keys("A", "up")
	u.sees("may it bind:80")
	u.keys("up")
	u.sees("may it set-clock")
	u.keys("esc")
	p := u.node.snap.Processes[5]
	if p.PID != 4211 {
		t.Fatal("the fixture is another")
	}
	u.keys("A")
	u.typed("cap:chown")
	u.keys("enter")
	u.sees("yes")
	sets, _ := p.Caps.Get()
	sets.Effective = 0
	next := *node7()
	next.Processes[5].Caps = inspect.Some(sets)
	u.node.snap = &next
	u.due(tickMsg(0))
	u.sees("no, EPERM")
}

func TestWhyOfWhatCannotBeAsked(t *testing.T) {
	u := newUser(t, 140, 40, asking)
	u.keys("down", "enter", "a")
	u.sees("this is asked of a process")
	u.keys("x")
	if u.m.chooser != nil || u.m.prompt != nil {
		t.Error("a group was asked")
	}
	without := newUser(t, 80, 24)
	without.keys(openNginx...)
	without.keys("a")
	without.sees("nothing here to answer")
	without.seesNot("Why")
}

func TestCompleteAction(t *testing.T) {
	for text, want := range map[string]string{
		"b": "b", "bi": "bind:", "cap:net_a": "cap:net_admin", "cap:net_admin@h": "cap:net_admin@host", "un": "unshare-user", "zz": "zz", "": "",
		"cap:sys_time@zz": "cap:sys_time@zz",
	} {
		if got := completeAction(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// A path is completed from the directories of the process's root; what they hold cannot touch the terminal.
func TestExecTab(t *testing.T) {
	u := newUser(t, 140, 40, asking)
	u.keys(openNginx...)
	u.keys("x")
	u.sees("etc/  usr/")
	u.keys("u", "tab", "b", "tab", "p")
	u.sees("passwd  ping")
	u.seesNot("evil")
	u.typed("i")
	u.keys("tab")
	u.sees("/usr/bin/ping")
	u.keys("enter")
	u.sees("exec /usr/bin/ping")
	u.sees("After")
	u.keys("x", "ctrl+u")
	u.typed("relative")
	u.keys("enter")
	u.sees("a path begins with /")
	u.keys("ctrl+u")
	u.typed("/root/")
	u.sees("permission denied")
	u.typed("x")
	u.keys("enter")
	u.sees("none: process 1 cannot execute /root/x: no such")
}

// A directory that comes late is not taken for another one's, and the path typed meanwhile is read after it.
func TestExecListingComesLate(t *testing.T) {
	u := newUser(t, 140, 40, asking)
	u.keys(openNginx...)
	_, first := u.m.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("x")})
	for _, r := range "usr/" {
		if _, cmd := u.m.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}}); cmd != nil {
			t.Fatal("a second directory is read beside the first")
		}
	}
	u.run(first)
	u.sees("bin/")
	if l := u.m.questions.listing; l.dir != "/usr/" || strings.Join(l.names, " ") != "bin/" {
		t.Errorf("%+v", l)
	}
}
