//go:build unix

package tty

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	controllingTerminal = "/dev/tty"
	sigContinue         = syscall.SIGCONT
)

// listen asks for the signals that end or continue the program. What the parent ignores stays ignored: nohup(1), and the
// shells that start background jobs without job control.
func listen(c chan<- os.Signal) {
	signal.Notify(c, syscall.SIGTERM, sigContinue)
	for _, sig := range []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT} {
		if !signal.Ignored(sig) {
			signal.Notify(c, sig)
		}
	}
}

// foreground reports whether this process may change the terminal: its group is the terminal's foreground group, or the
// terminal controls nobody here. Otherwise the kernel would send SIGTTOU (tty_check_change).
func foreground(fd uintptr) bool {
	group, err := unix.IoctlGetInt(int(fd), unix.TIOCGPGRP)
	return err != nil || group == unix.Getpgrp()
}

// stopGroup stops this process and its group, as the terminal does for ctrl+z. The kernel discards the signal where nobody
// could continue them. SIGTSTP must never be given to signal.Notify: Go would not stop for it any more, even after Reset.
func stopGroup() {
	_ = unix.Kill(0, unix.SIGTSTP)
}

// CanSuspend reports whether a shell could continue this process after a stop. The kernel does not stop a process group
// that is orphaned (setpgid(2), POSIX 3.264): one where no member has its parent in another group of the same session.
// "ssh -t host sudo capview", "docker run -it" and "kubectl exec -it" start such groups.
func CanSuspend() bool {
	return !signal.Ignored(syscall.SIGTSTP) && continuable(os.Getppid(), group{
		pgrp: unix.Getpgrp(), session: sessionOf(0), pgrpOf: unix.Getpgid, sessionOf: unix.Getsid, parentOf: parentOf,
	})
}

func sessionOf(pid int) int {
	sid, err := unix.Getsid(pid)
	if err != nil {
		return -1
	}
	return sid
}
