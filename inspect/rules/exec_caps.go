package rules

import (
	"fmt"

	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/inspect/filecap"
)

const transformation = `capabilities(7) "Transformation of capabilities during execve()"; kernel: `

// fileCaps puts the permitted set to what the file gives (security/commoncap.c get_file_caps).
func (e *exec) fileCaps() (outcome, Errno) {
	before := e.new.Caps
	e.new.Caps.Permitted = 0
	f := e.file
	c, known := f.Caps.Get()
	switch {
	case known && c.None():
		e.change(before, "no-file-caps", transformation+"get_file_caps", "the file has no capabilities: the permitted set starts empty")
		return goOn, ""
	case e.kernel.FileCapsOff:
		e.change(before, "file-caps-off", "capabilities(7) no_file_caps; kernel: get_file_caps", "the kernel was started with no_file_caps: the permitted set starts empty")
		return goOn, ""
	case !e.maySUID:
		e.change(before, "file-caps-mount", transformation+"get_file_caps", "file capabilities do not count on this mount: the permitted set starts empty")
		return goOn, ""
	case f.BadCaps:
		e.step("file-caps-malformed", "kernel: get_vfs_caps_from_disk", "the file's security.capability attribute is malformed: executing it fails")
		return denied, EINVAL
	case !known:
		e.gap = "the capabilities of " + f.Path
		return cannotTell, ""
	case !e.rootCounts(c):
		e.change(before, "file-caps-root", `capabilities(7) "Namespaced file capabilities"; kernel: rootid_owns_currentns`,
			"the file's capabilities (%s) are for a user namespace whose root is uid %d, which is root neither of its own nor of one above: the permitted set starts empty",
			c, c.RootID)
		return goOn, ""
	}
	e.hasCaps, e.effective = true, c.Effective
	return e.fromFile(before, c)
}

// rootCounts tells whether the root that file capabilities are for is uid 0 of the task's user namespace or of one
// above it. The reader is given revision 1 and 2 only for its own root, or one above that.
func (e *exec) rootCounts(c filecap.Caps) bool {
	const revision3 = 3
	if c.Revision < revision3 {
		return true
	}
	counts := fact.No
	ns := e.task.UserNS()
	for range deepest {
		inside, mapped := e.users.UIDInside(ns, c.RootID)
		counts = counts.Or(mapped.And(fact.Is(mapped != fact.Yes || inside == 0)))
		parent, ok := e.users.Parent(ns)
		if !ok {
			counts = counts.Or(fact.Unknown)
		}
		if parent == 0 {
			break
		}
		ns = parent
	}
	return e.is(counts, fmt.Sprintf("where uid %d is root", c.RootID),
		fmt.Sprintf("uid %d is root of its user namespace or of one above", c.RootID),
		fmt.Sprintf("uid %d is root neither of its user namespace nor of one above", c.RootID))
}

// fromFile is P' = (F(permitted) & bounding) | (F(inheritable) & inheritable) and the check for programs that know
// nothing of capabilities (security/commoncap.c bprm_caps_from_vfs_caps).
func (e *exec) fromFile(before caps.Sets, c filecap.Caps) (outcome, Errno) {
	valid := caps.Full(e.kernel.LastCap)
	permitted := c.Permitted & valid
	e.new.Caps.Permitted = permitted&e.old.Bounding | c.Inheritable&valid&e.old.Inheritable
	e.change(before, "file-caps", transformation+"bprm_caps_from_vfs_caps",
		"the file has capabilities (%s): permitted is what it permits within the bounding set, and what both it and the process inherit", c)
	missing := permitted &^ e.new.Caps.Permitted
	switch {
	case missing == 0:
	case c.Effective:
		e.step("file-caps-incomplete", `capabilities(7) "Safety checking for capability-dumb binaries"; kernel: bprm_caps_from_vfs_caps`,
			"the bounding set lacks %s, which the file permits; the file's effective flag says that the program cannot tell, so it is not executed, not even by root",
			missing.Names())
		return denied, EPERM
	default:
		e.step("file-caps-partial", transformation+"bprm_caps_from_vfs_caps", "the bounding set lacks %s, which the file permits: that is not gained", missing.Names())
	}
	return goOn, ""
}

// root gives uid 0 of the user namespace every capability of the bounding set (security/commoncap.c
// handle_privileged_root).
func (e *exec) root() (outcome, Errno) {
	const source = `capabilities(7) "Capabilities and execution of programs by root"; kernel: handle_privileged_root`
	real, eff := e.isRoot(e.uid.Real), e.isRoot(e.new.UID.Effective)
	if !real && !eff {
		return goOn, ""
	}
	if e.noRoot() {
		e.step("noroot", `capabilities(7) "The securebits flags" SECBIT_NOROOT; kernel: root_privileged`, "securebits have SECBIT_NOROOT: being root gives nothing")
		return goOn, ""
	}
	if e.hasCaps && !real {
		e.step("root-file-caps", source, "it becomes root by its effective uid alone, and the file has capabilities: only those count")
		return goOn, ""
	}
	before := e.new.Caps
	e.new.Caps.Permitted = e.old.Bounding | e.old.Inheritable
	if !eff {
		e.change(before, "root-real", source, "its real uid alone is root: permitted is the bounding and the inheritable set, but does not become effective for that")
		return goOn, ""
	}
	e.effective = true
	e.change(before, "root", source, "its effective uid is root: permitted is the bounding and the inheritable set, and becomes effective")
	return goOn, ""
}

func (e *exec) noRoot() bool {
	set := fact.Unknown
	if bits, ok := e.task.SecureBits.Get(); ok {
		set = fact.Is(bits&NoRoot != 0)
	}
	return e.is(set, "its securebits", "its securebits have SECBIT_NOROOT", "its securebits do not have SECBIT_NOROOT")
}
