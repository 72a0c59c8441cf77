package advise

import (
	"slices"
	"strings"

	"capview/inspect/caps"
)

// tally is what was seen of one capability with one credential.
type tally struct {
	allowed, perhaps, noise, denied uint64

	last       *Evidence // that counts most
	rank       int       // how much that is
	lastDenied Evidence
	why        []string
}

// count reads the credential's checks.
func (h *holder) count() map[caps.Cap]*tally {
	all := map[caps.Cap]*tally{}
	for _, u := range h.uses {
		t := all[u.Cap]
		if t == nil {
			t = &tally{}
			all[u.Cap] = t
		}
		t.add(u, h.madeUpFor(u))
	}
	return all
}

// add counts one use. made is why its denial did not matter; "" where it did.
func (t *tally) add(u *Use, made string) {
	r := read(u)
	rank := 0
	switch {
	case r.need == notNeeded:
		t.noise += u.Count
		t.say(r.why)
	case !u.Allowed && made != "":
		t.noise += u.Count
		t.say(made)
	case !u.Allowed && r.need == mayNeed: // asked for noise's sake as well: not called wanted
		t.noise += u.Count
	case !u.Allowed:
		t.denied, rank = t.denied+u.Count, 2
		if t.lastDenied.At.IsZero() || !u.Last.Before(t.lastDenied.At) {
			t.lastDenied = evidence(u)
		}
	case r.need == mayNeed:
		t.perhaps, rank = t.perhaps+u.Count, 1
		t.say(r.why)
	default:
		t.allowed, rank = t.allowed+u.Count, 3
	}
	t.keep(u, rank)
}

// keep remembers the last check of those that count most. Where it has no stack it shows that of another in the same call.
func (t *tally) keep(u *Use, rank int) {
	if t.last == nil || rank > t.rank {
		e := evidence(u)
		t.last, t.rank = &e, rank
		return
	}
	if rank < t.rank {
		return
	}
	was, e := *t.last, evidence(u)
	if u.Last.Before(was.At) {
		was, e = e, was
	}
	if len(e.Stack) == 0 && e.Syscall == was.Syscall {
		e.Stack = was.Stack
	}
	t.last = &e
}

func evidence(u *Use) Evidence {
	return Evidence{At: u.Last, PID: u.PID, Comm: u.Comm, Syscall: u.Syscall, Allowed: u.Allowed, Target: u.Target, Stack: append([]string{}, u.Stack...)}
}

func (t *tally) say(why string) {
	if why != "" && !slices.Contains(t.why, why) {
		t.why = append(t.why, why)
	}
}

// madeUpFor tells whether the kernel went on to ask for another capability that does as well, and was satisfied: in the
// same system call of the same process.
func (h *holder) madeUpFor(u *Use) string {
	if u.Allowed {
		return ""
	}
	for _, v := range h.uses {
		if !v.Allowed || v.PID != u.PID || v.Syscall != u.Syscall || read(v).need == notNeeded {
			continue
		}
		for _, i := range insteads {
			if i.does(u.Cap, v.Cap, u.Syscall) {
				return "denied, but " + v.Cap.Short() + " does as well and was allowed"
			}
		}
	}
	return ""
}

// smaller is, of a capability that was exercised, the one that the kernel asked for first in each of those checks, and that
// would have been enough; false where there is none.
func (h *holder) smaller(c caps.Cap) (caps.Cap, bool) {
	var found caps.Cap
	any := false
	for _, u := range h.uses {
		if !u.Allowed || u.Cap != c || read(u).need != needed {
			continue
		}
		first, ok := h.askedFirst(u)
		if !ok || any && first != found {
			return 0, false
		}
		found, any = first, true
	}
	return found, any
}

// askedFirst is the denied capability that u made up for.
func (h *holder) askedFirst(u *Use) (caps.Cap, bool) {
	for _, v := range h.uses {
		if v.Allowed || v.PID != u.PID || v.Syscall != u.Syscall {
			continue
		}
		for _, i := range insteads {
			if i.does(v.Cap, u.Cap, u.Syscall) {
				return v.Cap, true
			}
		}
	}
	return 0, false
}

// askers are the kernel's ways to ask for a capability: whoever is behind them in a stack wants to know (kernel/capability.c,
// security/security.c).
var askers = map[string]bool{
	"cap_capable": true, "security_capable": true, "capable": true, "ns_capable": true, "ns_capable_common": true,
	"ns_capable_noaudit": true, "ns_capable_setid": true, "has_capability": true, "has_ns_capability": true,
	"has_capability_noaudit": true, "has_ns_capability_noaudit": true, "file_ns_capable": true, "capable_wrt_inode_uidgid": true,
}

// Asked is which functions of the kernel asked, the innermost first: the stack without the means to ask, and without what
// every system call begins with.
func (e *Evidence) Asked() (functions []string) {
	for _, frame := range e.Stack {
		name, _, _ := strings.Cut(frame, "+")
		name, _, _ = strings.Cut(name, ".") // "inet_bind.part.0": what the compiler made of it
		switch {
		case askers[name] && len(functions) == 0:
		case strings.HasPrefix(name, "__x64_sys_"), strings.HasPrefix(name, "__ia32_"), strings.HasPrefix(name, "__arm64_sys_"),
			name == "x64_sys_call", name == "do_syscall_64", name == "do_el0_svc", name == "invoke_syscall":
			return functions
		default:
			functions = append(functions, name)
		}
	}
	return functions
}
