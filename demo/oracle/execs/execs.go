package main

import (
	"fmt"
	"strings"
	"syscall"

	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/inspect/rules"
)

// exec sets a process and a file up, predicts, tries and compares.
func (run *runner) exec() error {
	s := newState(run.r, run.chain, run.limit)
	f, fd, err := run.target(&s)
	if err != nil {
		return err
	}
	if err := run.w.say("exec %s %d %s", s.words(), fd, f.Path); err != nil {
		return err
	}
	h, err := run.w.attempt()
	if err != nil {
		return err
	}
	t := s.task(run.chain, h.before)
	result := rules.Exec(&run.users, &t, &f.File, run.kernel)
	run.execs++
	for _, step := range result.Steps {
		run.rules[step.Rule]++
	}
	predicted, kernel := predictedExec(result.Answer, result.Errno, result.After), h.exec()
	run.outcomes[strings.Fields(kernel)[0]]++
	if predicted != kernel {
		run.disagree("exec", predicted, kernel, result)
	}
	run.unknowing(t, f.File, kernel)
	return nil
}

// target makes the file to be executed, and the interpreters of a script: by its path, or by descriptor from another
// mount namespace.
func (run *runner) target(s *state) (f *file, fd int, err error) {
	r, top := run.r, s.mount
	if r.IntN(10) == 0 {
		level := r.IntN(len(run.chain))
		f, err = newFile(r, run.w, run.chain, s, "r", "", level)
		if err == nil {
			f.MountNS, f.NoSUID, f.NoExec = fact.Some(run.chain[level].mount), fact.Some(false), fact.Some(false)
		}
		return f, level, err
	}
	if f, err = newFile(r, run.w, run.chain, s, "r", "", r.IntN(top+1)); err != nil {
		return nil, 0, err
	}
	if r.IntN(5) > 0 {
		return f, -1, nil
	}
	if r.IntN(10) == 0 {
		f, err = run.loop(s)
		return f, -1, err
	}
	for _, name := range []string{"s", "t"}[:1+r.IntN(2)] {
		script, err := newFile(r, run.w, run.chain, s, name, f.Path, r.IntN(top+1))
		if err != nil {
			return nil, 0, err
		}
		script.Interpreter = &f.File
		f = script
	}
	return f, -1, nil
}

// loop is two scripts that are each other's interpreter.
func (run *runner) loop(s *state) (*file, error) {
	level := run.r.IntN(s.mount + 1)
	path := fmt.Sprintf("%s/L%d/t", run.w.base, level)
	a, err := newFile(run.r, run.w, run.chain, s, "s", path, level)
	if err != nil {
		return nil, err
	}
	b, err := newFile(run.r, run.w, run.chain, s, "t", a.Path, level)
	if err != nil {
		return nil, err
	}
	b.Path, b.NoSUID, b.NoExec = path, fact.Some(false), fact.Some(false)
	a.Interpreter, b.Interpreter = &b.File, &a.File
	return a, nil
}

// predictedExec is an outcome in words that are compared.
func predictedExec(answer fact.Answer, errno rules.Errno, after *rules.Creds) string {
	switch {
	case answer == fact.No:
		return string(errno)
	case after == nil:
		return "unknown"
	}
	return creds(*after)
}

func creds(c rules.Creds) string {
	bits, known := c.SecureBits.Get()
	text := fmt.Sprintf("%x", uint32(bits))
	if !known {
		text = "?"
	}
	return fmt.Sprintf("done uid %v gid %v caps %s securebits %s secure %t", c.UID, c.GID, sets(c.Caps), text, c.SecureExec)
}

func sets(s caps.Sets) string {
	return fmt.Sprintf("I %s P %s E %s B %s A %s", s.Inheritable.Hex(), s.Permitted.Hex(), s.Effective.Hex(), s.Bounding.Hex(), s.Ambient.Hex())
}

// exec is what the kernel did, in the same words.
func (h happened) exec() string {
	if h.errno != 0 {
		return errnoName(h.errno)
	}
	return creds(rules.Creds{Caps: h.after.caps, UID: h.after.uid, GID: h.after.gid,
		SecureBits: fact.Some(rules.SecureBits(h.securebits)), SecureExec: h.secure})
}

func errnoName(n int) string {
	for name, errno := range map[rules.Errno]syscall.Errno{
		rules.EPERM: syscall.EPERM, rules.EACCES: syscall.EACCES, rules.EINVAL: syscall.EINVAL, rules.ELOOP: syscall.ELOOP,
	} {
		if int(errno) == n {
			return string(name)
		}
	}
	return fmt.Sprintf("errno-%d", n)
}

// unknowing hides some facts: an answer that is given then must be right, and if there are several outcomes, one of them.
func (run *runner) unknowing(t rules.Task, f rules.File, kernel string) {
	hide := run.r.Uint32N(1 << 8)
	hideOf(hide, 0, &t.SecureBits)
	hideOf(hide, 1, &t.NoNewPrivs)
	hideOf(hide, 2, &t.Groups)
	hideOf(hide, 3, &f.NoSUID)
	hideOf(hide, 4, &f.MountNS)
	hideOf(hide, 5, &f.Superblock)
	hideOf(hide, 6, &f.Caps)
	hideOf(hide, 7, &t.TracerCapable)
	r := rules.Exec(&run.users, &t, &f, run.kernel)
	run.outcomes["with-facts-hidden:"+r.Answer.String()]++
	if len(r.Outcomes) == 0 {
		if p := predictedExec(r.Answer, r.Errno, r.After); r.Answer != fact.Unknown && !agrees(p, kernel) {
			run.disagree("exec with facts hidden", p, kernel, r)
		}
		return
	}
	var said []string
	for _, o := range r.Outcomes {
		p := predictedExec(o.Answer, o.Errno, o.After)
		if o.Answer == fact.Unknown || agrees(p, kernel) {
			return
		}
		said = append(said, o.If+": "+p)
	}
	run.disagree("exec with facts hidden", strings.Join(said, "\n"), kernel, r)
}

// hideOf makes a fact unknown if the bit is set.
func hideOf[T any](hide uint32, bit int, o *fact.Opt[T]) {
	if hide>>bit&1 == 1 {
		*o = fact.Opt[T]{}
	}
}

// agrees compares, but for securebits that are unknown.
func agrees(predicted, kernel string) bool {
	before, after, cut := strings.Cut(predicted, "securebits ? ")
	if !cut {
		return predicted == kernel
	}
	return strings.HasPrefix(kernel, before) && strings.HasSuffix(kernel, after)
}

// enter has a process join a user namespace, which takes CAP_SYS_ADMIN over it: the walk of cap_capable.
func (run *runner) enter() error {
	s := newState(run.r, run.chain, run.limit)
	s.sharedFS, s.traced = false, untraced
	level := run.r.IntN(len(run.chain))
	if level == s.user {
		return nil // joining one's own is an error of its own
	}
	if err := run.w.say("enter %s %d", s.words(), level); err != nil {
		return err
	}
	h, err := run.w.attempt()
	if err != nil {
		return err
	}
	t := s.task(run.chain, h.before)
	result := rules.Capable(&run.users, &t, caps.SysAdmin, run.chain[level].user)
	run.enters++
	for _, step := range result.Steps {
		run.rules[step.Rule+":"+result.Answer.String()]++
	}
	if (result.Answer == fact.Yes) != (h.errno == 0) || h.errno != 0 && errnoName(h.errno) != string(result.Errno) {
		run.disagree("enter", result.Answer, h.errno, result)
	}
	return nil
}
