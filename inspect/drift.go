package inspect

import (
	"path"
	"slices"
	"strings"

	"capview/inspect/fact"
	"capview/nsinfo"
)

// Drift compares p with what the runtime of its container was asked for: the container whose cgroup it is in, or
// whose namespaces it entered. It is pure. There is nothing to find of helpers, of the dead and of what no runtime
// made; a fact that could not be read is found as such, never as a difference.
func Drift(ix *Index, p *Process) []Finding {
	d := newDrift(ix, p)
	if d == nil {
		return nil
	}
	d.place()
	if d.asked == nil {
		return d.found
	}
	if d.starting() {
		return d.found
	}
	d.unread()
	d.capabilities()
	d.confinement()
	d.user()
	d.namespaces()
	SortFindings(d.found)
	return d.found
}

// drift is the state of one Drift.
type drift struct {
	ix    *Index
	p     *Process
	c     *Container // whose specification p is measured by
	asked *Declared  // of c; nil where it is not known
	first *Process   // c's first process; nil where none is seen
	found []Finding
}

// newDrift is nil where there is nothing to compare p with.
func newDrift(ix *Index, p *Process) *drift {
	if p.KernelThread || dead(p) || p.Role == RoleHelper {
		return nil
	}
	c := ix.Container(p.Container)
	if p.Entered != "" {
		c = ix.Container(p.Entered)
	}
	if c == nil || !c.byRuntime() && !c.Declared.Known() {
		return nil
	}
	d := &drift{ix: ix, p: p, c: c, first: ix.FirstProcess(c.Key)}
	if asked, ok := c.Declared.Get(); ok {
		d.asked = &asked
	}
	return d
}

// add enters a finding of p.
func (d *drift) add(kind FindingKind, sort FindingSort, g Gravity, brief, text string, facts ...Versus) {
	d.found = append(d.found, Finding{Kind: kind, Sort: sort, Gravity: g, Container: d.c.Key, PIDs: []int{d.p.PID},
		Text: text, Brief: brief, Facts: append([]Versus{}, facts...)})
}

// isFirst tells of the container's first process: the one that the specification is of.
func (d *drift) isFirst() bool { return d.first != nil && d.first.PID == d.p.PID }

// own tells of a process that the runtime or the container's own processes started, in the container itself and not
// in one nested inside.
func (d *drift) own() bool { return d.p.Nested == "" && d.p.Entered == "" && !d.outside() }

// sameUserNS tells whether p's capabilities are over the user namespace that the specification's are over.
func (d *drift) sameUserNS() fact.Answer {
	own, _ := d.p.Namespaces.Get()
	theirs := d.c.UserNamespace.Or(0)
	if d.first != nil {
		ns, _ := d.first.Namespaces.Get()
		theirs = ns[nsinfo.UserNS]
	}
	if own[nsinfo.UserNS] == 0 || theirs == 0 {
		return fact.Unknown
	}
	return fact.Is(own[nsinfo.UserNS] == theirs)
}

// starting tells of a process that is still the runtime's: runc re-executes itself within the container before it
// becomes what was asked for.
func (d *drift) starting() bool {
	if !strings.HasPrefix(d.p.Comm, "runc:[") || !startsAny([]string{"runc", "memfd:runc"}, path.Base(strings.TrimPrefix(d.p.Exe.Or(""), "/"))) &&
		!strings.Contains(d.p.Exe.Or(""), "runc_cloned") {
		return false
	}
	d.add(FoundStarting, SortUnknown, GravityInfo, "starting", "is the runtime's own still: what was asked for holds from its execve on")
	return true
}

// unread says what of p could not be read, though something was asked for it.
func (d *drift) unread() {
	var missing []string
	note := func(name string, asked, has bool) {
		if asked && !has {
			missing = append(missing, name)
		}
	}
	note("capabilities", d.asked.Caps.Known(), d.p.Caps.Known())
	note("seccomp", d.asked.Seccomp.Known(), d.p.Seccomp.Known())
	note("no_new_privs", d.asked.NoNewPrivs.Known(), d.p.NoNewPrivs.Known())
	note("user", d.asked.User.Known(), d.p.UID.Known())
	note("namespaces", d.asked.Namespaces.Known(), d.p.Namespaces.Known())
	if len(missing) > 0 {
		d.add(FoundUnreadable, SortUnknown, GravityNotice, "unreadable", "its "+strings.Join(missing, ", ")+" could not be read: whether it is as asked cannot be told")
	}
}

// FirstProcess is the first process of the container with that key, which its specification is of; nil where none is
// seen. It is the one longest there of those whose parent is a helper (a shim or monitor), else of those whose parent is
// outside of it: whoever moved into its cgroup may be older.
func (ix *Index) FirstProcess(key string) *Process { return ix.firsts()[key] }

func (ix *Index) findFirsts() map[string]*Process {
	firsts := map[string]*Process{}
	served := func(p *Process) bool {
		up := ix.Process(p.PPID)
		return up != nil && up.Role == RoleHelper
	}
	for _, p := range ix.Processes {
		if p.Role == RoleHelper || p.KernelThread || dead(p) || p.Nested != "" || p.Entered != "" || p.Outside {
			continue
		}
		c := ix.Container(p.Container)
		if c == nil || !c.byRuntime() && !c.Declared.Known() {
			continue
		}
		if up := ix.Process(p.PPID); up != nil && up.Container == p.Container && up.Role != RoleHelper {
			continue
		}
		was := firsts[c.Key]
		if was == nil || served(p) && !served(was) || served(p) == served(was) && p.StartTime < was.StartTime {
			firsts[c.Key] = p
		}
	}
	return firsts
}

// Drift is Drift of a process of ix, worked out for all of them at the first call.
func (ix *Index) Drift(p *Process) []Finding {
	i := ix.placeOf(p)
	if i < 0 {
		return Drift(ix, p)
	}
	return ix.drifts()[i]
}

func (ix *Index) findDrifts() map[int][]Finding {
	all := map[int][]Finding{}
	for i, p := range ix.Processes {
		if fs := Drift(ix, p); len(fs) > 0 {
			all[i] = fs
		}
	}
	return all
}

// listed is whether the specification asks for a namespace of that type, and the path of the one to join.
func (a *Declared) listed(t nsinfo.Type) (path string, listed, known bool) {
	list, known := a.Namespaces.Get()
	i := slices.IndexFunc(list, func(n SpecNamespace) bool { return n.Type == t.String() })
	if i < 0 {
		return "", false, known
	}
	return list[i].Path, true, true
}
