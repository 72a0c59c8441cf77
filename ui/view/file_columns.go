package view

import (
	"strconv"
	"strings"

	"capview/inspect"
)

func fileColumns() []Column[Row] {
	return []Column[Row]{
		{Key: "filecaps", Title: "FILE CAPS", Doc: "the executable's file capabilities as getcap prints them; ! before those that cannot count", Min: 9, Max: 40, Flex: 1,
			Cell: fileCapsCell, Less: byOpt(func(r Row) inspect.Opt[string] { return fileCapsText(r.P) }),
			Value: func(r Row) any { return value(r.P.FileCaps) }},
		{Key: "setid", Title: "SETID", Doc: "the executable's set-id bits and whose they are; ! before those that cannot count", Min: 7, Max: 24,
			Cell: setIDCell, Less: byOpt(func(r Row) inspect.Opt[string] { return setIDText(r) }),
			Value: func(r Row) any { return value(setIDText(r)) }},
		{Key: "exe", Title: "EXE", Doc: "the executable, as the kernel names it", Min: 12, Max: 60, Flex: 1,
			Cell: func(r Row) Cell { return optText(r.P.Exe) }, Less: byOpt(func(r Row) inspect.Opt[string] { return r.P.Exe }),
			Value: func(r Row) any { return value(r.P.Exe) }},
		{Key: "cmdline", Title: "COMMAND", Doc: "the command line, its arguments separated by spaces", Min: 12, Flex: 3,
			Cell: cmdlineCell, Less: byOpt(func(r Row) inspect.Opt[string] { return cmdlineKey(r.P) }),
			Value: func(r Row) any { return value(r.P.Cmdline) }},
	}
}

// idleMark stands before what cannot count where it is, so that it is seen in a narrow column too.
const idleMark = "! "

func fileCapsText(p *inspect.Process) inspect.Opt[string] {
	f, ok := p.FileCaps.Get()
	switch {
	case !ok:
		return inspect.Opt[string]{}
	case f.None():
		return inspect.Some("")
	}
	return inspect.Some(f.String())
}

func fileCapsCell(r Row) Cell {
	c := optText(fileCapsText(r.P))
	if c.Role != Plain {
		return c
	}
	if len(FileCapsIdle(r)) > 0 {
		c.Text = idleMark + c.Text
	}
	c.Role = Notice
	return c
}

func setIDText(r Row) inspect.Opt[string] {
	f, ok := r.P.ExeFile.Get()
	if !ok {
		if exe, known := r.P.Exe.Get(); known && exe == "" {
			return inspect.Some("") // a kernel thread or a zombie has no executable
		}
		return inspect.Opt[string]{}
	}
	var bits []string
	if f.SetUID() {
		bits = append(bits, "setuid "+uidText(r.Ix, f.UID))
	}
	if f.SetGID() {
		bits = append(bits, "setgid "+strconv.FormatUint(uint64(f.GID), 10))
	}
	return inspect.Some(strings.Join(bits, " "))
}

func setIDCell(r Row) Cell {
	c := optText(setIDText(r))
	if c.Role != Plain {
		return c
	}
	if len(setIDIdle(r)) > 0 {
		c.Text = idleMark + c.Text
	}
	c.Role = Notice
	return c
}

// uidText is a user's name where known, else the number; root has its name anywhere.
func uidText(ix *inspect.Index, uid uint32) string {
	if uid == 0 {
		return "root"
	}
	if name, ok := ix.UserName(uid); ok {
		return Clean(name)
	}
	return strconv.FormatUint(uint64(uid), 10)
}

// cmdlineCell is the command line; "[comm]" for what has none, as ps shows it.
func cmdlineCell(r Row) Cell {
	args, ok := r.P.Cmdline.Get()
	switch {
	case !ok:
		return gone()
	case len(args) == 0:
		return Cell{"[" + Clean(r.P.Comm) + "]", Muted}
	}
	return Cell{joined(args), Plain}
}

func cmdlineKey(p *inspect.Process) inspect.Opt[string] {
	args, ok := p.Cmdline.Get()
	switch {
	case !ok:
		return inspect.Opt[string]{}
	case len(args) == 0:
		return inspect.Some("")
	}
	return inspect.Some(args[0])
}
