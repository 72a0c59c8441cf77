package rules

import (
	"fmt"
	"strings"

	"capview/inspect/fact"
	"capview/inspect/seccomp"
)

// Filters is what a task's system calls are put to before the kernel looks at them (seccomp(2)); the zero Filters is none.
type Filters struct {
	Arch  seccomp.Arch // the ABI its program is made for
	Stack seccomp.Stack
	// Strict is set in SECCOMP_SET_MODE_STRICT: any system call but read, write, _exit and sigreturn kills the thread.
	Strict bool
}

const filterSource = "seccomp(2); kernel: __secure_computing"

// ruling is what a task's filters do with a system call, or with all that a way of doing something takes.
type ruling struct {
	answer fact.Answer
	errno  Errno  // that of a No, where it is an error
	words  string // "mount(2) fails with EPERM"
}

// filter puts the system calls of an action to the task's filters. The kernel does so first; that the task would pass its
// other checks is worth knowing all the same, so here it comes last.
func (d *trial) filter(a Action) {
	filters, ok := d.f.Filters.Get()
	if !ok {
		return
	}
	if d.how == nil {
		d.how = ways(a)
	}
	var usual, passes *ruling // the first way that there is, and the first that is let through
	var refused []ruling
	open := false // one of them hangs on what is not known
	for _, calls := range d.how {
		r, there := filters.way(calls)
		if !there {
			continue
		}
		if usual == nil {
			usual = &r
		}
		switch {
		case r.answer != fact.Yes:
			refused = append(refused, r)
			open = open || r.answer == fact.Unknown
		case passes == nil:
			passes = &r
		}
	}
	switch {
	case len(refused) == 0:
	case passes == nil && !open:
		d.refuse(refused)
		if a.Verb == Ping { // a program that tries both kinds of socket sees the second one's error
			d.eitherErrno(filters.each(ways(a)))
		}
	case passes == nil || d.unsure && !d.denied:
		d.step("seccomp-filter", filterSource, "by its seccomp filter %s", inWords(refused))
		d.gap("what its program passes to the system call: %s", inWords(refused))
		d.need(fact.Unknown, usual.errno)
	default:
		if passes != usual {
			d.step("seccomp-filter", filterSource, "by its seccomp filter %s, but %s", usual.words, passes.words)
		}
		d.eitherErrno(refused)
	}
}

// each is what becomes of each way that there is.
func (f *Filters) each(how [][]call) (all []ruling) {
	for _, calls := range how {
		if r, there := f.way(calls); there {
			all = append(all, r)
		}
	}
	return all
}

func inWords(all []ruling) string {
	words := make([]string, len(all))
	for i, r := range all {
		words[i] = r.words
	}
	return strings.Join(words, ", ")
}

// eitherErrno: of what fails anyway the filter's error is seen where the program goes a way that is refused.
func (d *trial) eitherErrno(refused []ruling) {
	for _, r := range refused {
		if r.errno != d.r.Errno {
			d.r.Errno = ""
		}
	}
}

// refuse lets the filter have the last word, as it has the first in the kernel.
func (d *trial) refuse(all []ruling) {
	but := ""
	if !d.denied && len(d.errnos) == 0 {
		but = "it passes these checks, but "
	}
	d.step("seccomp-filter", filterSource, "%s%s by its seccomp filter, which the kernel asks first", but, inWords(all))
	d.denied, d.r.Errno, d.errnos = true, all[0].errno, nil
	d.helps = append(d.helps, Remedy{"run it under a filter that lets the system call pass",
		"docker, podman: --security-opt seccomp=PROFILE; kubernetes: securityContext.seccompProfile; systemd: SystemCallFilter=; " +
			"runtimes' default profiles allow more to containers that were given the capability when they were made"})
}

// way is what becomes of the calls one after the other; there is false where the ABI lacks one of them.
func (f *Filters) way(calls []call) (worst ruling, there bool) {
	worst = ruling{answer: fact.Yes}
	var words []string
	for _, c := range calls {
		r, there := f.call(c)
		switch {
		case !there:
			return ruling{}, false
		case r.answer == fact.No:
			return r, true
		case r.answer == fact.Unknown:
			worst = r
		default:
			words = append(words, c.name+"(2)")
		}
	}
	if worst.answer == fact.Yes {
		worst.words = strings.Join(words, " and ") + " is allowed"
		if len(words) > 1 {
			worst.words = strings.Join(words, ", ") + " are allowed"
		}
	}
	return worst, true
}

// strictCalls is what SECCOMP_SET_MODE_STRICT allows (kernel/seccomp.c, mode1_syscalls).
var strictCalls = map[string]bool{"read": true, "write": true, "exit": true, "rt_sigreturn": true, "sigreturn": true}

// call is what the filters do with c; there is false where the ABI has no such system call.
func (f *Filters) call(c call) (r ruling, there bool) {
	nr, there := f.Arch.Number(c.name)
	if !there {
		return ruling{}, false
	}
	return f.number(nr, c), true
}

func (f *Filters) number(nr uint32, c call) ruling {
	if f.Strict {
		if strictCalls[c.name] {
			return ruling{fact.Yes, "", c.name + "(2) is allowed"}
		}
		return ruling{fact.No, "", c.name + "(2) kills the thread: seccomp's strict mode"}
	}
	if len(f.Stack) == 0 {
		return ruling{fact.Yes, "", c.name + "(2) is allowed"}
	}
	decision := f.Stack.Decide(f.Arch, nr)
	if decision.Unknown != "" {
		return ruling{fact.Unknown, "", fmt.Sprintf("what becomes of %s(2) could not be found out: %s", c.name, decision.Unknown)}
	}
	r := c.judge(decision.Given(c.known()))
	if r.words == "" {
		r.words = fmt.Sprintf("%s(2) depends on its arguments (%s)", c.name, decision.Conditions(f.Arch, nr))
	}
	return r
}

// known is the words of seccomp_data that c fixes.
func (c call) known() map[seccomp.Word]uint32 {
	words := make(map[seccomp.Word]uint32, 2*len(c.args))
	for _, a := range c.args {
		low := seccomp.WordArgs + 2*seccomp.Word(a.index)
		words[low], words[low+1] = uint32(a.value), uint32(a.value>>32)
	}
	return words
}

// judge sums up what the paths that are open to c do with it.
func (c call) judge(d seccomp.Decision) ruling {
	var no, yes, maybe *ruling
	for _, p := range d.Paths {
		switch r := c.outcome(p.Action); r.answer {
		case fact.No:
			if no != nil && no.errno != r.errno {
				r.errno = ""
			}
			no = &r
		case fact.Yes:
			yes = &r
		default:
			maybe = &r
		}
	}
	switch {
	case maybe == nil && no == nil && yes != nil:
		return *yes
	case maybe == nil && yes == nil && no != nil:
		return *no
	case yes == nil && no == nil && maybe != nil:
		return *maybe
	}
	r := ruling{answer: fact.Unknown}
	if no != nil {
		r.errno = no.errno
	}
	return r
}

// outcome is what an action means to the one who makes the call (seccomp(2), "Returning from a filter").
func (c call) outcome(a seccomp.Action) ruling {
	name := c.name + "(2)"
	switch a = a.Effective(); a.Kind() {
	case seccomp.Allow:
		return ruling{fact.Yes, "", name + " is allowed"}
	case seccomp.Log:
		return ruling{fact.Yes, "", name + " is allowed and logged"}
	case seccomp.Errno:
		if a.Data() == 0 {
			return ruling{fact.No, "", name + " does nothing and says that it succeeded"}
		}
		errno := seccomp.ErrnoName(a.Data())
		return ruling{fact.No, Errno(errno), name + " fails with " + errno}
	case seccomp.Trap:
		return ruling{fact.No, "", name + " raises SIGSYS"}
	case seccomp.KillThread:
		return ruling{fact.No, "", name + " kills the thread"}
	case seccomp.UserNotify:
		return ruling{fact.Unknown, "", name + " is put to a supervisor (SECCOMP_RET_USER_NOTIF)"}
	case seccomp.Trace:
		return ruling{fact.Unknown, "ENOSYS", name + " is put to a tracer (SECCOMP_RET_TRACE), and fails with ENOSYS where there is none"}
	}
	return ruling{fact.No, "", name + " kills the process"}
}
