package tty

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// parentOf is the parent of pid, from /proc/PID/stat.
func parentOf(pid int) (int, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	return parseParent(stat)
}

var errStat = errors.New("malformed stat")

// parseParent reads the fourth field of stat (proc_pid_stat(5)). The second is the command in parentheses, and may hold
// any byte, so fields are counted from the last parenthesis.
func parseParent(stat []byte) (int, error) {
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 2 {
		return 0, errStat
	}
	pid, err := strconv.Atoi(string(fields[1]))
	if err != nil || pid < 0 {
		return 0, errStat
	}
	return pid, nil
}

// flushOutput throws away what was written to the terminal and not taken (tcflush(3)). The kernel does not tell a writer
// that waits for room in a pseudo terminal (pty_flush_buffer), but it does when output that was stopped goes on.
func flushOutput(fd uintptr) {
	_ = unix.IoctlSetInt(int(fd), unix.TCFLSH, unix.TCOFLUSH)
	_ = unix.IoctlSetInt(int(fd), unix.TCXONC, unix.TCOOFF)
	_ = unix.IoctlSetInt(int(fd), unix.TCXONC, unix.TCOON)
}

// readable waits for input on fd, at most for wait.
func readable(fd uintptr, wait time.Duration) bool {
	polled := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for end := time.Now().Add(wait); ; {
		n, err := unix.Poll(polled, int(max(0, time.Until(end)).Milliseconds()))
		if err != unix.EINTR {
			return err == nil && n > 0
		}
	}
}
