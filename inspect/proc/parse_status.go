package proc

import (
	"bytes"
	"errors"
	"fmt"

	"capview/inspect"
	"capview/inspect/caps"
)

// status is what capview needs of /proc/PID/status (proc_pid_status(5)); slices point into the text that was parsed.
// What an older kernel does not print stays unknown.
type status struct {
	name    []byte // Name, still escaped as the kernel escapes it: \n and \\
	state   byte
	pid     int
	ppid    int
	threads int
	uid     inspect.Opt[inspect.IDs]
	gid     inspect.Opt[inspect.IDs]
	groups  []byte // the numbers after "Groups:", unparsed; nil where the line is missing
	creds   inspect.Creds
	parts   statusParts
}

// statusField is a line that capview reads: its key, and what takes its value.
type statusField struct {
	key   string
	parse func(*status, []byte) error
}

// statusParts collects lines that make a fact together: all five Cap* lines must be there for the sets to be known.
type statusParts struct {
	sets    caps.Sets
	seen    int
	filters inspect.Opt[int]
	mode    inspect.SeccompMode
}

// statusFields are in the kernel's order (fs/proc/array.c proc_pid_status), so that parseStatus goes through text and
// table once.
var statusFields = []statusField{
	{"Name", func(s *status, v []byte) error { s.name = v; return nil }},
	{"State", func(s *status, v []byte) error {
		if len(v) == 0 {
			return errors.New("empty")
		}
		s.state = v[0]
		return nil
	}},
	{"Pid", func(s *status, v []byte) error { return intInto(&s.pid, v) }},
	{"PPid", func(s *status, v []byte) error { return intInto(&s.ppid, v) }},
	{"Uid", func(s *status, v []byte) error { return idsInto(&s.uid, v) }},
	{"Gid", func(s *status, v []byte) error { return idsInto(&s.gid, v) }},
	{"Groups", func(s *status, v []byte) error { s.groups = v; return nil }},
	{"Threads", func(s *status, v []byte) error { return intInto(&s.threads, v) }},
	{"CapInh", func(s *status, v []byte) error { return s.parts.setInto(&s.parts.sets.Inheritable, v) }},
	{"CapPrm", func(s *status, v []byte) error { return s.parts.setInto(&s.parts.sets.Permitted, v) }},
	{"CapEff", func(s *status, v []byte) error { return s.parts.setInto(&s.parts.sets.Effective, v) }},
	{"CapBnd", func(s *status, v []byte) error { return s.parts.setInto(&s.parts.sets.Bounding, v) }},
	{"CapAmb", func(s *status, v []byte) error { return s.parts.setInto(&s.parts.sets.Ambient, v) }},
	{"NoNewPrivs", func(s *status, v []byte) error {
		var n int
		err := intInto(&n, v)
		s.creds.NoNewPrivs = inspect.Some(n != 0)
		return err
	}},
	{"Seccomp", func(s *status, v []byte) error { return s.parts.modeInto(v) }},
	{"Seccomp_filters", func(s *status, v []byte) error {
		var n int
		err := intInto(&n, v)
		s.parts.filters = inspect.Some(n)
		return err
	}},
}

// parseStatus reads the text of a status file into st, which must be zero. An error names the line that is not as the
// kernel writes it; what stands before that line is in st.
func parseStatus(text []byte, st *status) error {
	defer st.finish()
	next := 0
	for len(text) > 0 {
		line := text
		if i := bytes.IndexByte(text, '\n'); i >= 0 {
			line, text = text[:i], text[i+1:]
		} else {
			text = nil
		}
		i := bytes.IndexByte(line, ':')
		if i < 0 {
			return fmt.Errorf("status: line %.40q has no colon", line)
		}
		for f := next; f < len(statusFields); f++ {
			if statusFields[f].key != string(line[:i]) {
				continue
			}
			if err := statusFields[f].parse(st, trim(line[i+1:])); err != nil {
				return fmt.Errorf("status: %s: %w", statusFields[f].key, err)
			}
			next = f + 1
			break
		}
		if next == len(statusFields) {
			break
		}
	}
	return nil
}

// finish makes facts of what was complete.
func (st *status) finish() {
	c := &st.parts
	if c.seen == 5 {
		st.creds.Caps = inspect.Some(c.sets)
	}
	if c.mode != "" {
		st.creds.Seccomp = inspect.Some(inspect.Seccomp{Mode: c.mode, Filters: c.filters})
	}
}

func (c *statusParts) setInto(dst *caps.Set, v []byte) error {
	if len(v) == 0 || len(v) > 16 {
		return fmt.Errorf("%.20q is no capability mask", v)
	}
	var m uint64
	for _, b := range v {
		d := hexDigit(b)
		if d > 15 {
			return fmt.Errorf("%.20q is no capability mask", v)
		}
		m = m<<4 | uint64(d)
	}
	*dst = caps.Set(m)
	c.seen++
	return nil
}

// seccompModes is SECCOMP_MODE_DISABLED, STRICT, FILTER of <linux/seccomp.h>, and the internal SECCOMP_MODE_DEAD of
// kernel/seccomp.c.
var seccompModes = [...]inspect.SeccompMode{inspect.SeccompDisabled, inspect.SeccompStrict, inspect.SeccompFilter, inspect.SeccompDead}

// modeInto reads the Seccomp line.
func (c *statusParts) modeInto(v []byte) error {
	var n int
	if err := intInto(&n, v); err != nil {
		return err
	}
	if n >= len(seccompModes) {
		return fmt.Errorf("unknown mode %d", n)
	}
	c.mode = seccompModes[n]
	return nil
}

func hexDigit(b byte) byte {
	switch {
	case b >= '0' && b <= '9':
		return b - '0'
	case b >= 'a' && b <= 'f':
		return b - 'a' + 10
	}
	return 255
}

func trim(b []byte) []byte {
	for len(b) > 0 && (b[0] == '\t' || b[0] == ' ') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == '\t' || b[len(b)-1] == ' ') {
		b = b[:len(b)-1]
	}
	return b
}

// number reads a decimal at the start of b that fits 64 bits, and what follows it.
func number(b []byte) (n uint64, rest []byte, ok bool) {
	i := 0
	for ; i < len(b) && b[i] >= '0' && b[i] <= '9'; i++ {
		d := uint64(b[i] - '0')
		if n > (^uint64(0)-d)/10 {
			return 0, b, false
		}
		n = n*10 + d
	}
	return n, b[i:], i > 0
}

func intInto(dst *int, v []byte) error {
	n, rest, ok := number(v)
	if !ok || len(rest) != 0 || n > 1<<31-1 {
		return fmt.Errorf("%.20q is no number", v)
	}
	*dst = int(n)
	return nil
}

// idsInto reads "real effective saved fs".
func idsInto(dst *inspect.Opt[inspect.IDs], v []byte) error {
	var id [4]uint32
	rest := v
	for i := range id {
		n, r, ok := number(trim(rest))
		if !ok || n > 1<<32-1 {
			return fmt.Errorf("%.60q is not four ids", v)
		}
		id[i], rest = uint32(n), r
	}
	if len(trim(rest)) != 0 {
		return fmt.Errorf("%.60q is not four ids", v)
	}
	*dst = inspect.Some(inspect.IDs{Real: id[0], Effective: id[1], Saved: id[2], FS: id[3]})
	return nil
}

// parseGroups reads the numbers of the Groups line.
func parseGroups(v []byte) ([]uint32, error) {
	groups := []uint32{}
	for v = trim(v); len(v) > 0; v = trim(v) {
		n, rest, ok := number(v)
		if !ok || n > 1<<32-1 {
			return nil, fmt.Errorf("status: Groups: %.20q is no group id", v)
		}
		groups, v = append(groups, uint32(n)), rest
	}
	return groups, nil
}

// unescapeName undoes what the kernel does to a Name (fs/proc/array.c proc_task_name): \n and \\.
func unescapeName(name []byte) string {
	if bytes.IndexByte(name, '\\') < 0 {
		return string(name)
	}
	out := make([]byte, 0, len(name))
	for i := 0; i < len(name); i++ {
		if name[i] == '\\' && i+1 < len(name) && (name[i+1] == 'n' || name[i+1] == '\\') {
			i++
			out = append(out, map[byte]byte{'n': '\n', '\\': '\\'}[name[i]])
			continue
		}
		out = append(out, name[i])
	}
	return string(out)
}

// stateName is the state's letter as a string without allocating.
func stateName(b byte) string {
	const letters = "RSDTtZXxKWPI"
	if i := bytes.IndexByte([]byte(letters), b); i >= 0 {
		return letters[i : i+1]
	}
	return ""
}
