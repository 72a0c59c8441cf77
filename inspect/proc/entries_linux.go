package proc

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// Entries is the names in a directory of a process's root, not more than most of them, sorted, those of directories
// with a slash at their end. dir is absolute and looked up as File looks up a path: nothing leads out of the root.
// A start other than 0 must be the process's start time.
func (s *Source) Entries(ctx context.Context, pid int, start uint64, dir string, most int) ([]string, error) {
	return look(ctx, s, pid, start, func(o *opened) ([]string, error) {
		root, err := o.root()
		if err != nil {
			return nil, &RootError{err}
		}
		defer unix.Close(root)
		fd, err := openIn(root, dir)
		if err != nil {
			return nil, &os.PathError{Op: "open", Path: dir, Err: err}
		}
		defer unix.Close(fd)
		return o.entries(fd, dir, most)
	})
}

func (o *opened) entries(fd int, dir string, most int) ([]string, error) {
	at := o.reached(fd)
	list, err := unix.Open(at, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "list", Path: dir, Err: err}
	}
	f := os.NewFile(uintptr(list), at)
	defer f.Close()
	found, err := f.ReadDir(max(most, 1))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, &os.PathError{Op: "list", Path: dir, Err: err}
	}
	names := make([]string, len(found))
	for i, e := range found {
		if names[i] = e.Name(); e.IsDir() {
			names[i] += "/"
		}
	}
	slices.Sort(names)
	return names, nil
}
