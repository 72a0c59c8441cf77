package cgroup

import "strings"

// units follows systemd's part of a path: slices, then one unit; under user@UID.service, whose subtree is its
// user's manager's, slices and one unit again. What is below belongs to the unit.
type units struct {
	done                   bool
	outermost              string // the first unit, be it a user's manager
	path                   string // through the unit
	unit, manager          string
	slice                  string // the innermost
	session, uid, sliceUID string
}

// see takes the next component, with the path that ends in it.
func (u *units) see(c, path string) {
	if u.done {
		return
	}
	above := u.sliceUID
	u.sliceUID = ""
	name := strings.TrimPrefix(c, "_") // systemd so escapes names the kernel has files of (cg_escape)
	switch {
	case isSlice(name):
		u.slice = name
		if uid := between(name, "user-", ".slice"); u.unit == "" && isNumber(uid) {
			u.uid, u.sliceUID = uid, uid
		}
	case !isUnit(name):
		u.done = true
	default:
		u.enter(name, path, above)
	}
}

// enter takes a unit; uid is whose user slice is directly above it.
func (u *units) enter(name, path, uid string) {
	if u.outermost == "" {
		u.outermost = name
	}
	u.unit, u.path = name, path
	if manager := between(name, "user@", ".service"); u.manager == "" && isNumber(manager) {
		u.manager, u.uid = name, manager
		return
	}
	u.done = true
	if uid != "" {
		u.session = between(name, "session-", ".scope")
	}
}

func (u *units) describe(id *Identity) {
	id.Unit, id.Slice, id.Session, id.UID = u.unit, u.slice, u.session, u.uid
	if u.manager != u.unit {
		id.Manager = u.manager
	}
}

var unitSuffixes = [...]string{".service", ".scope", ".socket", ".mount", ".swap"}

// isUnit tells whether systemd could have made the cgroup for a unit: those types have processes
// (systemd.unit(5)).
func isUnit(name string) bool {
	for _, s := range unitSuffixes {
		if strings.HasSuffix(name, s) {
			return len(name) > len(s) && unitChars(name)
		}
	}
	return false
}

func isSlice(name string) bool {
	return len(name) > len(".slice") && strings.HasSuffix(name, ".slice") && unitChars(name)
}

// unitChars tells whether name has only what unit names may have (systemd.unit(5), "Description").
func unitChars(name string) bool {
	for i := range len(name) {
		if !unitChar[name[i]] {
			return false
		}
	}
	return true
}

var unitChar = func() (ok [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@") {
		ok[c] = true
	}
	return ok
}()

// unescape undoes systemd's \x2d in a unit's name (systemd-escape(1)). What is no such escape stays, and so do
// escapes of what no machine's name has: a "/" or control byte would mislead later on.
func unescape(s string) string {
	if !strings.Contains(s, `\x`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c, ok := escaped(s[i:])
		if ok {
			i += len(`\x2d`) - 1
		} else {
			c = s[i]
		}
		b.WriteByte(c)
	}
	return b.String()
}

// escaped is the byte that an escape at the start of s stands for.
func escaped(s string) (byte, bool) {
	if len(s) < 4 || s[:2] != `\x` || !isHex(s[2:4]) {
		return 0, false
	}
	c := nibble(s[2])<<4 | nibble(s[3])
	return c, c > ' ' && c < 0x7f && c != '/'
}

func nibble(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c - 'a' + 10
}
