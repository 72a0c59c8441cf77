package view

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/inspect/filecap"
	"capview/nsinfo"
)

const deletedSuffix = " (deleted)"

func fileBlocks(r Row) []Block {
	exe, ok := r.P.Exe.Get()
	if ok && exe == "" {
		return []Block{{Note: "It has no executable: a kernel thread or a zombie."}}
	}
	b := Block{Title: "Executable", Rows: [][]Cell{pair("path", optText(r.P.Exe))}}
	if strings.HasSuffix(exe, deletedSuffix) {
		b.Rows = append(b.Rows, pair("", Cell{"deleted or replaced since it was started", Notice}))
	}
	if f, ok := r.P.ExeFile.Get(); ok {
		b.Rows = append(b.Rows, inodePairs(r, f)...)
	} else {
		b.Rows = append(b.Rows, pair("inode", gone()))
	}
	return []Block{b, fileCapsBlock(r)}
}

func inodePairs(r Row, f inspect.ExeFile) [][]Cell {
	return [][]Cell{
		pair("device", text(deviceText(f.Device))),
		pair("inode", text(strconv.FormatUint(f.Inode, 10))),
		pair("changed", text(time.Unix(0, f.Ctime).UTC().Format(time.RFC3339))),
		pair("mode", text(fmt.Sprintf("%04o", f.Mode&0o7777))),
		pair("owner", text(uidText(r.Ix, f.UID)+" ("+strconv.FormatUint(uint64(f.UID), 10)+")")),
		pair("group", text(strconv.FormatUint(uint64(f.GID), 10))),
		pair("set-id", setIDCell(r)),
		pair("nosuid", yesNo(f.NoSUID)),
	}
}

// deviceText is major:minor as makedev(3) puts them into a 64-bit dev_t.
func deviceText(dev uint64) string {
	major := dev>>8&0xfff | dev>>32&0xfffff000
	minor := dev&0xff | dev>>12&0xffffff00
	return strconv.FormatUint(major, 10) + ":" + strconv.FormatUint(minor, 10)
}

func yesNo(o inspect.Opt[bool]) Cell {
	switch v, ok := o.Get(); {
	case !ok:
		return gone()
	case v:
		return text("yes")
	}
	return Cell{"no", Muted}
}

func fileCapsBlock(r Row) Block {
	b := Block{Title: "File capabilities"}
	f, ok := r.P.FileCaps.Get()
	switch {
	case !ok:
		b.Rows = [][]Cell{pair("capabilities", gone())}
		return b
	case f.None():
		b.Rows = [][]Cell{pair("capabilities", Cell{"none", Muted})}
		return b
	}
	b.Rows = [][]Cell{
		pair("capabilities", fileCapsCell(r)),
		pair("revision", number(f.Revision)),
		pair("permitted", setOf(r, f.Permitted)),
		pair("inheritable", setOf(r, f.Inheritable)),
		pair("effective", yesNo(inspect.Some(f.Effective))),
	}
	if f.Revision == 3 {
		b.Rows = append(b.Rows, pair("root id", rootIDCell(r, f.RootID)))
	}
	for i, line := range fileCapsMean(r, f) {
		name := ""
		if i == 0 {
			name = "means"
		}
		b.Rows = append(b.Rows, pair(name, line))
	}
	return b
}

func setOf(r Row, s caps.Set) Cell {
	c := Cell{setText(r.Ix, s, ""), Plain}
	if s == 0 {
		c.Role = Muted
	}
	return c
}

func rootIDCell(r Row, id uint32) Cell {
	c := text(strconv.FormatUint(uint64(id), 10))
	switch rootOf(r.Ix, placeOf(r.Ix, r.P), id) {
	case fact.Yes:
		c.Text += ", root where the process is"
	case fact.No:
		c.Text += ", not root where the process is"
	default:
		c.Text += "; whether that is root where the process is cannot be told"
	}
	return c
}

// fileCapsMean says what the file's capabilities come to if this process executes the file, and what is against it.
func fileCapsMean(r Row, f filecap.Caps) []Cell {
	s, known := r.creds().Caps.Get()
	granted, withheld := fileGrant(s, f)
	if known && withheld != 0 && !fileIgnored(r, f) {
		return []Cell{{"executing it fails (EPERM): the file needs " + setText(r.Ix, withheld, "") + ", which the bounding set withholds", Warn}}
	}
	var lines []Cell
	for _, why := range FileCapsIdle(r) {
		lines = append(lines, Cell{"do not count here: " + why, Notice})
	}
	if len(lines) > 0 {
		return lines
	}
	switch {
	case !known:
		return []Cell{{"what an execve would grant cannot be told: the process's sets are unknown", Gone}}
	case granted == 0:
		lines = append(lines, text("executing it grants nothing"))
	case f.Effective:
		lines = append(lines, text("executing it grants "+setText(r.Ix, granted, "")+", effective at once"))
	default:
		lines = append(lines, text("executing it grants "+setText(r.Ix, granted, "")+", effective once the program raises them"))
	}
	if isRoot(r) {
		lines = append(lines, text("and as root all that is in its bounding or inheritable set, unless a securebit is against it"))
	}
	return append(lines, fileUnless(r)...)
}

// fileGrant is what of a file's capabilities an execve by a process with these sets gives it, P' = (fP & bounding) |
// (fI & I), and what the file cannot do without that it does not: then execve fails (capabilities(7), "Transformation of
// capabilities during execve()"; security/commoncap.c bprm_caps_from_vfs_caps).
func fileGrant(s caps.Sets, f filecap.Caps) (granted, withheld caps.Set) {
	granted = f.Permitted&s.Bounding | f.Inheritable&s.Inheritable
	if f.Effective {
		withheld = f.Permitted &^ granted
	}
	return granted, withheld
}

// isRoot tells of a process whose real or effective uid is known to be its user namespace's root.
func isRoot(r Row) bool {
	ids, ok := r.uid().Get()
	u := r.Ix.UserNSOf(r.P)
	if !ok || u == nil {
		return false
	}
	m, _ := u.UIDMap.Get()
	for _, id := range []uint32{ids.Real, ids.Effective} {
		if in, ok := nsinfo.ToInside(m, id); ok && in == 0 {
			return true
		}
	}
	return false
}

// fileUnless is what could not be read and would keep the file's capabilities from counting.
func fileUnless(r Row) (lines []Cell) {
	if file, ok := r.P.ExeFile.Get(); !ok || !file.NoSUID.Known() {
		lines = append(lines, Cell{"unless its mount is nosuid, which could not be read", Gone})
	}
	if !r.creds().NoNewPrivs.Known() {
		lines = append(lines, Cell{"unless no_new_privs is set, which could not be read", Gone})
	}
	return lines
}
