package snapshot

import (
	"compress/gzip"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"capview/inspect"
)

// CreateOptions says how Create writes.
type CreateOptions struct {
	// Force replaces a regular file that exists.
	Force bool
	// UID and GID are who is to own the file: -1 leaves them. Under sudo, the user who called it.
	UID, GID int
	// Progress, if not nil, is called now and then with how many of the processes are written.
	Progress func(done, total int)
}

// Create writes s to a new file with mode 0600, compressed where the name ends in ".gz", and returns its absolute path.
//
// The file appears under its name complete and on disk, or not at all: it is written beside it under another name, synced,
// and given its name in a way that does not replace anything. A symbolic link is never followed. Everything is done
// within one opened directory, so that another user who may rename things there cannot lead the writer elsewhere. Errors
// are one line that names path and the cause; errors.Is(err, fs.ErrExist) tells that there is a file of that name,
// which Force would replace.
func Create(path string, s *inspect.Snapshot, o CreateOptions) (written string, err error) {
	fail := func(err error) (string, error) { return "", fmt.Errorf("cannot write %s: %w", path, cause(err)) }
	absolute, err := filepath.Abs(path)
	switch {
	case path == "":
		return "", errors.New("cannot write a snapshot: no file name")
	case err != nil:
		return fail(err)
	case strings.HasSuffix(path, string(filepath.Separator)):
		return fail(errors.New("it names a directory"))
	}
	dir, base := filepath.Split(absolute)
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fail(fmt.Errorf("directory %s: %w", dir, cause(err)))
	}
	defer root.Close()
	if err := vacant(root, base, o.Force); err != nil {
		return fail(err)
	}
	if err := createIn(root, base, s, o); err != nil {
		return fail(err)
	}
	syncDir(root)
	return absolute, nil
}

// vacant tells whether a file may come to be called base.
func vacant(root *os.Root, base string, force bool) error {
	info, err := root.Lstat(base)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode()&fs.ModeSymlink != 0:
		return errors.New("it is a symbolic link, which is not followed")
	case info.IsDir():
		return errors.New("it is a directory")
	case !info.Mode().IsRegular():
		return errors.New("it is there and not a regular file")
	case !force:
		return errExists
	}
	return nil
}

// errExists is the error for a regular file, which Force would replace.
var errExists error = existsAlready{}

type existsAlready struct{}

func (existsAlready) Error() string        { return "it exists already" }
func (existsAlready) Is(target error) bool { return target == fs.ErrExist }

// createIn writes the file beside base and gives it that name; on error nothing is left.
func createIn(root *os.Root, base string, s *inspect.Snapshot, o CreateOptions) (err error) {
	beside := ".capview-" + rand.Text() + ".tmp"
	file, err := root.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			root.Remove(beside)
		}
	}()
	if err := fill(file, strings.HasSuffix(strings.ToLower(base), ".gz"), s, o); err != nil {
		file.Close()
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	if o.Force {
		return root.Rename(beside, base)
	}
	if err := publish(root, beside, base); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return errExists
		}
		return err
	}
	return nil
}

// fill writes s to file, down to the disk.
func fill(file *os.File, compress bool, s *inspect.Snapshot, o CreateOptions) error {
	if o.UID != -1 || o.GID != -1 {
		if err := file.Chown(o.UID, o.GID); err != nil {
			return fmt.Errorf("give it to uid %d: %w", o.UID, cause(err))
		}
	}
	var out io.Writer = file
	var zip *gzip.Writer
	if compress {
		zip, _ = gzip.NewWriterLevel(file, gzip.BestSpeed)
		out = zip
	}
	if err := write(out, s, o.Progress); err != nil {
		return err
	}
	if zip != nil {
		if err := zip.Close(); err != nil {
			return err
		}
	}
	return file.Sync()
}

// link gives the file beside the name base unless something has it, by a second link: every system has it, some
// file systems do not.
func link(root *os.Root, beside, base string) error {
	if err := root.Link(beside, base); err != nil {
		return err
	}
	if err := root.Remove(beside); err != nil {
		_ = root.Remove(base)
		return err
	}
	return nil
}

// syncDir makes the new name last through a power failure. That it cannot is no failure to write: some file systems
// and systems have no such call.
func syncDir(root *os.Root) {
	if dir, err := root.Open("."); err == nil {
		_ = dir.Sync()
		dir.Close()
	}
}

// cause is err without the operation and the path, which the caller's message has.
func cause(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}
