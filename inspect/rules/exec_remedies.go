package rules

import (
	"fmt"
	"strings"

	"capview/inspect/caps"
	"capview/inspect/filecap"
)

// execRemedies is the least that would let t execute f.
func execRemedies(t *Task, f *File, errno Errno) []Remedy {
	switch errno {
	case EPERM:
		return incompleteRemedies(t, f.last())
	case EINVAL:
		return []Remedy{{"remove the malformed attribute", "setcap -r " + shellWord(f.last().Path)}}
	case EACCES:
		return []Remedy{{"let its user execute the file, on a mount without noexec", "chmod +x " + shellWord(f.Path)}}
	case ELOOP:
		return []Remedy{{"name a program, not a script, as the interpreter", "the first line of " + shellWord(f.last().Path)}}
	}
	return nil
}

// last is the interpreter at the end of a chain of scripts, which may be a loop.
func (f *File) last() *File {
	for range mostScripts {
		if f.Interpreter == nil {
			break
		}
		f = f.Interpreter
	}
	return f
}

// incompleteRemedies is for a file whose effective flag asks for more than can be had.
func incompleteRemedies(t *Task, f *File) []Remedy {
	c, _ := f.Caps.Get()
	sets, _ := t.Caps.Get()
	missing := c.Permitted &^ (sets.Bounding | c.Inheritable&sets.Inheritable)
	aware, rest := c, c
	aware.Effective = false
	rest.Permitted &^= missing
	list := shorts(missing)
	return []Remedy{
		{"take its effective flag from the file, if the program raises capabilities itself", setcap(aware, f.Path)},
		{"take what is missing from the file's capabilities", setcap(rest, f.Path)},
		{"keep " + missing.Names() + " in the bounding set",
			"docker run --cap-add " + list + "; in Kubernetes securityContext.capabilities.add: [" + list + "]"},
	}
}

// setcap is the command that gives a file these capabilities.
func setcap(c filecap.Caps, path string) string {
	const revision3 = 3
	switch {
	case c.Permitted|c.Inheritable == 0:
		return "setcap -r " + shellWord(path)
	case c.Revision == revision3 && c.RootID != 0:
		return fmt.Sprintf("setcap -n %d %s %s", c.RootID, shellWord(c.TextFor(caps.Last)), shellWord(path))
	}
	return fmt.Sprintf("setcap %s %s", shellWord(c.TextFor(caps.Last)), shellWord(path))
}

// shellWord quotes text so that a shell takes it for one word, whatever is in it.
func shellWord(text string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("/._-+=,:", r)
	}
	if text != "" && strings.IndexFunc(text, func(r rune) bool { return !plain(r) }) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// shorts is a set as runtimes take it: NET_RAW,SYS_TIME.
func shorts(s caps.Set) string {
	var names []string
	s.Each(func(c caps.Cap) { names = append(names, strings.ToUpper(c.Short())) })
	return strings.Join(names, ",")
}
