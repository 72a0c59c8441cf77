package snapshot

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var keep = CreateOptions{UID: -1, GID: -1}

func TestCreate(t *testing.T) {
	s := node(300)
	for _, name := range []string{"it.json", "it.json.gz", "IT.GZ"} {
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		o := keep
		last := 0
		o.Progress = func(done, total int) { last = done }
		written, err := Create(path, s, o)
		if err != nil || written != path || last != 300 {
			t.Fatalf("%s: %s %v, progress to %d", name, written, err, last)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if zipped := bytes.HasPrefix(text, []byte("\x1f\x8b")); zipped != strings.HasSuffix(strings.ToLower(name), ".gz") {
			t.Errorf("%s: compressed is %v", name, zipped)
		}
		info, err := os.Lstat(path)
		if err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
		back, err := Open(path)
		if err != nil || !bytes.Equal(encoded(t, back), encoded(t, s)) {
			t.Errorf("%s: comes back another (%v)", name, err)
		}
		alone(t, dir, name)
	}
}

// alone makes sure that nothing but names is in dir.
func alone(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(names, " ") {
		t.Errorf("%s holds %q, want %q", dir, got, names)
	}
}

func TestCreateRefuses(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.WriteFile(at("file"), []byte("mine"), 0o644))
	must(os.Mkdir(at("sub"), 0o755))
	must(os.Symlink("file", at("link")))
	must(os.Symlink("nowhere", at("dangling")))
	force := keep
	force.Force = true
	for _, c := range []struct {
		path  string
		o     CreateOptions
		want  string
		exist bool
	}{
		{at("file"), keep, "it exists already", true},
		{at("sub"), keep, "it is a directory", false},
		{at("sub"), force, "it is a directory", false},
		{at("sub") + "/", keep, "it names a directory", false},
		{at("link"), keep, "it is a symbolic link", false},
		{at("link"), force, "it is a symbolic link", false},
		{at("dangling"), keep, "it is a symbolic link", false},
		{at("missing/x"), keep, "missing/: no such file or directory", false},
		{at("file/x"), keep, "not a directory", false},
		{"", keep, "no file name", false},
		{os.DevNull, force, "not a regular file", false},
	} {
		written, err := Create(c.path, node(1), c.o)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.path) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %q %v, want ...%s", c.path, written, err, c.want)
		}
		if errors.Is(err, fs.ErrExist) != c.exist {
			t.Errorf("%s: that it exists is not %v", c.path, c.exist)
		}
	}
	alone(t, dir, "dangling", "file", "link", "sub")
	if text, _ := os.ReadFile(at("file")); string(text) != "mine" {
		t.Errorf("the file was written to: %q", text)
	}
	if written, err := Create(at("file"), node(1), force); err != nil || written != at("file") {
		t.Errorf("force: %v", err)
	}
	if info, err := os.Stat(at("file")); err != nil || info.Mode() != 0o600 {
		t.Errorf("force: %v %v", info, err)
	}
	alone(t, dir, "dangling", "file", "link", "sub")
}

// Something that takes the name while the snapshot is written keeps it.
func TestCreateDoesNotReplaceALatecomer(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "it.json")
	for what, take := range map[string]func() error{
		"file":      func() error { return os.WriteFile(path, []byte("late"), 0o600) },
		"link":      func() error { return os.Symlink("/etc/passwd", path) },
		"directory": func() error { return os.Mkdir(path, 0o700) },
		"dangling":  func() error { return os.Symlink("elsewhere", path) },
	} {
		taken := false
		o := keep
		o.Progress = func(int, int) {
			if !taken {
				taken = true
				if err := take(); err != nil {
					t.Error(err)
				}
			}
		}
		_, err := Create(path, node(3), o)
		if !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: %v", what, err)
		}
		alone(t, dir, "it.json")
		os.Remove(path)
	}
}

func TestCreateByLink(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, name := range []string{"a", "b"} {
		if err := root.WriteFile(name, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := link(root, "a", "b"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("%v", err)
	}
	if err := link(root, "a", "c"); err != nil {
		t.Error(err)
	}
	alone(t, dir, "b", "c")
}

func TestCreateGivesAway(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("giving a file away needs root (CAP_CHOWN)")
	}
	path := filepath.Join(t.TempDir(), "it.json")
	if _, err := Create(path, node(1), CreateOptions{UID: 1234, GID: 5678}); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("stat", "-c", "%u:%g %a", path).Output()
	if err != nil {
		t.Skip("no stat(1): ", err)
	}
	if got := strings.TrimSpace(string(out)); got != "1234:5678 600" {
		t.Error(got)
	}
}

// No one may own a file of an id that does not exist; nothing is left of it.
func TestCreateThatCannotGiveAway(t *testing.T) {
	dir := t.TempDir()
	if _, err := Create(filepath.Join(dir, "it.json"), node(1), CreateOptions{UID: -2, GID: -1}); err == nil {
		t.Skip("this system lets a file belong to uid -2")
	}
	alone(t, dir)
}
