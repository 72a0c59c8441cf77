package rules

import (
	"capview/inspect/caps"
	"capview/inspect/fact"
)

// target is what is acted upon; without one, everything of it is unknown.
func (d *trial) target() *TargetTask {
	if d.f.Target != nil {
		return d.f.Target
	}
	return &TargetTask{}
}

// visible: a process outside its PID namespace has no number there.
func (d *trial) visible(g *TargetTask) {
	if g.Same.Or(false) {
		return
	}
	switch g.Visible {
	case fact.No:
		d.step("pid-invisible", "pid_namespaces(7)", "the process is not in its PID namespace nor below it: it has no PID there")
	case fact.Unknown:
		d.gap("whether its PID namespace shows it the process")
	}
	d.need(g.Visible, ESRCH)
}

// kill: kernel check_kill_permission, kill_ok_by_cred.
func (d *trial) kill(Action) {
	const source = "kill(2); kernel: kill_ok_by_cred"
	g := d.target()
	if d.visible(g); d.denied {
		return
	}
	if same, ok := known(d, g.Same, "whether it is the process itself"); ok && same {
		d.step("kill-self", source, "a process may send signals to itself")
		return
	}
	mine, ok := d.t.UID.Get()
	its, known := g.UID.Get()
	is := fact.Unknown
	if ok && known {
		is = d.anyOf(mine.Effective, its.Saved, its.Real).Or(d.anyOf(mine.Real, its.Saved, its.Real))
	}
	switch is {
	case fact.Yes:
		d.step("kill-same-user", source, "its real or effective uid is the real or saved uid of the process")
		return
	case fact.No:
		d.step("kill-other-user", source,
			"neither its real nor its effective uid is the real or saved uid of the process: it takes cap_kill over that one's user namespace")
	default:
		d.gap("the uids of both")
	}
	d.need(is.Or(d.capable(caps.Kill, g.UserNS())), EPERM)
}

// ptrace: kernel ptrace_attach, __ptrace_may_access with PTRACE_MODE_ATTACH_REALCREDS.
func (d *trial) ptrace(Action) {
	const source = `ptrace(2) "Ptrace access mode checking"; kernel: __ptrace_may_access`
	g := d.target()
	d.visible(g)
	d.forbid(g.KernelThread, "ptrace-kernel-thread", source, "it is one of the kernel's own threads", "whether it is a kernel thread")
	d.forbid(g.Same, "ptrace-self", source, "a process cannot attach to itself", "whether it is the process itself")
	if d.denied {
		return
	}
	over := Allowed(d.u, d.t, caps.SysPtrace, g.UserNS())
	for _, check := range []func() fact.Answer{
		func() fact.Answer { return d.sameUser(g, source).Or(over) },
		func() fact.Answer { return d.dumpable(g, over, source) },
		func() fact.Answer { return d.commoncap(g).Or(over) },
		func() fact.Answer { return d.yama(g, over) },
	} {
		if !d.denied {
			d.need(check(), EPERM)
		}
	}
	if d.denied || len(d.errnos) > 0 || over == fact.Yes {
		d.capable(caps.SysPtrace, g.UserNS())
	}
	d.forbid(g.Exited, "ptrace-exited", "kernel: ptrace_attach", "it has ended already", "whether it has ended")
	d.forbid(g.Traced, "ptrace-traced", "kernel: ptrace_attach", "it has a tracer already", "whether it has a tracer")
}

// forbid is a fact that alone denies, with EPERM.
func (d *trial) forbid(bad fact.Opt[bool], rule, source, because, what string) {
	d.deny(bad, rule, source, because, what, EPERM)
}

// sameUser: the real uid and gid are all three of the target's.
func (d *trial) sameUser(g *TargetTask, source string) fact.Answer {
	uid, ok1 := d.t.UID.Get()
	gid, ok2 := d.t.GID.Get()
	itsUID, ok3 := g.UID.Get()
	itsGID, ok4 := g.GID.Get()
	is := fact.Unknown
	if ok1 && ok3 {
		is = d.all(uid.Real, itsUID)
	}
	if ok2 && ok4 {
		is = is.And(d.all(gid.Real, itsGID))
	} else {
		is = is.And(fact.Unknown)
	}
	switch is {
	case fact.Yes:
		d.step("ptrace-same-user", source, "its real uid and gid are the real, effective and saved ones of the process")
	case fact.No:
		d.step("ptrace-other-user", source,
			"its real uid and gid are not the real, effective and saved ones of the process: it takes cap_sys_ptrace over that one's user namespace")
	default:
		d.gap("the uids and gids of both")
	}
	return is
}

func (d *trial) all(id uint32, ids IDs) fact.Answer {
	return d.same(id, ids.Real).And(d.same(id, ids.Effective)).And(d.same(id, ids.Saved))
}

// dumpable: what is not dumpable takes the capability over the user namespace its program was started in, which is the
// target's own or one above it.
func (d *trial) dumpable(g *TargetTask, over fact.Answer, source string) fact.Answer {
	is, ok := g.Dumpable.Get()
	if ok && is || g.Same.Or(false) {
		return fact.Yes
	}
	above := d.overProgram(g, over)
	if ok {
		d.step("ptrace-not-dumpable", source,
			"the process is not dumpable (it changed its ids, or its program may not be read): it takes cap_sys_ptrace over the user namespace its program was started in")
		if above == fact.Unknown {
			d.gap("the user namespace the program of the process was started in")
		}
		return above
	}
	if above != fact.Yes {
		d.gap("whether the process is dumpable")
	}
	return above.Or(fact.Unknown)
}

// overProgram is cap_sys_ptrace over the user namespace the target's program was started in. Who has it over that one has
// it over those below, so who lacks it over the target's own lacks it there.
func (d *trial) overProgram(g *TargetTask, over fact.Answer) fact.Answer {
	if over == fact.No {
		return fact.No
	}
	if at, ok := g.ProgramNS.Get(); ok {
		return Allowed(d.u, d.t, caps.SysPtrace, at)
	}
	above := Allowed(d.u, d.t, caps.SysPtrace, d.u.Initial())
	if above == fact.No && g.UserNS() != d.u.Initial() {
		return fact.Unknown
	}
	return above
}

// commoncap: kernel cap_ptrace_access_check: the target may hold nothing that the task has not.
func (d *trial) commoncap(g *TargetTask) fact.Answer {
	const source = "kernel: cap_ptrace_access_check"
	mine, ok := d.t.Caps.Get()
	its, known := g.Caps.Get()
	switch {
	case d.own() == 0 || g.UserNS() == 0:
		d.gap("the user namespaces of both")
		return fact.Unknown
	case d.own() != g.UserNS():
		d.step("ptrace-other-userns", source, "the process is in another user namespace, %s: it takes cap_sys_ptrace over that", d.u.name(g.UserNS()))
		return fact.No
	case !ok || !known:
		d.gap("the permitted sets of both")
		return fact.Unknown
	case its.Permitted&^mine.Permitted != 0:
		d.step("ptrace-more-capable", source, "the process has %s permitted, which it has not: it takes cap_sys_ptrace",
			(its.Permitted &^ mine.Permitted).Names())
		return fact.No
	}
	return fact.Yes
}

// yama: kernel yama_ptrace_access_check.
func (d *trial) yama(g *TargetTask, over fact.Answer) fact.Answer {
	const source = "ptrace(2) /proc/sys/kernel/yama/ptrace_scope"
	scope, ok := known(d, d.f.PtraceScope, "kernel.yama.ptrace_scope")
	switch {
	case !ok:
		return fact.Unknown
	case scope == 0 || scope == 1 && over == fact.Yes:
		return fact.Yes
	case scope == 1:
		d.step("yama-descendants", source, "kernel.yama.ptrace_scope is 1: without cap_sys_ptrace only descendants, and who named it by PR_SET_PTRACER")
		if !g.Descendant.Or(false) {
			d.gap("whether the process has allowed it by PR_SET_PTRACER")
		}
		return orMaybe(g.Descendant)
	case scope == 2:
		d.step("yama-capable", source, "kernel.yama.ptrace_scope is 2: it takes cap_sys_ptrace")
		return over
	}
	d.step("yama-none", source, "kernel.yama.ptrace_scope is %d: nobody may attach", scope)
	return fact.No
}

// orMaybe is Yes for a known true, else Unknown: what is not so may be allowed otherwise.
func orMaybe(o fact.Opt[bool]) fact.Answer {
	if o.Or(false) {
		return fact.Yes
	}
	return fact.Unknown
}
