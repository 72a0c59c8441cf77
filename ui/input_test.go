package ui

import (
	"context"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"capview/inspect"
)

func TestFilterAsYouType(t *testing.T) {
	u := newUser(t, 80, 24)
	u.keys("/")
	u.typed("user:alice")
	u.sees("redis")
	u.seesNot("sshd")
	u.typed(" re:x")
	lines := u.lines()
	prompt, below := lines[len(lines)-2], lines[len(lines)-1]
	if at := strings.Index(below, "^"); at != strings.Index(prompt, "re:x") {
		t.Errorf("the caret is at %d:\n%s\n%s", at, prompt, below)
	}
	u.sees("redis") // the filter before, with the word re, stays in force
	u.keys("enter")
	u.sees("filter user:alice re:x") // and the prompt open
	u.keys("ctrl+u")
	u.typed("user:bob")
	u.keys("enter")
	u.sees("/ user:bob  (hides 9, of 1 it cannot tell)")
	u.keys("/", "x", "esc")
	u.sees("/ user:bob  (hides")
	u.keys("esc")
	u.sees("no filter")
	u.keys("/", "up")
	u.sees("filter user:bob")
}

func TestFilterCompletes(t *testing.T) {
	u := newUser(t, 80, 24)
	u.keys("/")
	u.typed("runt")
	u.keys("tab")
	u.typed("pod")
	u.keys("tab")
	u.sees("filter runtime:podman")
}

func TestUserFilterReplacesTheOneBefore(t *testing.T) {
	u := newUser(t, 80, 24)
	u.keys("u")
	u.typed("bob")
	u.keys("enter")
	u.sees("/ user:bob")
	u.keys("u")
	u.typed("alice")
	u.keys("enter")
	u.sees("/ user:alice  (")
	u.keys("u", "enter")
	u.sees("no filter")
}

func TestEscNeverQuits(t *testing.T) {
	u := newUser(t, 80, 24)
	for range 5 {
		u.keys("esc")
	}
	if u.quit {
		t.Error("quit")
	}
	u.keys("q")
	if !u.quit {
		t.Error("q does not quit")
	}
}

func TestSplitSequences(t *testing.T) {
	u := newUser(t, 80, 24)
	u.keys("enter") // a detail that an esc would close
	u.send(tea.KeyMsg{Type: tea.KeyEsc})
	u.sees("[1 Overview]")
	u.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("[C")}) // what was left of an arrow
	u.due(escapeMsg(0))
	u.sees("[2 ")
	u.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("[200;7R")}) // of something else, its ESC long gone
	u.sees("[2 ")
	u.send(tea.KeyMsg{Type: tea.KeyEsc})
	u.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("j")}) // an esc, and a key soon after
	u.seesNot("[2 ")
	if u.m.table.Index() != 1 {
		t.Errorf("the cursor is on row %d", u.m.table.Index())
	}
}

func TestPasteRunsNoCommands(t *testing.T) {
	u := newUser(t, 80, 24)
	u.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("q"), Paste: true})
	if u.quit {
		t.Error("a pasted q quits")
	}
	u.keys("/")
	u.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("a\x1b[2Jb\n"), Paste: true})
	u.sees("filter a[2Jb ")
}

func TestExportPrompt(t *testing.T) {
	var got *inspect.Snapshot
	var path string
	u := newUser(t, 80, 24, func(o *Options) {
		o.ExportName = func(s *inspect.Snapshot) string { return s.Host.Hostname + ".json.gz" }
		o.Export = func(_ context.Context, p string, s *inspect.Snapshot, progress func(int, int)) (string, error) {
			progress(5, 10)
			got, path = s, p
			if p == "/full" {
				return "", errDenied
			}
			return "/work/" + p, nil
		}
	})
	u.keys("e")
	u.sees("export to node-7.json.gz")
	u.sees("holds everything: 10 processes")
	u.keys("enter")
	u.sees("exported to /work/node-7.json.gz")
	if path != "node-7.json.gz" || len(got.Processes) != 10 {
		t.Errorf("exported %d processes to %q", len(got.Processes), path)
	}
	u.keys("down", " ", "e", "tab", "tab")
	u.sees("holds what is tagged: 3 processes")
	u.keys("enter")
	if len(got.Processes) != 3 || !strings.Contains(got.Gaps[len(got.Gaps)-1].Why, "7 left out") {
		t.Errorf("%d processes, gaps %v", len(got.Processes), got.Gaps)
	}
	u.keys("e", "ctrl+u")
	u.typed("/full")
	u.keys("enter")
	u.sees("not exported: permission denied")
}

func TestExportShowsItsProgress(t *testing.T) {
	u := newUser(t, 80, 24, func(o *Options) {
		o.Export = func(_ context.Context, _ string, _ *inspect.Snapshot, progress func(int, int)) (string, error) {
			progress(1, 4)
			return "x", nil
		}
	})
	u.m.export = export{}
	write := u.m.startExport("x", u.m.ix.Snapshot)
	u.sees("exporting")
	u.run(write)
	u.sees("exported to x")
}

func TestSuspendOnlyWhereItCanWake(t *testing.T) {
	u := newUser(t, 80, 24)
	u.keys("ctrl+z")
	u.sees("cannot suspend here")
}

func TestIntervalPrompt(t *testing.T) {
	u := newUser(t, 80, 24)
	u.keys("i", "ctrl+u")
	u.typed("0.01")
	u.keys("enter")
	u.sees("from 0.1 on")
	u.keys("ctrl+u")
	u.typed("0.5")
	u.keys("enter")
	u.sees("live 500ms")
}
