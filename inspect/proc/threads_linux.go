package proc

import (
	"strconv"

	"capview/inspect"
)

// readThreads reads the other threads by TID: capabilities, filters and ids are a thread's own. It keeps those that
// differ from their leader, or all.
func (r *reader) readThreads(dir int, e *entry) {
	if e.proc.ThreadCount < 2 {
		return
	}
	tids, err := readDirNumbers(dir, "task", r.buf, nil)
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
