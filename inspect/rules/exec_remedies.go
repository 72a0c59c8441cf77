package rules

import (
	"fmt"
	"strings"

	"capview/inspect/caps"
)

// execRemedies is the least that would let t execute f.
func execRemedies(t *Task, f *File, errno Errno) []Remedy {
	switch errno {
	case EPERM:
		return incompleteRemedies(t, f.last())
	case EINVAL:
		return []Remedy{{"remove the malformed attribute", "setcap -r " + f.last().Path}}
	case EACCES:
		return []Remedy{{"let its user execute the file, on a mount without noexec", "chmod +x " + f.Path}}
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

func incompleteRemedies(t *Task, f *File) []Remedy {
	c, _ := f.Caps.Get()
	sets, _ := t.Caps.Get()
	missing := c.Permitted &^ (sets.Bounding | c.Inheritable&sets.Inheritable)
	rest := c
	rest.Permitted &^= missing
	rest.Effective = rest.Permitted|rest.Inheritable != 0
	dumb := c
	dumb.Effective = false
	list := shorts(missing)
	return []Remedy{
		{"give it the file without its effective flag, if the program raises capabilities itself",
			fmt.Sprintf("setcap %q %s", dumb.TextFor(caps.Last), f.Path)},
		{"take what is missing from the file's capabilities", fmt.Sprintf("setcap %q %s", rest.TextFor(caps.Last), f.Path)},
		{"keep " + missing.Names() + " in the bounding set", "docker run --cap-add " + list + "; in Kubernetes securityContext.capabilities.add: [" + list + "]"},
	}
}

// shorts is a set as runtimes take it: NET_RAW,SYS_TIME.
func shorts(s caps.Set) (text string) {
	s.Each(func(c caps.Cap) {
		if text != "" {
			text += ","
		}
		text += strings.ToUpper(c.Short())
	})
	return text
}
