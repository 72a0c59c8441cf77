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

// Create writes s to a new file as CreateFile does, compressed where the name ends in ".gz", and returns its absolute path.
func Create(path string, s *inspect.Snapshot, o CreateOptions) (written string, err error) {
	if path == "" {
		return "", errors.New("cannot write a snapshot: no file name")
	}
	return CreateFile(path, o, func(out io.Writer) error {
		if !strings.HasSuffix(strings.ToLower(path), ".gz") {
			return write(out, s, o.Progress)
		}
		zip, _ := gzip.NewWriterLevel(out, gzip.BestSpeed)
		if err := write(zip, s, o.Progress); err != nil {
			return err
		}
		return zip.Close()
	})
}

// CreateFile has fill write a new file with mode 0600, and returns its absolute path.
//
// The file appears under its name complete and on disk, or not at all: it is written beside it under another name, synced,
// and given its name in a way that does not replace anything. A symbolic link is never followed. Everything is done
// within one opened directory, so that another user who may rename things there cannot lead the writer elsewhere. Errors
// are one line that names path and the cause; errors.Is(err, fs.ErrExist) tells that there is a file of that name,
// which Force would replace.
func CreateFile(path string, o CreateOptions, fill func(io.Writer) error) (written string, err error) {
	err = inDirectory(path, o, func(root *os.Root, base string) error {
		if err := createIn(root, base, fill, o); err != nil {
			return err
		}
		syncDir(root)
		return nil
	})
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}

// CanCreate tells whether CreateFile could write there now, with its error: for those who have it written much later.
func CanCreate(path string, o CreateOptions) error {
	return inDirectory(path, o, func(root *os.Root, _ string) error {
		beside := besideName()
		file, err := root.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		return errors.Join(file.Close(), root.Remove(beside))
	})
}

// inDirectory does something in the directory of a path that is free, or may be replaced, and words its error.
func inDirectory(path string, o CreateOptions, do func(root *os.Root, base string) error) error {
	fail := func(err error) error { return fmt.Errorf("cannot write %s: %w", path, cause(err)) }
	absolute, err := filepath.Abs(path)
	switch {
	case path == "":
		return errors.New("cannot write: no file name")
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
	if err := do(root, base); err != nil {
		return fail(err)
	}
	return nil
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
func createIn(root *os.Root, base string, write func(io.Writer) error, o CreateOptions) (err error) {
	beside := besideName()
	file, err := root.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			root.Remove(beside)
		}
	}()
	if err := fill(file, write, o); err != nil {
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

func besideName() string { return ".capview-" + rand.Text() + ".tmp" }

// fill has file written, down to the disk.
func fill(file *os.File, write func(io.Writer) error, o CreateOptions) error {
	if o.UID != -1 || o.GID != -1 {
		if err := file.Chown(o.UID, o.GID); err != nil {
			return fmt.Errorf("give it to uid %d: %w", o.UID, cause(err))
		}
	}
	if err := write(file); err != nil {
		return err
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
