package rules

import (
	"fmt"

	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/nsinfo"
)

// permission: every file of a chain of scripts must be one that the task may execute.
func (e *exec) permission() (outcome, Errno) {
	f := e.file
	for range mostScripts {
		if !e.mayExec(f) {
			return denied, EACCES
		}
		if f.Interpreter == nil {
			return goOn, ""
		}
		f = f.Interpreter
		if !f.Inode.Known() {
			e.gap = "the script's interpreter"
			return cannotTell, ""
		}
	}
	e.step("too-many-scripts", "execve(2) ELOOP; kernel: exec_binprm", "scripts are interpreters of scripts more than %d deep", mostScripts)
	return denied, ELOOP
}

// mostScripts is how many files are opened, the last of which must be no script (kernel: exec_binprm's depth).
const mostScripts = 6

// mayExec tells whether the task may execute f (fs/exec.c do_open_execat, fs/namei.c generic_permission).
func (e *exec) mayExec(f *File) bool {
	if e.is(whether(f.NoExec), "whether "+f.Path+" is on a mount with noexec", "the mount has noexec", "the mount does not have noexec") {
		e.step("noexec", "mount(8) noexec; kernel: path_noexec", "nothing on the mount of %s may be executed", f.Path)
		return false
	}
	i, _ := f.Inode.Get()
	class, bits := e.modeFor(i)
	if bits&1 != 0 {
		return true
	}
	if i.Mode&0o111 == 0 {
		e.step("not-executable", `path_resolution(7) "Permissions"; kernel: generic_permission`, "%s has no execute bit, which no capability makes up for", f.Path)
		return false
	}
	if e.old.Effective.Has(caps.DACOverride) && e.mapped(i.UID, i.GID) {
		e.step("dac-override", `capabilities(7) CAP_DAC_OVERRIDE; kernel: generic_permission`,
			"the mode of %s (%04o) denies it to %s, cap_dac_override in its effective set passes that over", f.Path, i.Mode&0o7777, class)
		return true
	}
	e.step("not-permitted", `path_resolution(7) "Permissions"; kernel: generic_permission`,
		"the mode of %s (%04o) denies it to %s, and cap_dac_override is not effective%s", f.Path, i.Mode&0o7777, class, e.overUnmapped(i))
	return false
}

// overUnmapped explains why an effective cap_dac_override does not count.
func (e *exec) overUnmapped(i Inode) string {
	if e.old.Effective.Has(caps.DACOverride) {
		return fmt.Sprintf(" over a file of uid %d and gid %d, which are not both mapped in its user namespace", i.UID, i.GID)
	}
	return ""
}

// modeFor is the class of a file's users that the task is in, and its three permission bits (kernel:
// acl_permission_check).
func (e *exec) modeFor(i Inode) (class string, bits uint32) {
	if e.is(e.same(i.UID, e.uid.FS), "its uid for file access", "it owns the file", "it does not own the file") {
		return "its owner", i.Mode >> 6 & 7
	}
	if (i.Mode^i.Mode>>3)&1 != 0 && e.inGroup(i.GID) {
		return "its group", i.Mode >> 3 & 7
	}
	return "others", i.Mode & 7
}

// interpreter: a script's credentials come from its interpreter (fs/binfmt_script.c load_script, fs/exec.c
// bprm_creds_from_file).
func (e *exec) interpreter() (outcome, Errno) {
	for e.file.Interpreter != nil {
		script := e.file
		e.file = script.Interpreter
		i, _ := script.Inode.Get()
		e.step("interpreter", `execve(2) "Interpreter scripts"; kernel: load_script`,
			"%s is a script: what is executed, and decides about credentials, is its interpreter %s", script.Path, e.file.Path)
		if i.Mode&0o6000 != 0 {
			e.step("script-set-id", `execve(2) "Interpreter scripts"; kernel: bprm_fill_uid`, "the set-id bits of the script %s do not count", script.Path)
		}
		if c, known := script.Caps.Get(); known && !c.None() {
			e.step("script-caps", `execve(2) "Interpreter scripts"; kernel: get_file_caps`, "the capabilities of the script %s (%s) do not count", script.Path, c)
		}
	}
	return goOn, ""
}

// mount decides whether set-id bits and file capabilities count where the file is (fs/namespace.c mnt_may_suid).
func (e *exec) mount() (outcome, Errno) {
	if !e.mayGain() {
		return goOn, ""
	}
	f := e.file
	if e.is(whether(f.NoSUID), "whether "+f.Path+" is on a mount with nosuid", "the mount has nosuid", "the mount does not have nosuid") {
		e.step("nosuid", "mount(8) nosuid; kernel: mnt_may_suid", "the mount has nosuid: set-id bits and file capabilities do not count")
		return goOn, ""
	}
	own := e.task.Namespaces[nsinfo.Mount]
	here := fact.Unknown
	if in, ok := f.MountNS.Get(); ok && own != 0 && in != 0 {
		here = fact.Is(in == own)
	}
	if !e.is(here, "the mount namespace of "+f.Path, "the mount is in its mount namespace", "the mount is in another mount namespace than its own") {
		e.step("foreign-mount", "kernel: mnt_may_suid, check_mnt", "the mount is in another mount namespace than its own: as if it had nosuid")
		return goOn, ""
	}
	if !e.is(e.superblockAbove(), "the user namespace that mounted "+f.Path,
		"the file system was mounted from its user namespace or one above", "the file system was mounted from a user namespace that is not above its own") {
		e.step("foreign-filesystem", "kernel: mnt_may_suid, current_in_userns",
			"the file system was mounted from a user namespace that is neither its own nor above it: as if it had nosuid")
		return goOn, ""
	}
	e.maySUID = true
	return goOn, ""
}

// mayGain tells whether the file has anything that a mount could keep from counting.
func (e *exec) mayGain() bool {
	i, _ := e.file.Inode.Get()
	c, known := e.file.Caps.Get()
	return i.Mode&0o6000 != 0 || !known || !c.None()
}

// superblockAbove tells whether the file system was mounted from the task's user namespace or one above it.
func (e *exec) superblockAbove() fact.Answer {
	own := e.task.UserNS()
	if sb, ok := e.file.Superblock.Get(); ok {
		return e.users.Within(own, sb)
	}
	if e.users.Within(own, e.task.Owners[nsinfo.Mount]) == fact.Yes {
		return fact.Yes
	}
	return fact.Unknown
}

// whether is a fact that is yes or no, as an answer.
func whether(o fact.Opt[bool]) fact.Answer {
	b, ok := o.Get()
	if !ok {
		return fact.Unknown
	}
	return fact.Is(b)
}

// setID puts the effective ids to those of a set-id file (fs/exec.c bprm_fill_uid).
func (e *exec) setID() (outcome, Errno) {
	i, _ := e.file.Inode.Get()
	if i.Mode&0o6000 == 0 || !e.maySUID {
		return goOn, ""
	}
	if e.noNewPrivs() {
		e.step("set-id-no-new-privs", `prctl(2) PR_SET_NO_NEW_PRIVS; kernel: bprm_fill_uid`, "no_new_privs is set: set-id bits do not count")
		return goOn, ""
	}
	if !e.mapped(i.UID, i.GID) {
		e.step("set-id-unmapped", `user_namespaces(7) "Set-user-ID and set-group-ID programs"; kernel: bprm_fill_uid`,
			"the file's uid %d and gid %d are not both mapped in its user namespace: its set-id bits do not count", i.UID, i.GID)
		return goOn, ""
	}
	if i.Mode&0o4000 != 0 {
		e.new.UID.Effective = i.UID
		e.step("set-user-id", "execve(2); kernel: bprm_fill_uid", "the set-user-ID bit makes the effective uid %d", i.UID)
	}
	switch i.Mode & 0o2010 {
	case 0o2010:
		e.new.GID.Effective = i.GID
		e.step("set-group-id", "execve(2); kernel: bprm_fill_uid", "the set-group-ID bit makes the effective gid %d", i.GID)
	case 0o2000:
		e.step("set-group-id-alone", "inode(7) S_ISGID; kernel: bprm_fill_uid", "the set-group-ID bit does not count without the group's execute bit")
	}
	return goOn, ""
}

func (e *exec) noNewPrivs() bool {
	return e.is(whether(e.task.NoNewPrivs), "its no_new_privs", "no_new_privs is set", "no_new_privs is not set")
}
