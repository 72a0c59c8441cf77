package view

import (
	"strconv"

	"capview/inspect"
	"capview/inspect/fact"
	"capview/inspect/filecap"
	"capview/nsinfo"
)

// FileCapsIdle is why the executable's file capabilities would grant r nothing at an execve, as far as is known; nil
// where nothing known is against them. The rules are those of security/commoncap.c (cap_bprm_creds_from_file).
func FileCapsIdle(r Row) []string {
	f, ok := r.P.FileCaps.Get()
	if !ok || f.None() {
		return nil
	}
	why := setIDIdle(r)
	if foreignRoot(r, f) {
		why = append(why, "root id "+strconv.FormatUint(uint64(f.RootID), 10)+
			" is not root in the process's user namespace or one around it")
	}
	return why
}

// foreignRoot tells that the capabilities are for another user namespace than the process's and those around it.
func foreignRoot(r Row, f filecap.Caps) bool {
	return f.Revision == 3 && rootOf(r.Ix, placeOf(r.Ix, r.P), f.RootID) == fact.No
}

// fileIgnored tells that the kernel does not look at the file's capabilities at all. Under no_new_privs it does: they can
// still make execve fail.
func fileIgnored(r Row, f filecap.Caps) bool {
	exe, _ := r.P.ExeFile.Get()
	return exe.NoSUID.Or(false) || foreignRoot(r, f)
}

// setIDIdle is what keeps set-id bits and file capabilities from counting alike: mnt_may_suid and no_new_privs.
func setIDIdle(r Row) (why []string) {
	if f, ok := r.P.ExeFile.Get(); ok && f.NoSUID.Or(false) {
		why = append(why, "the file's mount is nosuid")
	}
	if r.creds().NoNewPrivs.Or(false) {
		why = append(why, "no_new_privs is set: an execve adds nothing")
	}
	return why
}

// rootOf tells whether uid, in the reader's user namespace, is root in the namespace at or in one around it:
// rootid_owns_currentns of security/commoncap.c.
func rootOf(ix *inspect.Index, at place, uid uint32) fact.Answer {
	if !at.known {
		return fact.Unknown
	}
	for inode, steps := at.inode, 0; inode != ix.Host.UserNamespace; steps++ {
		u := ix.UserNamespace(inode)
		if u == nil || steps > maxLevels {
			return fact.Unknown
		}
		m, ok := u.UIDMap.Get()
		if !ok {
			return fact.Unknown
		}
		if in, ok := nsinfo.ToInside(m, uid); ok && in == 0 {
			return fact.Yes
		}
		if inode, ok = u.Parent.Get(); !ok {
			return fact.Unknown
		}
	}
	if uid == 0 {
		return fact.Yes
	}
	return fact.No
}

// maxLevels is how deep user namespaces nest (user_namespaces(7)); a snapshot's parents may go in a circle.
const maxLevels = 33
