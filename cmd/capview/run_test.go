package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"capview/inspect"
	"capview/ui/theme"
)

// failing is an output that takes nothing.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestOutputThatFails(t *testing.T) {
	for _, c := range []struct {
		name   string
		err    error
		status int
		stderr string
	}{
		{"a full disk", syscall.ENOSPC, exitTrouble, "capview: cannot write the output: no space left on device\n"},
		{"a path error", &os.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.EIO}, exitTrouble, "capview: cannot write the output: input/output error\n"},
		{"a pipe nobody reads", &os.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE}, exitYes, ""},
		{"a closed pipe", io.ErrClosedPipe, exitYes, ""},
	} {
		for _, args := range [][]string{{"version"}, {"help", "columns"}, {"decode", "--explain", "all"}} {
			var stderr bytes.Buffer
			status := run(t.Context(), args, nil, strings.NewReader(""), failing{c.err}, &stderr)
			if status != c.status || stderr.String() != c.stderr {
				t.Errorf("%s, %v: %d %q", c.name, args, status, stderr.String())
			}
		}
	}
}

// Every command's every mistake is one line, and its hint below; nothing is printed.
func TestMistakes(t *testing.T) {
	dir := t.TempDir()
	if err := writeFixtures(dir); err != nil {
		t.Fatal(err)
	}
	node := filepath.Join(dir, "node.json")
	for _, args := range [][]string{
		{"list", "--group", "nope"}, {"list", "x"}, {"list", "--containers", "--threads"}, {"list", "--columns", "nope"},
		{"--from", node, "list", "--sort", "nope"}, {"--from", node, "list", "-F", "a:b"}, {"--from", node, "show"}, {"show", "1", "2"},
		{"--from", node, "show", "evil\x1b[31m"}, {"diff", "--from", node, node}, {"diff", "a", "b", "c"}, {"export", "-F", "x"},
		{"decode", "zz\x1b]0;x\a"}, {"decode", "-o", "csv", "1"}, {"doctor", "-c", "x"}, {"man", "nope"}, {"man", "--dir", node},
		{"version", "-o", "csv"}, {"--engine", "ebpf"}, {"--color", "blue"}, {"--interval", "soon"}, {"--nope"}, {"nope"},
		{"--from", node, "export", "--output", "json"}, {"--from", node, "trace"}, {"trace", "--for=-1s"}, {"trace", "--totals", "--stack"}, {"trace", "-o", "csv"}, {"trace", "--pid", "x"},
		{"record"}, {"record", "1", "--for=-1s"}, {"record", "1", "-o", "csv"}, {"record", "1", "--wait", "x"}, {"record", "1", "--base", node},
		{"trace", "--for", "soon"}, {"completion", "tcsh"}, {"completion"}, {"help", "nope"},
	} {
		var stdout, stderr bytes.Buffer
		status := run(t.Context(), args, nil, strings.NewReader(""), &stdout, &stderr)
		lines := strings.Split(strings.TrimSuffix(stderr.String(), "\n"), "\n")
		if status != exitTrouble || stdout.Len() > 0 || len(lines) > 3 || !strings.HasPrefix(lines[0], "capview: ") {
			t.Errorf("%q: %d %q %q", args, status, stdout.String(), stderr.String())
			continue
		}
		if first := lines[0][len("capview: "):]; first != strings.ToLower(first[:1])+first[1:] || strings.ContainsRune(stderr.String(), 0x1b) {
			t.Errorf("%q: %q", args, stderr.String())
		}
		for _, hint := range lines[1:] {
			if !strings.HasPrefix(hint, "  ") {
				t.Errorf("%q: hint %q", args, hint)
			}
		}
	}
}

func TestInterrupted(t *testing.T) {
	dir := t.TempDir()
	if err := writeFixtures(dir); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stderr bytes.Buffer
	status := run(ctx, []string{"--from", filepath.Join(dir, "node.json"), "list"}, nil, strings.NewReader(""), io.Discard, &stderr)
	if status != exitTrouble || stderr.String() != "capview: interrupted\n" {
		t.Errorf("%d %q", status, stderr.String())
	}
}

func TestProfile(t *testing.T) {
	for _, c := range []struct {
		color string
		env   map[string]string
		want  theme.Profile
	}{
		{"auto", map[string]string{"TERM": "xterm"}, theme.NoAttributes}, // not a terminal
		{"always", map[string]string{"NO_COLOR": "1"}, theme.Colours},
		{"never", nil, theme.NoColour},
	} {
		a := &app{env: c.env, stdout: io.Discard}
		a.flags.color = choice(c.color)
		if got := a.profile(); got != c.want {
			t.Errorf("--color %s, %v: %v, want %v", c.color, c.env, got, c.want)
		}
	}
}

func TestASCII(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want bool
	}{
		{map[string]string{"LANG": "en_US.UTF-8"}, false},
		{map[string]string{"LANG": "C.utf8"}, false},
		{map[string]string{"LANG": "en_US.UTF-8", "LC_ALL": "C"}, true},
		{map[string]string{"LANG": "de_DE.ISO-8859-1", "LC_CTYPE": "C.UTF-8"}, false},
		{map[string]string{"LANG": "en_US.UTF-8", "TERM": "linux"}, true},
		{map[string]string{"LANG": "", "LC_ALL": ""}, true},
	} {
		if got := (&app{env: c.env}).ascii(); got != c.want {
			t.Errorf("%v: %v", c.env, got)
		}
	}
}

func TestExportName(t *testing.T) {
	for host, want := range map[string]string{
		"node-7.example":         "node-7.example-20260102T150405Z.json.gz",
		"":                       "node-20260102T150405Z.json.gz",
		"../../etc/x":            "_.._etc_x-20260102T150405Z.json.gz",
		"-rf":                    "rf-20260102T150405Z.json.gz",
		"a\x1b[31m b":            "a__31m_b-20260102T150405Z.json.gz",
		strings.Repeat("h", 300): strings.Repeat("h", 64) + "-20260102T150405Z.json.gz",
	} {
		s := fixture()
		s.Host.Hostname = host
		if got := exportName(s); got != want {
			t.Errorf("%q: %q, want %q", host, got, want)
		}
	}
}

func TestSudoUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	for _, c := range []struct {
		uid, gid         string
		wantUID, wantGID int
	}{
		{"1000", "1001", 1000, 1001}, {"", "", -1, -1}, {"1000", "", -1, -1}, {"-5", "0", -1, -1}, {"4294967295", "0", -1, -1}, {"x", "1", -1, -1},
	} {
		a := &app{env: map[string]string{"SUDO_UID": c.uid, "SUDO_GID": c.gid}}
		if uid, gid := a.sudoUser(); uid != c.wantUID || gid != c.wantGID {
			t.Errorf("%q %q: %d %d", c.uid, c.gid, uid, gid)
		}
	}
}

func TestFindContainers(t *testing.T) {
	ix := inspect.NewIndex(twins())
	for name, want := range map[string]int{
		"web": 2, "docker:" + webID: 1, webID: 1, webID[:12]: 1, "4f5c": 1, "4f5": 0, "we": 2, "host": 1, "nope": 0, "": 0,
	} {
		if got := findContainers(ix, name); len(got) != want {
			t.Errorf("%q: %d containers, want %d", name, len(got), want)
		}
	}
}

func TestFailureKeepsItsCause(t *testing.T) {
	err := trouble("", "cannot: %w", syscall.EACCES)
	if !errors.Is(err, os.ErrPermission) {
		t.Error("the cause is lost")
	}
}

func TestEnviron(t *testing.T) {
	got := environ([]string{"A=1", "A=2", "B=x=y", "C", "=C:=c"})
	if got["A"] != "1" || got["B"] != "x=y" || got["C"] != "" {
		t.Errorf("%v", got)
	}
}
