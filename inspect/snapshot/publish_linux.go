package snapshot

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// publish gives the file beside the name base unless something has it (renameat2(2), RENAME_NOREPLACE), by a link where
// the file system does not know that.
func publish(root *os.Root, beside, base string) error {
	dir, err := root.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	fd := int(dir.Fd())
	err = unix.Renameat2(fd, beside, fd, base, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		return link(root, beside, base)
	}
	return err
}
