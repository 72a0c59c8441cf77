package rules

import (
	"strings"

	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/nsinfo"
)

// Where is a set of what a capability works on.
type Where uint8

// What a capability works on. Over the initial user namespace, or over a namespace that is the host's own, it works on
// WhereHost.
const (
	WhereHost Where = 1 << iota
	WhereNet
	WhereMount
	WhereUTS
	WhereIPC
	WherePID
	WhereTime
	WhereSelf // its own user namespace: processes and files of it
)

var whereNames = [...]string{"host", "net", "mnt", "uts", "ipc", "pid", "time", "self"}

// String lists the namespaces' types, "host" and "self", joined by commas; "nowhere" for none.
func (w Where) String() string {
	var names []string
	for i, name := range whereNames {
		if w>>i&1 == 1 {
			names = append(names, name)
		}
	}
	if names == nil {
		return "nowhere"
	}
	return strings.Join(names, ",")
}

// Works is where a task's capability works.
type Works struct {
	Yes   Where
	Maybe Where // of which it cannot be told
}

// On tells whether it works on one of where.
func (w Works) On(where Where) fact.Answer {
	switch {
	case w.Yes&where != 0:
		return fact.Yes
	case w.Maybe&where != 0:
		return fact.Unknown
	}
	return fact.No
}

// String is what a cell shows: "host" where that is among it, else "net,ipc,self", or "nowhere"; with "?" where it
// may be more.
func (w Works) String() string {
	switch {
	case w.Yes&WhereHost != 0:
		return WhereHost.String()
	case w.Maybe == 0:
		return w.Yes.String()
	case w.Yes == 0:
		return "?"
	}
	return w.Yes.String() + "?"
}

// kinds is the namespace a target is the owner of, and the place that is.
var kinds = [targets]struct {
	ns    nsinfo.Type
	place Where
}{
	OverNet: {nsinfo.Net, WhereNet}, OverMount: {nsinfo.Mount, WhereMount}, OverUTS: {nsinfo.UTS, WhereUTS},
	OverIPC: {nsinfo.IPC, WhereIPC}, OverPID: {nsinfo.PID, WherePID}, OverTime: {nsinfo.Time, WhereTime},
}

// Reach is what a task has over each target: the sets of capabilities it passes a check for.
type Reach struct {
	over [targets]Power
	host [targets]bool // the namespace behind the target is the host's own
	all  [caps.Last + 1]Works
}

// ReachOf works out the reach of t; host is the namespaces of the host itself, 0 where they are not known. Of t it
// hangs on the effective set, the effective uid, the namespaces and their owners alone: tasks that share these share it.
func ReachOf(u *Users, t *Task, host nsinfo.Set) *Reach {
	r := &Reach{}
	for k := range kinds {
		over := Target(k)
		r.over[over] = Over(u, t, r.inode(u, t, over))
		ns := kinds[over].ns
		r.host[over] = host[ns] != 0 && host[ns] == t.Namespaces[ns]
	}
	for c := range r.all {
		r.all[c] = r.works(u, t, caps.Cap(c))
	}
	return r
}

// inode is the user namespace that over means for t. What is not the task's own to tell (the process acted upon, the
// file system, a new namespace) is taken to be of its own user namespace.
func (r *Reach) inode(u *Users, t *Task, over Target) uint64 {
	switch over {
	case OverHost:
		return u.initial
	case OverSelf, OverTask, OverFS, OverParent:
		return t.UserNS()
	}
	return t.Owners[kinds[over].ns]
}

// Over is what the task has over a target.
func (r *Reach) Over(over Target) Power { return r.over[over] }

// Works is where c works.
func (r *Reach) Works(c caps.Cap) Works {
	if int(c) < len(r.all) {
		return r.all[c]
	}
	return hostOnly(r.over[OverHost].Has(c))
}

// Powerless is those of held that work nowhere.
func (r *Reach) Powerless(held caps.Set) (s caps.Set) {
	held.Each(func(c caps.Cap) {
		if r.Works(c) == (Works{}) {
			s |= caps.Of(c)
		}
	})
	return s
}

func hostOnly(a fact.Answer) Works {
	switch a {
	case fact.Yes:
		return Works{Yes: WhereHost}
	case fact.Unknown:
		return Works{Maybe: WhereHost}
	}
	return Works{}
}

func (r *Reach) works(u *Users, t *Task, c caps.Cap) (w Works) {
	for _, check := range checks[c] {
		place := r.place(u, t, check.Over)
		switch r.over[check.Over].Has(c) {
		case fact.Yes:
			w.Yes |= place
		case fact.Unknown:
			w.Maybe |= place
		}
	}
	w.Maybe &^= w.Yes
	return w
}

// place is where a check that is passed over a target makes the capability work.
func (r *Reach) place(u *Users, t *Task, over Target) Where {
	switch over {
	case OverHost:
		return WhereHost
	case OverSelf, OverTask, OverFS, OverParent:
		if t.UserNS() == u.initial {
			return WhereHost
		}
		return WhereSelf
	}
	p := kinds[over].place
	if r.host[over] {
		p |= WhereHost
	}
	return p
}
