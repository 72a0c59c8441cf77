package view

import (
	"cmp"
	"strconv"
	"time"

	"capview/inspect"
	"capview/nsinfo"
)

// Processes is every column of a process or thread. DefaultKeys chooses those shown at first.
func Processes() []Column[Row] {
	var cols []Column[Row]
	for _, part := range [][]Column[Row]{identityColumns(), setColumns(), confinementColumns(), fileColumns(), placeColumns()} {
		cols = append(cols, part...)
	}
	return cols
}

// DefaultKeys are the columns shown at first on a terminal that many cells wide; 0 is no terminal.
func DefaultKeys(width int) []string {
	keys := []string{"pid", "name", "user", "effective", "userns", "seccomp", "nnp", "filecaps"}
	switch {
	case width == 0 || width >= 180:
		return []string{"pid", "name", "user", "effective", "bounding", "ambient", "userns", "seccomp", "nnp", "filecaps", "setid", "container", "cmdline"}
	case width >= 120:
		return []string{"pid", "name", "user", "effective", "userns", "seccomp", "nnp", "filecaps", "container", "cmdline"}
	}
	return keys
}

// WideKeys are the columns of the wide table: every fact that decides over capabilities.
func WideKeys() []string {
	return []string{"pid", "ppid", "name", "user", "effective", "permitted", "inheritable", "bounding", "ambient", "userns",
		"seccomp", "nnp", "filecaps", "setid", "threads", "container", "runtime", "pod", "image", "unit", "drift", "exe", "cmdline"}
}

// id is the number of what the row shows: a PID or TID.
func (r Row) id() int {
	if r.T != nil {
		return r.T.TID
	}
	return r.P.PID
}

func (r Row) comm() string {
	if r.T != nil {
		return r.T.Comm
	}
	return r.P.Comm
}

func (r Row) creds() *inspect.Creds {
	if r.T != nil {
		return &r.T.Creds
	}
	return &r.P.Creds
}

func (r Row) uid() inspect.Opt[inspect.IDs] {
	if r.T != nil {
		return r.T.UID
	}
	return r.P.UID
}

func (r Row) gid() inspect.Opt[inspect.IDs] {
	if r.T != nil {
		return r.T.GID
	}
	return r.P.GID
}

func (r Row) container() *inspect.Container { return r.Ix.Container(r.P.Container) }

// value is an Opt as Column.Value wants it.
func value[T any](o inspect.Opt[T]) any {
	if v, ok := o.Get(); ok {
		return v
	}
	return nil
}

// byOpt orders by a fact, unknown first.
func byOpt[R any, V cmp.Ordered](get func(R) inspect.Opt[V]) func(a, b R) bool {
	return func(a, b R) bool {
		x, okX := get(a).Get()
		y, okY := get(b).Get()
		if okX != okY {
			return !okX
		}
		return x < y
	}
}

// by orders by a value that is always there.
func by[R any, V cmp.Ordered](get func(R) V) func(a, b R) bool {
	return func(a, b R) bool { return get(a) < get(b) }
}

func identityColumns() []Column[Row] {
	return []Column[Row]{
		{Key: "pid", Title: "PID", Doc: "process id, in a thread's row its thread id", Min: 7, Max: 10, Right: true,
			Cell: func(r Row) Cell { return number(r.id()) }, Less: by(Row.id), Value: func(r Row) any { return r.id() }},
		{Key: "ppid", Title: "PPID", Doc: "parent's process id", Min: 7, Max: 10, Right: true,
			Cell:  func(r Row) Cell { return number(r.P.PPID) },
			Less:  by(func(r Row) int { return r.P.PPID }),
			Value: func(r Row) any { return r.P.PPID }},
		{Key: "name", Title: "NAME", Doc: "command name (comm), as the process or thread calls itself", Min: 12, Max: 32, Flex: 1,
			Cell: func(r Row) Cell { return Cell{Clean(r.comm()), Plain} }, Less: by(Row.comm),
			Value: func(r Row) any { return r.comm() }},
		{Key: "user", Title: "USER", Doc: "effective user as the host names it; (N inside): as its user namespace numbers it", Min: 8, Max: 20,
			Cell: userCell, Less: byOpt(func(r Row) inspect.Opt[string] { return userName(r) }),
			Value: func(r Row) any { return value(userName(r)) }},
		{Key: "uid", Title: "UID", Doc: "user ids: one if all are equal, else real/effective/saved/filesystem", Min: 5, Max: 23,
			Cell: func(r Row) Cell { return idsCell(r.uid()) }, Less: byOpt(func(r Row) inspect.Opt[uint32] { return effectiveID(r.uid()) }),
			Value: func(r Row) any { return value(r.uid()) }},
		{Key: "gid", Title: "GID", Doc: "group ids: one if all are equal, else real/effective/saved/filesystem", Min: 5, Max: 23,
			Cell: func(r Row) Cell { return idsCell(r.gid()) }, Less: byOpt(func(r Row) inspect.Opt[uint32] { return effectiveID(r.gid()) }),
			Value: func(r Row) any { return value(r.gid()) }},
		{Key: "state", Title: "S", Doc: "state: R running, S sleeping, D uninterruptible, Z zombie, T stopped, I idle", Min: 1, Max: 1,
			Cell: func(r Row) Cell { return orAbsent(r.P.State) }, Less: by(func(r Row) string { return r.P.State }),
			Value: func(r Row) any { return r.P.State }},
		{Key: "threads", Title: "THREADS", Doc: "threads, and how many differ from the first in credentials or filters", Min: 7, Max: 16, Right: true,
			Cell: threadsCell, Less: by(func(r Row) int { return r.P.ThreadCount }),
			Value: func(r Row) any { return threadsValue{r.P.ThreadCount, Differing(r.P)} }},
		{Key: "started", Title: "STARTED", Doc: "when the process began (UTC)", Min: 20, Max: 20,
			Cell: startedCell, Less: by(func(r Row) uint64 { return r.P.StartTime }),
			Value: func(r Row) any {
				if t, ok := Started(r.Ix, r.P); ok {
					return t
				}
				return nil
			}},
		{Key: "gaps", Title: "GAPS", Doc: "how many facts could not be read", Min: 4, Max: 5, Right: true,
			Cell: gapsCell, Less: by(func(r Row) int { return len(r.P.Gaps) }),
			Value: func(r Row) any {
				if r.P.Gaps == nil {
					return []inspect.Gap{}
				}
				return r.P.Gaps
			}},
	}
}

type threadsValue struct {
	Count  int `json:"count"`
	Differ int `json:"differ"`
}

// Differing is how many of a process's threads are known to differ from its leader in ids, capabilities, no_new_privs or seccomp.
func Differing(p *inspect.Process) (n int) {
	for i := range p.Threads {
		if differs(p, &p.Threads[i]) {
			n++
		}
	}
	return n
}

func differs(p *inspect.Process, t *inspect.Thread) bool {
	return unlike(t.Caps, p.Caps) || unlike(t.Seccomp, p.Seccomp) || unlike(t.NoNewPrivs, p.NoNewPrivs) ||
		unlike(t.UID, p.UID) || unlike(t.GID, p.GID)
}

// unlike tells whether two facts are known to differ.
func unlike[T comparable](a, b inspect.Opt[T]) bool { return a.Known() && b.Known() && a != b }

func threadsCell(r Row) Cell {
	n := strconv.Itoa(r.P.ThreadCount)
	if d := Differing(r.P); d > 0 {
		return Cell{n + " (" + strconv.Itoa(d) + " differ)", Notice}
	}
	return Cell{n, Plain}
}

func gapsCell(r Row) Cell {
	if n := len(r.P.Gaps); n > 0 {
		return Cell{strconv.Itoa(n), Gone}
	}
	return Cell{"0", Muted}
}

// Started is when p began; false where the host's boot time is unknown.
func Started(ix *inspect.Index, p *inspect.Process) (time.Time, bool) {
	hz := ix.Host.ClockTicks
	if ix.Host.BootTime <= 0 || hz <= 0 {
		return time.Time{}, false
	}
	s, rest := p.StartTime/uint64(hz), p.StartTime%uint64(hz)
	return time.Unix(ix.Host.BootTime+int64(s), int64(rest)*int64(time.Second)/hz).UTC(), true
}

func startedCell(r Row) Cell {
	if t, ok := Started(r.Ix, r.P); ok {
		return Cell{t.Format(time.RFC3339), Plain}
	}
	return gone()
}

// userName is the effective user's name; of a thread with another uid than its leader, as far as any process tells it.
func userName(r Row) inspect.Opt[string] {
	ids, ok := r.uid().Get()
	if r.T == nil || !ok || ids.Effective == r.P.UID.Or(inspect.IDs{}).Effective && r.P.UID.Known() {
		return r.P.User
	}
	if name, ok := r.Ix.UserName(ids.Effective); ok {
		return inspect.Some(name)
	}
	return inspect.Some(strconv.FormatUint(uint64(ids.Effective), 10))
}

func userCell(r Row) Cell {
	name, ok := userName(r).Get()
	if !ok {
		return gone()
	}
	c := Cell{Clean(name), Plain}
	if host, known := r.Ix.InHostUserNS(r.P); known && !host {
		c.Text += insideUser(r)
	}
	return c
}

func insideUser(r Row) string {
	ids, ok := r.uid().Get()
	u := r.Ix.UserNSOf(r.P)
	if !ok || u == nil {
		return " (? inside)"
	}
	m, ok := u.UIDMap.Get()
	if !ok {
		return " (? inside)"
	}
	in, ok := nsinfo.ToInside(m, ids.Effective)
	if !ok {
		return " (unmapped)"
	}
	return " (" + strconv.FormatUint(uint64(in), 10) + " inside)"
}

func effectiveID(o inspect.Opt[inspect.IDs]) inspect.Opt[uint32] {
	ids, ok := o.Get()
	if !ok {
		return inspect.Opt[uint32]{}
	}
	return inspect.Some(ids.Effective)
}

func idsCell(o inspect.Opt[inspect.IDs]) Cell {
	ids, ok := o.Get()
	if !ok {
		return gone()
	}
	return Cell{idsText(ids), Plain}
}

func idsText(ids inspect.IDs) string {
	b := strconv.AppendUint(nil, uint64(ids.Real), 10)
	if ids.Real == ids.Effective && ids.Real == ids.Saved && ids.Real == ids.FS {
		return string(b)
	}
	for _, id := range []uint32{ids.Effective, ids.Saved, ids.FS} {
		b = strconv.AppendUint(append(b, '/'), uint64(id), 10)
	}
	return string(b)
}
