package proc

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"

	"capview/inspect"
	"capview/nsinfo/cgroup"
)

// Cgroups reads what the kernel counts of containers' control groups. It remembers the last reading of each, for rates; one
// caller at a time.
type Cgroups struct {
	memory, cpu []hierarchy // where to look, in order
	last        map[string]reading
	buf         []byte
	now         func() time.Time
}

// hierarchy is a mounted cgroup hierarchy and the file to read in it.
type hierarchy struct {
	dir   int    // O_PATH descriptor of the mount point
	root  string // the cgroup mounted there
	file  string
	parse func([]byte) (uint64, bool)
}

// reading is what a container had used at a time.
type reading struct {
	cpu uint64
	at  time.Time
}

// NewCgroups finds the hierarchies that are mounted, as procfs at root lists them. Where none is, Measure says so.
func NewCgroups(root string) (*Cgroups, error) {
	fs, err := procfs.NewFS(root)
	if err != nil {
		return nil, fmt.Errorf("procfs: %w", err)
	}
	mounts, err := fs.GetMounts()
	if err != nil {
		return nil, fmt.Errorf("find the cgroup mounts: %w", err)
	}
	c := &Cgroups{last: map[string]reading{}, buf: make([]byte, 4096), now: time.Now}
	for _, v2 := range []bool{false, true} { // on a hybrid node v1 has the controllers
		for _, m := range mounts {
			c.add(m, v2)
		}
	}
	return c, nil
}

func (c *Cgroups) add(m *procfs.MountInfo, v2 bool) {
	_, memory := m.SuperOptions["memory"]
	_, cpuacct := m.SuperOptions["cpuacct"]
	switch {
	case v2 && m.FSType == "cgroup2":
		memory, cpuacct = true, true
	case v2 || m.FSType != "cgroup" || !memory && !cpuacct:
		return
	}
	fd, err := unix.Open(m.MountPoint, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	h := hierarchy{dir: fd, root: m.Root}
	if memory {
		h.file, h.parse = "memory.usage_in_bytes", parseNumber
		if v2 {
			h.file = "memory.current"
		}
		c.memory = append(c.memory, h)
	}
	if cpuacct {
		h.file, h.parse = "cpuacct.usage", parseNanoseconds
		if v2 {
			h.file, h.parse = "cpu.stat", parseCPUStat
		}
		c.cpu = append(c.cpu, h)
	}
}

// Close gives back what NewCgroups opened.
func (c *Cgroups) Close() {
	var open []int
	for _, h := range append(slices.Clone(c.memory), c.cpu...) {
		if !slices.Contains(open, h.dir) {
			open = append(open, h.dir)
			unix.Close(h.dir)
		}
	}
	c.memory, c.cpu = nil, nil
}

// Measure fills the Usage of s's containers whose cgroup is theirs alone, and adds a gap for what could not be read.
func (c *Cgroups) Measure(s *inspect.Snapshot) {
	alone := ownCgroups(s)
	now, seen := c.now(), map[string]reading{}
	first := false
	for i := range s.Containers {
		ct := &s.Containers[i]
		if ct.Kind != inspect.KindContainer && ct.Kind != inspect.KindSandbox {
			continue
		}
		if !alone[ct.Key] {
			s.Gaps = append(s.Gaps, usageGap(ct, "usage", "it has no control group of its own"))
			continue
		}
		ct.Usage.Memory = c.read(s, ct, c.memory, "usage.memory_bytes")
		ct.Usage.CPU = c.read(s, ct, c.cpu, "usage.cpu_usec")
		if cpu, ok := ct.Usage.CPU.Get(); ok {
			seen[ct.Key] = reading{cpu, now}
			ct.Usage.CPURate = rate(c.last[ct.Key], seen[ct.Key])
			first = first || !ct.Usage.CPURate.Known()
		}
	}
	if first {
		s.Gaps = append(s.Gaps, inspect.Gap{Subject: "containers", What: "usage.cpu_usec_per_second", Why: "takes a second scan to tell"})
	}
	c.last = seen
}

func usageGap(c *inspect.Container, what, why string) inspect.Gap {
	return inspect.Gap{Subject: "container " + c.Key, What: what, Why: why}
}

// rate is the microseconds used in each second between two readings; unknown where there is no earlier one, where no
// time has passed, or where the counter began anew.
func rate(was, is reading) inspect.Opt[uint64] {
	passed := is.at.Sub(was.at).Microseconds()
	if was.at.IsZero() || passed <= 0 || is.cpu < was.cpu {
		return inspect.Opt[uint64]{}
	}
	return inspect.Some(uint64(float64(is.cpu-was.cpu) / float64(passed) * 1e6))
}

// ownCgroups is the keys of the containers whose cgroup no process of another group is in.
func ownCgroups(s *inspect.Snapshot) map[string]bool {
	const several = "\x00"
	in := map[string]string{} // cgroup: the group that all its processes are in
	for _, p := range s.Processes {
		path, ok := p.Cgroup.Get()
		if !ok || p.KernelThread || p.Entered != "" || p.Outside {
			continue
		}
		group := p.Container
		if p.Nested != "" {
			group = p.Nested
		}
		if of, been := in[path]; been && of != group {
			in[path] = several
		} else {
			in[path] = group
		}
	}
	alone := map[string]bool{}
	for i := range s.Containers {
		c := &s.Containers[i]
		if c.Cgroup == "" || c.Cgroup == "/" || cgroup.Outside(c.Cgroup) {
			continue
		}
		id := cgroup.Match(c.Cgroup)
		alone[c.Key] = id.Contained() && id.Path == c.Cgroup || in[c.Cgroup] == c.Key
	}
	return alone
}

// read asks the hierarchies in order.
func (c *Cgroups) read(s *inspect.Snapshot, ct *inspect.Container, hs []hierarchy, what string) inspect.Opt[uint64] {
	reason := errors.New("no cgroup hierarchy that counts it is mounted")
	for _, h := range hs {
		n, err := h.read(ct.Cgroup, &c.buf)
		if err == nil {
			return inspect.Some(n)
		}
		reason = err
	}
	s.Gaps = append(s.Gaps, usageGap(ct, what, strings.ToLower(reason.Error())))
	return inspect.Opt[uint64]{}
}

const maxStat = 16 << 10 // of one file of a control group

func (h hierarchy) read(group string, buf *[]byte) (uint64, error) {
	below, ok := under(h.root, group)
	if !ok {
		return 0, errors.New("its control group is outside of what is mounted here")
	}
	text, err := readAt(h.dir, path.Join(below, h.file), buf, maxStat)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", h.file, err)
	}
	n, ok := h.parse(text)
	if !ok {
		return 0, errors.New(h.file + ": not as the kernel writes it")
	}
	return n, nil
}

// under is the path of a control group below another; false where it is not below it.
func under(root, group string) (string, bool) {
	if slices.Contains(strings.Split(group, "/"), "..") {
		return "", false
	}
	rest, ok := strings.CutPrefix(group, strings.TrimRight(root, "/"))
	if !ok || rest != "" && rest[0] != '/' {
		return "", false
	}
	return "." + rest, true
}
