package rules

import (
	"fmt"

	"capview/inspect/caps"
	"capview/inspect/fact"
)

// exec is one run through the kernel's execve(2), in one state of what is not known.
type exec struct {
	*world
	users  *Users
	task   *Task
	kernel Kernel
	file   *File // whose credentials count

	uid, gid IDs // before
	old      caps.Sets
	new      Creds

	maySUID   bool // set-id bits and file capabilities count on the file's mount
	effective bool // the permitted set is to become effective
	hasCaps   bool // the file has capabilities that count
	idChanged bool

	steps      []Step
	unmodelled []string
	gap        string // what is not known and cannot be supposed
}

// outcome is whether a stage lets the execve(2) go on.
type outcome uint8

const (
	goOn outcome = iota
	denied
	cannotTell
)

// stages is the kernel's order (fs/exec.c bprm_execve, begin_new_exec; security/commoncap.c
// cap_bprm_creds_from_file).
var stages = [...]func(*exec) (outcome, Errno){
	(*exec).permission,
	(*exec).interpreter,
	(*exec).mount,
	(*exec).setID,
	(*exec).fileCaps,
	(*exec).root,
	(*exec).unsafe,
	(*exec).ambient,
	(*exec).finish,
}

// Exec tells what credentials t has after executing f, or with which error that fails. Answer is Yes where it
// succeeds.
func Exec(u *Users, t *Task, f *File, k Kernel) Result {
	if gaps := essentials(t, f); len(gaps) > 0 {
		return Result{Answer: fact.Unknown, Gaps: gaps, Unmodelled: execUnmodelled()}
	}
	tree := explore(nil, func(w *world) leaf { return run(w, u, t, f, k) })
	r := tree.result()
	r.Unmodelled = append(execUnmodelled(), r.Unmodelled...)
	if r.Answer == fact.No {
		r.Remedies = execRemedies(t, f, r.Errno)
	}
	return r
}

// execUnmodelled is what else may have a say in any execve(2).
func execUnmodelled() []string {
	return []string{"LSM policy (SELinux, AppArmor)", "seccomp filters", "search permission on the path's directories, POSIX ACLs"}
}

// essentials is what no answer can do without.
func essentials(t *Task, f *File) (gaps []string) {
	for _, need := range []struct {
		known bool
		what  string
	}{
		{t.Caps.Known(), "its capability sets"}, {t.UID.Known(), "its uids"}, {t.GID.Known(), "its gids"},
		{t.UserNS() != 0, "its user namespace"}, {f.Inode.Known(), "the mode and owner of " + f.Path},
	} {
		if !need.known {
			gaps = append(gaps, need.what)
		}
	}
	return gaps
}

func run(w *world, u *Users, t *Task, f *File, k Kernel) leaf {
	e := &exec{world: w, users: u, task: t, kernel: k, file: f}
	e.old, _ = t.Caps.Get()
	e.uid, _ = t.UID.Get()
	e.gid, _ = t.GID.Get()
	e.new = Creds{Caps: e.old, UID: e.uid, GID: e.gid, SecureBits: t.SecureBits}
	for _, stage := range stages {
		switch out, errno := stage(e); out {
		case denied:
			return leaf{answer: fact.No, errno: errno, steps: e.steps, unmodelled: e.unmodelled}
		case cannotTell:
			return leaf{gap: e.gap, steps: e.steps, unmodelled: e.unmodelled}
		}
	}
	return leaf{answer: fact.Yes, after: e.new, steps: e.steps, unmodelled: e.unmodelled}
}

// step notes a rule that had a part in it.
func (e *exec) step(rule, source, format string, args ...any) {
	e.steps = append(e.steps, Step{Rule: rule, Source: source, Because: fmt.Sprintf(format, args...)})
}

// change notes a rule that changed the sets from what they were before.
func (e *exec) change(before caps.Sets, rule, source, format string, args ...any) {
	e.step(rule, source, format, args...)
	if before != e.new.Caps {
		e.steps[len(e.steps)-1].Sets = &Change{before, e.new.Caps}
	}
}

// same tells whether two ids of the reader's numbers are one.
func (e *exec) same(a, b uint32) fact.Answer {
	if a == b && !e.users.exact(a) {
		return fact.Unknown
	}
	return fact.Is(a == b)
}

// inGroup tells whether the task is in a group (kernel: in_group_p, which looks at the gid for file access).
func (e *exec) inGroup(gid uint32) bool {
	in := e.same(gid, e.gid.FS)
	groups, known := e.task.Groups.Get()
	if !known {
		in = in.Or(fact.Unknown)
	}
	for _, g := range groups {
		in = in.Or(e.same(gid, g))
	}
	return e.is(in, "its groups", fmt.Sprintf("it is in group %d", gid), fmt.Sprintf("it is not in group %d", gid))
}

// mapped tells whether a uid and a gid both have a number in the task's user namespace.
func (e *exec) mapped(uid, gid uint32) bool {
	_, u := e.users.UIDInside(e.task.UserNS(), uid)
	_, g := e.users.GIDInside(e.task.UserNS(), gid)
	return e.is(u.And(g), "the id maps of its user namespace",
		fmt.Sprintf("uid %d and gid %d are mapped in its user namespace", uid, gid),
		fmt.Sprintf("uid %d or gid %d is not mapped in its user namespace", uid, gid))
}

// isRoot tells whether a uid is 0 in the task's user namespace.
func (e *exec) isRoot(uid uint32) bool {
	root, is := e.users.Root(e.task.UserNS())
	if is == fact.Yes {
		is = e.same(uid, root)
	}
	return e.is(is, "the uid map of its user namespace",
		fmt.Sprintf("uid %d is 0 in its user namespace", uid), fmt.Sprintf("uid %d is not 0 in its user namespace", uid))
}
