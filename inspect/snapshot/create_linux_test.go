package snapshot

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A disk that fills up leaves nothing behind.
func TestCreateOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skip("mounting a small disk needs CAP_SYS_ADMIN: ", err)
	}
	defer unix.Unmount(dir, unix.MNT_DETACH)
	for _, name := range []string{"it.json", "it.json.gz"} {
		path := filepath.Join(dir, name)
		_, err := Create(path, node(20_000), keep)
		if want := "cannot write " + path + ": no space left on device"; err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
		alone(t, dir)
	}
	if _, err := Create(filepath.Join(dir, "small.json"), node(1), keep); err != nil {
		t.Error(err)
	}
}

func TestCreateRefusesDevices(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip(err)
	}
	if _, err := Create("/dev/full", node(1), keep); err == nil || !strings.Contains(err.Error(), "cannot write /dev/full: it is there and not a regular file") {
		t.Errorf("%v", err)
	}
}
