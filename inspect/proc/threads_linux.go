package proc

import (
	"strconv"

	"golang.org/x/sys/unix"

	"capview/inspect"
)

// readThreads reads the other threads by TID: capabilities, filters and ids are a thread's own. It keeps those that
// differ from their leader, or all.
func (r *reader) readThreads(dir int, e *entry) {
	if e.proc.ThreadCount < 2 {
		return
	}
	tids, err := readDirNumbers(dir, "task", &r.buf)
	if err != nil {
		r.failed(e, "threads", err)
		return
	}
	for _, tid := range tids {
		if tid == e.proc.PID {
			continue
		}
		if t, ok := r.readThread(dir, tid, e); ok && (r.allThreads || differs(&t, e.proc)) {
			e.proc.Threads = append(e.proc.Threads, t)
		}
	}
}

// readThread reads one; false where it has ended.
func (r *reader) readThread(dir, tid int, e *entry) (inspect.Thread, bool) {
	text, err := readAt(dir, "task/"+strconv.Itoa(tid)+"/status", &r.buf, maxText)
	if ended(err) {
		return inspect.Thread{}, false
	}
	st := &r.status
	*st = status{}
	if err == nil {
		err = parseStatus(text, st)
	}
	if err != nil {
		e.gap("threads", "thread "+strconv.Itoa(tid)+": "+why(err))
	}
	return inspect.Thread{
		TID: tid, Comm: intern(r.names, st.name, unescapeName), UID: st.uid, GID: st.gid, Creds: st.creds,
	}, true
}

func differs(t *inspect.Thread, p *inspect.Process) bool {
	return t.Creds != p.Creds || t.UID != p.UID || t.GID != p.GID
}

// readDirNumbers lists the entries of a directory of procfs that are numbers, in the kernel's order: ascending.
func readDirNumbers(dir int, name string, buf *[]byte) ([]int, error) {
	fd, err := retry(func() (int, error) {
		return unix.Openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var numbers []int
	var names []string
	for {
		n, err := retry(func() (int, error) { return unix.Getdents(fd, *buf) })
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return numbers, nil
		}
		_, _, names = unix.ParseDirent((*buf)[:n], -1, names[:0])
		for _, s := range names {
			if v, err := strconv.Atoi(s); err == nil {
				numbers = append(numbers, v)
			}
		}
	}
}
