package view

import (
	"strconv"

	"capview/inspect"
)

func seccompBlocks(r Row) []Block {
	c := r.creds()
	b := Block{Rows: [][]Cell{pair("no_new_privs", nnpCell(c.NoNewPrivs))}}
	s, ok := c.Seccomp.Get()
	if !ok {
		b.Rows = append(b.Rows, pair("mode", gone()))
		b.Note = "The seccomp state could not be read: see the gaps."
		return []Block{b}
	}
	b.Rows = append(b.Rows, pair("mode", text(Clean(string(s.Mode)))))
	if s.Mode == inspect.SeccompFilter {
		b.Rows = append(b.Rows, pair("filters", filterCount(s)), pair("profile", profileCell(s.Profile)))
	}
	b.Note = seccompWords(s) + " " + nnpWords(c.NoNewPrivs)
	if s.Mode != inspect.SeccompFilter {
		return []Block{b}
	}
	return append([]Block{b}, policyBlocks(r)...)
}

func filterCount(s inspect.Seccomp) Cell {
	n, ok := s.Filters.Get()
	if !ok {
		return Cell{"? (told by Linux 5.9 and later)", Gone}
	}
	return text(strconv.Itoa(n))
}

func profileCell(o inspect.Opt[string]) Cell {
	c := optText(o)
	if c.Role == Gone {
		c.Text += " (what the filter does is not known)"
	}
	return c
}

func seccompWords(s inspect.Seccomp) string {
	switch s.Mode {
	case inspect.SeccompDisabled:
		return "Every system call reaches the kernel: no filter is attached."
	case inspect.SeccompStrict:
		return "Only read, write, _exit and sigreturn are allowed; anything else kills the thread."
	case inspect.SeccompFilter:
		if n, ok := s.Filters.Get(); ok && n > 1 {
			return "Each system call is put to all " + strconv.Itoa(n) + " filters; the strictest answer counts."
		}
		return "Each system call is put to a filter program, which may allow, refuse, log or trap it, or kill."
	case inspect.SeccompDead:
		return "The thread is dying of a filter."
	}
	return "This capview has no words for that mode."
}

func nnpWords(o inspect.Opt[bool]) string {
	switch v, ok := o.Get(); {
	case !ok:
		return "Whether no_new_privs is set could not be read."
	case v:
		return "no_new_privs: no execve can add to what it has, not by set-id bits nor by file capabilities."
	}
	return "Without no_new_privs an execve of a set-id file or of one with file capabilities can add to what it has."
}
