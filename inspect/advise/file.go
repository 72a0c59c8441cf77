package advise

import (
	"fmt"
	"strings"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/inspect/filecap"
)

// fileCaps is the capabilities of p's executable that an execve of it counts; false for none, or where it is not known.
func fileCaps(p *inspect.Process) (filecap.Caps, bool) {
	f, known := p.FileCaps.Get()
	exe, _ := p.ExeFile.Get()
	const foreignRoot = 3 // revision 3 is shown for another user namespace's root alone
	if !known || f.None() || exe.NoSUID.Or(false) || f.Revision == foreignRoot && f.RootID != 0 {
		return filecap.Caps{}, false
	}
	return f, true
}

// fileNeeds tells of a capability that an executable of the credential permits and makes effective: where the bounding
// set lacks it, execve fails with EPERM (capabilities(7), "Safety checking for capability-dumb binaries").
func (h *holder) fileNeeds(j *Judgement) bool {
	if j.Held == "" || !strings.Contains(j.Held, "bounding") {
		return false
	}
	for _, p := range h.files {
		f, ok := fileCaps(p)
		if ok && f.Effective && f.Permitted.Has(j.Cap) {
			j.Why = append(j.Why, fmt.Sprintf("not exercised, but %s has %s: without it in the bounding set an execve of it fails (EPERM); setcap(8) takes it off the file", exeName(p), f.Text))
			return true
		}
	}
	return false
}

func exeName(p *inspect.Process) string {
	if exe := p.Exe.Or(""); exe != "" {
		return exe
	}
	return "its executable"
}

// interpreters are programs that run others' text: capabilities of their files are given to all of it.
var interpreters = []string{"sh", "bash", "dash", "ash", "busybox", "python", "perl", "ruby", "node", "java", "php", "lua", "tclsh", "env"}

func isInterpreter(exe string) bool {
	base := exe[strings.LastIndexByte(exe, '/')+1:]
	for _, name := range interpreters {
		if base == name || strings.HasPrefix(base, name) && strings.Trim(base[len(name):], "0123456789.-") == "" {
			return true
		}
	}
	return false
}

// ways points out that what is kept as ambient could come from the file, and the reverse.
func (h *holder) ways(notes []string) []string {
	sets, known := h.sets()
	if !known || h.p == nil {
		return notes
	}
	if ids, ok := h.UID.Get(); !ok || ids.Effective == 0 {
		return notes
	}
	if ambient := h.Keep & sets.Ambient; ambient != 0 {
		notes = append(notes, ambientNote(h, ambient))
	}
	f, ok := fileCaps(h.p)
	if fromFile := h.Keep & sets.Permitted &^ sets.Ambient & f.Permitted; ok && fromFile != 0 {
		notes = append(notes, fmt.Sprintf("%s comes from the file %s; in the ambient set it would work without marking the file, and with no_new_privs, "+
			"but pass to every program that it executes", short(fromFile), exeName(h.p)))
	}
	return notes
}

func ambientNote(h *holder, ambient caps.Set) string {
	text := short(ambient) + " is ambient and passes to every program that it executes"
	exe, _ := h.p.ExeFile.Get()
	switch {
	case h.NNP.Or(false):
		return text + "; file capabilities could not be used instead: no_new_privs keeps them from counting"
	case exe.NoSUID.Or(false):
		return text + "; file capabilities could not be used instead: they do not count on a nosuid mount"
	case isInterpreter(h.p.Exe.Or("")):
		return text + "; " + exeName(h.p) + " runs other programs' text, so its file is no better place for it"
	}
	return text + fmt.Sprintf("; as a file capability (setcap %s=ep on %s) it would stay with this one", ambient.Names(), exeName(h.p))
}

// short is the names of a set as people say them.
func short(s caps.Set) string {
	names := make([]string, 0, s.Count())
	s.Each(func(c caps.Cap) { names = append(names, c.Short()) })
	return strings.Join(names, ", ")
}
