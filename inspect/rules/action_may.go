package rules

import (
	"fmt"

	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/nsinfo"
)

// The errors that actions lead to besides those of types.go.
const (
	ESRCH  Errno = "ESRCH"
	ENOSYS Errno = "ENOSYS"
	ENOSPC Errno = "ENOSPC"
	EROFS  Errno = "EROFS"
)

// May tells whether t may do a, as the kernel would decide it now, with the rules that it applies in their order. The
// Errno of a No is the one the system call fails with; "" where it hangs on something unknown which of several it is.
func May(u *Users, t *Task, f *Facts, a Action) Result {
	d := &trial{u: u, t: t, f: f}
	if decide := deciders[a.Verb]; decide != nil {
		decide(d, a)
	} else {
		d.gap("what %q means", string(a.Verb))
		d.need(fact.Unknown, "")
	}
	d.filter(a)
	return d.result(a)
}

var deciders = map[Verb]func(*trial, Action){
	Bind: (*trial).bind, HasCap: (*trial).hasCap, RawSocket: (*trial).rawSocket, Ping: (*trial).ping,
	SetClock: (*trial).setClock, Mount: (*trial).mount, Chroot: (*trial).chroot, Nice: (*trial).nice,
	SetUID: (*trial).setUID, SetGID: (*trial).setGID, Ptrace: (*trial).ptrace, Kill: (*trial).kill,
	Chown: (*trial).chown, Read: (*trial).read, LoadModule: (*trial).loadModule, Syslog: (*trial).syslog,
	UseBPF: (*trial).bpf, Reboot: (*trial).reboot, MakeNode: (*trial).makeNode, RaiseLimit: (*trial).raiseLimit,
	UnshareUser: (*trial).unshareUser, Syscall: (*trial).syscall,
}

// trial is one question on its way through the kernel's checks.
type trial struct {
	u *Users
	t *Task
	f *Facts

	r       Result
	denied  bool
	errnos  []Errno // of the checks so far that could not be told
	lacking []lack
	helps   []Remedy // what a rule itself offers, before capabilities
	how     [][]call // see ways; nil: as the action alone tells
	unsure  bool     // which of these the kernel's own checks let pass is not known
}

// lack is a capability that was asked for and not there.
type lack struct {
	cap  caps.Cap
	over uint64
}

// need is a check that must pass, in the kernel's order: the first that fails decides.
func (d *trial) need(a fact.Answer, errno Errno) {
	switch {
	case d.denied || a == fact.Yes:
	case a == fact.Unknown:
		d.errnos = append(d.errnos, errno)
	default:
		d.denied, d.r.Errno = true, errno
		for _, e := range d.errnos {
			if e != errno {
				d.r.Errno = ""
			}
		}
	}
}

func (d *trial) result(a Action) Result {
	switch {
	case d.denied:
		d.r.Answer = fact.No
	case len(d.errnos) > 0:
		d.r.Answer = fact.Unknown
	default:
		d.r.Answer = fact.Yes
	}
	if d.r.Answer == fact.Yes || d.r.Answer == fact.No && d.r.Errno != "" {
		d.r.Gaps = nil // nothing of it was needed
	}
	if d.r.Answer == fact.No {
		d.r.Remedies = d.remedies()
	}
	d.r.Unmodelled = d.unmodelled(a)
	return d.r
}

func (d *trial) step(rule, source, because string, args ...any) {
	d.r.Steps = append(d.r.Steps, Step{Rule: rule, Source: source, Because: fmt.Sprintf(because, args...)})
}

func (d *trial) gap(what string, args ...any) {
	text := fmt.Sprintf(what, args...)
	for _, g := range d.r.Gaps {
		if g == text {
			return
		}
	}
	d.r.Gaps = append(d.r.Gaps, text)
}

// capable is a check for c over a user namespace, with its step.
func (d *trial) capable(c caps.Cap, over uint64) fact.Answer {
	r := Capable(d.u, d.t, c, over)
	d.r.Steps = append(d.r.Steps, r.Steps...)
	for _, g := range r.Gaps {
		d.gap("%s", g)
	}
	if r.Answer == fact.No {
		d.lacking = append(d.lacking, lack{c, over})
	}
	return r.Answer
}

// own is the task's user namespace, owner that of one of its other namespaces.
func (d *trial) own() uint64                   { return d.t.UserNS() }
func (d *trial) owner(kind nsinfo.Type) uint64 { return d.t.Owners[kind] }

// known gives a fact, and notes the gap where it is unknown.
func known[T any](d *trial, o fact.Opt[T], what string) (T, bool) {
	v, ok := o.Get()
	if !ok {
		d.gap("%s", what)
	}
	return v, ok
}

// same tells whether two ids of the reader's user namespace are one id.
func (d *trial) same(a, b uint32) fact.Answer {
	if a == b && !d.u.exact(a) {
		return fact.Unknown
	}
	return fact.Is(a == b)
}

// anyOf tells whether id is among some.
func (d *trial) anyOf(id uint32, some ...uint32) fact.Answer {
	a := fact.No
	for _, s := range some {
		a = a.Or(d.same(id, s))
	}
	return a
}
