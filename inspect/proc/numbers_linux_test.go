package proc

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

func TestReadDirNumbers(t *testing.T) {
	dir := t.TempDir()
	var want []int
	for i := range 500 {
		name := strconv.Itoa(i * 7)
		if want = append(want, i*7); i%3 == 0 {
			want, name = want[:len(want)-1], "x"+name
		}
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"-1", "+2", "3x", "12345678901"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := readDirNumbers(unix.AT_FDCWD, dir, make([]byte, 1024), nil)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// What no kernel writes is no reason to fall.
func FuzzAppendNumbers(f *testing.F) {
	one := make([]byte, 24)
	one[direntLength] = 24
	copy(one[direntName:], "42")
	f.Add(one)
	f.Add(append(one, one[:20]...))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, n := range appendNumbers(nil, b) {
			if n < 0 || n > 1<<31-1 {
				t.Errorf("%d", n)
			}
		}
	})
}
