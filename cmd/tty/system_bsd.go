//go:build unix && !linux

package tty

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// parentOf is unknown here, so a group that holds its leader's parent counts as orphaned.
func parentOf(int) (int, error) { return 0, errors.ErrUnsupported }

// flushOutput throws away what was written to the terminal and not taken (tcflush(3)); 2 is FWRITE.
func flushOutput(fd uintptr) {
	_ = unix.IoctlSetPointerInt(int(fd), unix.TIOCFLUSH, 2)
}

// readable waits for input on fd, at most for wait. poll(2) does not know terminals on darwin; select(2) does.
func readable(fd uintptr, wait time.Duration) bool {
	if fd >= unix.FD_SETSIZE {
		return false
	}
	var set unix.FdSet
	set.Set(int(fd))
	limit := unix.NsecToTimeval(wait.Nanoseconds())
	n, err := unix.Select(int(fd)+1, &set, nil, nil, &limit)
	return err == nil && n > 0
}
