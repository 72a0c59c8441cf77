package tty

// group is a process group, and how to ask about other processes.
type group struct {
	pgrp, session int
	pgrpOf        func(pid int) (int, error)
	sessionOf     func(pid int) (int, error)
	parentOf      func(pid int) (int, error)
}

// maxGroup bounds the walk through a group: more processes than a sane pipeline has.
const maxGroup = 64

// continuable reports whether the group is not orphaned, seen from the process whose parent is pid: the first ancestor
// outside the group (sudo without a pty sits in it) is in the group's session. What cannot be found out is a no: it is
// better not to stop than never to be continued. The parent of a container's first process is 0, outside its namespace.
func continuable(pid int, g group) bool {
	for range maxGroup {
		if pid <= 0 {
			return false
		}
		pgrp, err := g.pgrpOf(pid)
		if err != nil {
			return false
		}
		if pgrp != g.pgrp {
			session, err := g.sessionOf(pid)
			return err == nil && session == g.session
		}
		if pid, err = g.parentOf(pid); err != nil {
			return false
		}
	}
	return false
}
