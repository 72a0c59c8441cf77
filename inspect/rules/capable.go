package rules

import (
	"fmt"

	"capview/inspect/caps"
	"capview/inspect/fact"
)

// Power is the capabilities a task has over a user namespace: those it has for certain, and those of which it cannot
// be told.
type Power struct {
	Yes   caps.Set
	Maybe caps.Set
}

// Has tells whether c is among them.
func (p Power) Has(c caps.Cap) fact.Answer {
	switch {
	case p.Yes.Has(c):
		return fact.Yes
	case p.Maybe.Has(c):
		return fact.Unknown
	}
	return fact.No
}

const every = ^caps.Set(0)

// verdict is how the walk of cap_capable ended.
type verdict uint8

const (
	stuck    verdict = iota // something that is not known decides
	same                    // at the task's own user namespace: its effective set decides
	owns                    // at a child of it that its effective uid made: every capability
	outside                 // the task's user namespace is no ancestor: none
	mayOwn                  // an unknown owner or uid decides, or the effective set above
	strayed                 // the chain of parents is cut: the task's is an ancestor or it is not
	noTarget                // the target or the task's own is not known
)

// walk is the kernel's from the target up to the task's user namespace (security/commoncap.c cap_capable,
// user_namespaces(7) "Capabilities"). The last namespace looked at is returned for the derivation.
func walk(u *Users, t *Task, target uint64) (verdict, uint64) {
	own := t.UserNS()
	if target == 0 || own == 0 {
		return noTarget, target
	}
	maybe := false
	for range deepest {
		if target == own {
			if maybe {
				return mayOwn, target
			}
			return same, target
		}
		if known, above := u.notDeeper(target, own); known && above {
			return outside, target
		}
		parent, ok := u.Parent(target)
		if !ok {
			return cut(u, own), target
		}
		if parent == 0 {
			return outside, target
		}
		if parent == own {
			switch made(u, t, target) {
			case fact.Yes:
				return owns, target
			case fact.Unknown:
				maybe = true
			}
		}
		target = parent
	}
	return stuck, target
}

// cut is the verdict where a parent is not known: every user namespace is below the initial one.
func cut(u *Users, own uint64) verdict {
	if own == u.initial {
		return mayOwn
	}
	return strayed
}

// made tells whether the task's effective uid is the owner of the user namespace.
func made(u *Users, t *Task, inode uint64) fact.Answer {
	owner, known := u.OwnerUID(inode).Get()
	ids, ok := t.UID.Get()
	if !known || !ok || !u.exact(ids.Effective) {
		return fact.Unknown
	}
	return fact.Is(owner == ids.Effective)
}

// Over is what t has over the user namespace target.
func Over(u *Users, t *Task, target uint64) Power {
	v, _ := walk(u, t, target)
	return t.power(v)
}

func (t *Task) power(v verdict) Power {
	sets, known := t.Caps.Get()
	switch {
	case v == owns:
		return Power{Yes: every}
	case v == outside:
		return Power{}
	case v == same && known:
		return Power{Yes: sets.Effective}
	case v == mayOwn && known:
		return Power{Yes: sets.Effective, Maybe: every &^ sets.Effective}
	}
	return Power{Maybe: every}
}

// Allowed tells whether t passes a check for c over the user namespace target (kernel: ns_capable).
func Allowed(u *Users, t *Task, c caps.Cap, target uint64) fact.Answer {
	return Over(u, t, target).Has(c)
}

// Capable is Allowed with its derivation.
func Capable(u *Users, t *Task, c caps.Cap, target uint64) Result {
	v, at := walk(u, t, target)
	r := Result{Answer: t.power(v).Has(c)}
	if r.Answer == fact.No {
		r.Errno = EPERM
	}
	r.Steps = []Step{{Rule: verdictRules[v], Source: capableSource, Because: t.because(u, v, c, target, at)}}
	r.Gaps = t.capableGaps(u, v, c, at)
	return r
}

const capableSource = `user_namespaces(7) "Capabilities"; kernel: cap_capable`

var verdictRules = [...]string{
	stuck: "userns-unknown", same: "userns-own", owns: "userns-owner", outside: "userns-outside",
	mayOwn: "userns-own", strayed: "userns-unknown", noTarget: "userns-unknown",
}

func (t *Task) because(u *Users, v verdict, c caps.Cap, target, at uint64) string {
	switch v {
	case same, mayOwn:
		return fmt.Sprintf("%s is checked against user namespace %s, which is its own%s: it %s in its effective set",
			c, u.name(target), orAbove(target, at), t.holds(c))
	case owns:
		return fmt.Sprintf("its effective uid made user namespace %s from within the parent: it has every capability there", u.name(at))
	case outside:
		return fmt.Sprintf("%s is checked against user namespace %s, which is neither its own (%s) nor below it: what it holds does not count there",
			c, u.name(target), u.name(t.UserNS()))
	}
	return fmt.Sprintf("it is not known how its user namespace %s and %s, against which %s is checked, are related",
		u.name(t.UserNS()), u.name(target), c)
}

func orAbove(target, at uint64) string {
	if target == at {
		return ""
	}
	return " or below it"
}

func (t *Task) holds(c caps.Cap) string {
	sets, known := t.Caps.Get()
	switch {
	case !known:
		return "may have it"
	case sets.Effective.Has(c):
		return "has it"
	case sets.Permitted.Has(c):
		return "has it permitted but not"
	}
	return "does not have it"
}

// name is how a derivation calls a user namespace.
func (u *Users) name(inode uint64) string {
	switch {
	case inode == 0:
		return "(unknown)"
	case inode == u.initial:
		return "initial"
	}
	return fmt.Sprintf("user:[%d]", inode)
}

func (t *Task) capableGaps(u *Users, v verdict, c caps.Cap, at uint64) (gaps []string) {
	switch v {
	case same:
		if !t.Caps.Known() {
			gaps = append(gaps, "its capability sets")
		}
	case mayOwn:
		if t.power(v).Has(c) == fact.Unknown {
			gaps = append(gaps, "who made user namespace "+u.name(at))
		}
	case noTarget:
		gaps = append(gaps, "the user namespace it is in, or the one that decides")
	case stuck, strayed:
		gaps = append(gaps, "the parent of user namespace "+u.name(at))
	}
	return gaps
}
