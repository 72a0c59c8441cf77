package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"capview/inspect"
)

// File is a recorded snapshot as a Source: each call reads it anew.
type File struct{ Path string }

// Snapshot reads the file; its errors are Read's, and ctx's if it ends meanwhile.
func (f File) Snapshot(ctx context.Context) (*inspect.Snapshot, error) { return open(ctx, f.Path) }

// Open reads the snapshot in the file path; its errors are Read's.
func Open(path string) (*inspect.Snapshot, error) { return open(context.Background(), path) }

func open(ctx context.Context, path string) (*inspect.Snapshot, error) {
	file, err := os.Open(path)
	if err != nil {
		var pe *fs.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return nil, fmt.Errorf("snapshot %s: %w", path, err)
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("snapshot %s: it is a directory", path)
	}
	return Read(whileAlive{ctx, file}, path)
}

// whileAlive reads until ctx ends.
type whileAlive struct {
	ctx context.Context
	in  io.Reader
}

func (w whileAlive) Read(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.in.Read(p)
}
