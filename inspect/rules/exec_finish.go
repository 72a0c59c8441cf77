package rules

import (
	"capview/inspect/caps"
	"capview/inspect/fact"
)

// unsafe takes back what is gained where another could get at it (security/commoncap.c cap_bprm_creds_from_file;
// fs/exec.c check_unsafe_exec).
func (e *exec) unsafe() (outcome, Errno) {
	e.idChanged = e.changesIDs()
	gained := e.new.Caps.Permitted &^ e.old.Permitted
	if !e.idChanged && gained == 0 {
		return goOn, ""
	}
	noNewPrivs := e.noNewPrivs()
	if !noNewPrivs && !e.sharesFS() && !e.tracedWeakly() {
		return goOn, ""
	}
	const source = "execve(2), ptrace(2), prctl(2) PR_SET_NO_NEW_PRIVS; kernel: cap_bprm_creds_from_file"
	if noNewPrivs || !e.old.Effective.Has(caps.SetUID) {
		e.new.UID.Effective, e.new.GID.Effective = e.uid.Real, e.gid.Real
		e.step("unsafe-ids", source, "the effective ids go back to the real ones, %d and %d", e.uid.Real, e.gid.Real)
	} else {
		e.step("unsafe-ids-kept", source, "cap_setuid is effective: the effective ids stay")
	}
	before := e.new.Caps
	e.new.Caps.Permitted &= e.old.Permitted
	e.change(before, "unsafe-caps", source, "nothing is permitted that was not before")
	return goOn, ""
}

// changesIDs tells whether the kernel calls it a change of ids.
func (e *exec) changesIDs() bool {
	uid, gid := e.new.UID.Effective, e.new.GID.Effective
	was := e.fromReal(uid, gid)
	if by, known := e.kernel.EffectiveIDs.Get(); known && !by {
		return was
	}
	now := e.fromEffective(uid, gid)
	if was == now {
		return now
	}
	if e.is(whether(e.kernel.EffectiveIDs), "whether the kernel has commit 337490f0007f", "the kernel has commit 337490f0007f (Linux 6.17)",
		"the kernel does not have commit 337490f0007f (Linux 6.17)") {
		return now
	}
	return was
}

// fromReal is the rule up to Linux 6.16: the effective ids are other than the real ones were.
func (e *exec) fromReal(uid, gid uint32) bool {
	changed := e.same(uid, e.uid.Real).And(e.same(gid, e.gid.Real)).Not()
	return e.is(changed, "what ids are behind 65534", "the effective ids differ from the real ones", "the effective ids are the real ones")
}

// fromEffective is the rule since Linux 6.17: the effective uid is another, or the effective gid none of its groups.
func (e *exec) fromEffective(uid, gid uint32) bool {
	same := e.is(e.same(uid, e.uid.Effective), "what ids are behind 65534", "the effective uid stays", "the effective uid changes")
	return !same || !e.inGroup(gid)
}

func (e *exec) sharesFS() bool {
	shared, known := e.task.SharedFS.Get()
	if !known {
		e.suppose("a process that shares its root and working directory (clone(2) CLONE_FS)")
	}
	if shared {
		e.step("unsafe-shared-fs", "execve(2); kernel: check_unsafe_exec", "another process shares its root and working directory")
	}
	return shared
}

// tracedWeakly tells whether a tracer without CAP_SYS_PTRACE over the task's user namespace is attached.
func (e *exec) tracedWeakly() bool {
	traced, known := e.task.Traced.Get()
	if !known {
		e.suppose("a tracer")
	}
	if !traced {
		return false
	}
	if e.is(whether(e.task.TracerCapable), "whether its tracer has cap_sys_ptrace over its user namespace", "its tracer has cap_sys_ptrace over its user namespace",
		"its tracer does not have cap_sys_ptrace over its user namespace") {
		e.step("traced-capable", "ptrace(2); kernel: ptracer_capable", "it is traced, by one that had cap_sys_ptrace over its user namespace: no reason to hold back")
		return false
	}
	e.step("unsafe-traced", "execve(2), ptrace(2); kernel: ptracer_capable", "it is traced, by one without cap_sys_ptrace over its user namespace")
	return true
}

func (e *exec) suppose(what string) { e.unmodelled = append(e.unmodelled, what) }

// ambient: the saved ids follow; file capabilities and a change of ids clear the ambient set, which else adds to the
// permitted one.
func (e *exec) ambient() (outcome, Errno) {
	e.new.UID.Saved, e.new.UID.FS = e.new.UID.Effective, e.new.UID.Effective
	e.new.GID.Saved, e.new.GID.FS = e.new.GID.Effective, e.new.GID.Effective
	before := e.new.Caps
	const source = transformation + "cap_bprm_creds_from_file"
	if e.hasCaps || e.idChanged {
		e.new.Caps.Ambient = 0
	}
	if before.Ambient != 0 {
		switch {
		case e.hasCaps:
			e.change(before, "ambient-file-caps", source, "the file has capabilities: the ambient set is cleared")
		case e.idChanged:
			e.change(before, "ambient-ids", source, "the effective ids are not what they were: the ambient set is cleared")
		}
	}
	if e.new.Caps.Ambient == 0 {
		return goOn, ""
	}
	before = e.new.Caps
	e.new.Caps.Permitted |= e.new.Caps.Ambient
	e.change(before, "ambient", source, "the ambient set is kept, and permitted")
	return goOn, ""
}

// finish makes the effective set, and clears what does not outlive an execve(2).
func (e *exec) finish() (outcome, Errno) {
	before := e.new.Caps
	if e.effective {
		e.new.Caps.Effective = e.new.Caps.Permitted
		e.change(before, "effective", transformation+"cap_bprm_creds_from_file", "what is permitted becomes effective")
	} else {
		e.new.Caps.Effective = e.new.Caps.Ambient
		e.change(before, "effective-ambient", transformation+"cap_bprm_creds_from_file", "only the ambient set is effective: neither the file's effective flag nor root makes more so")
	}
	if bits, known := e.new.SecureBits.Get(); known && bits&KeepCaps != 0 {
		e.new.SecureBits = fact.Some(bits &^ KeepCaps)
		e.step("keep-caps", `capabilities(7) "The securebits flags" SECBIT_KEEP_CAPS; kernel: cap_bprm_creds_from_file`, "SECBIT_KEEP_CAPS is cleared")
	}
	e.new.SecureExec = e.secure()
	if e.new.SecureExec {
		e.step("secure-exec", "getauxval(3) AT_SECURE, ld.so(8); kernel: cap_bprm_creds_from_file", "the program runs in secure mode: LD_PRELOAD and the like do not count")
	}
	return goOn, ""
}

// secure tells whether the program is told (AT_SECURE) that it has more than who started it.
func (e *exec) secure() bool {
	if e.idChanged || e.fromReal(e.new.UID.Effective, e.new.GID.Effective) {
		return true
	}
	if !e.effective && e.new.Caps.Permitted&^e.new.Caps.Ambient == 0 {
		return false
	}
	return !e.isRoot(e.uid.Real)
}
