package proc

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A directory is the process's own, however its path tries to lead out of the root.
func TestEntries(t *testing.T) {
	dir := hostileRoot(t)
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "deep"), 0o755), os.Symlink("/etc", filepath.Join(dir, "deep/etc"))); err != nil {
		t.Fatal(err)
	}
	pid := jail(t, dir)
	src, err := New(Options{Root: "/proc"})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	list := func(dir string, most int) ([]string, error) {
		return src.Entries(context.Background(), pid, 0, dir, most)
	}
	top, err := list("/", 100)
	if err != nil || !slices.Contains(top, "etc/") || !slices.Contains(top, "tool") || !slices.IsSorted(top) {
		t.Errorf("%v, %v", top, err)
	}
	for _, inner := range []string{"/etc/", "/deep/etc/", "/../../etc", "/deep/../../etc/"} {
		names, err := list(inner, 100)
		if err != nil || !slices.Equal(names, []string{"shadow", "up"}) {
			t.Errorf("%s: %v, %v", inner, names, err)
		}
	}
	if names, err := list("/", 2); err != nil || len(names) != 2 {
		t.Errorf("at most two: %v, %v", names, err)
	}
	for _, none := range []string{"/none/", "/tool", "/a/"} {
		if names, err := list(none, 100); err == nil || len(names) != 0 || strings.Contains(err.Error(), "/proc") {
			t.Errorf("%s: %v, %v", none, names, err)
		}
	}
	if _, err := src.Entries(context.Background(), 1<<22+1, 0, "/", 9); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no process: %v", err)
	}
}
