package proc

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/containerd/cgroups/v3"
	"golang.org/x/sys/unix"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/nsinfo"
)

// userHZ is what a second of start_time has of clock ticks; the same on every architecture that Go runs on
// (USER_HZ; sysconf(_SC_CLK_TCK)).
const userHZ = 100

// ticksSinceBoot is now, as start times count it (CLOCK_BOOTTIME).
func ticksSinceBoot() uint64 {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts) != nil {
		return 0
	}
	return uint64(ts.Nano()) * userHZ / 1e9
}

// hostFacts is what does not change while capview runs.
type hostFacts struct {
	host    inspect.Host
	gaps    []inspect.Gap
	hasNS   [nsinfo.Types]bool // which namespaces this kernel has
	hidepid string             // the mount option of procfs; "" for none
	childNS bool               // procfs is that of a PID namespace below the initial one
}

// gap notes that what could not be read; a nil err is a file that reads well and is not as the kernel writes it.
func (h *hostFacts) gap(what string, err error) {
	if err == nil {
		err = errors.New("not as the kernel writes it")
	}
	h.gaps = append(h.gaps, inspect.Gap{Subject: "host", What: what, Why: why(err)})
}

// into puts the host into snap.
func (h *hostFacts) into(snap *inspect.Snapshot) {
	snap.Host = h.host
	snap.Gaps = append(snap.Gaps, h.gaps...)
}

// readHostFacts reads the host once.
func (s *Source) readHostFacts() hostFacts {
	h := hostFacts{host: inspect.Host{Engine: "procfs", ClockTicks: userHZ, CapLastCap: caps.Last, CgroupMode: cgroupMode()}}
	var err error
	if h.host.Hostname, err = os.Hostname(); err != nil {
		h.gap("hostname", err)
	}
	var uts unix.Utsname
	if err := unix.Uname(&uts); err != nil {
		h.gap("kernel", err)
	}
	h.host.Kernel = string(uts.Release[:bytes.IndexByte(uts.Release[:], 0)])
	h.host.Machine = string(uts.Machine[:bytes.IndexByte(uts.Machine[:], 0)])
	if id, err := s.fs.SysctlStrings("kernel.random.boot_id"); err != nil || len(id) != 1 {
		h.gap("boot_id", err)
	} else {
		h.host.BootID = id[0]
	}
	if last, err := s.fs.SysctlInts("kernel.cap_last_cap"); err != nil || len(last) != 1 || last[0] < 0 || last[0] > 63 {
		h.gap("cap_last_cap", err)
	} else {
		h.host.CapLastCap = caps.Cap(last[0])
	}
	if stat, err := s.fs.Stat(); err != nil {
		h.gap("boot_time", err)
	} else {
		h.host.BootTime = int64(stat.BootTime)
	}
	s.readOwnNamespaces(&h)
	s.readMountOptions(&h)
	return h
}

func cgroupMode() string {
	switch cgroups.Mode() {
	case cgroups.Unified:
		return "unified"
	case cgroups.Hybrid:
		return "hybrid"
	case cgroups.Legacy:
		return "legacy"
	}
	return "unavailable"
}

// readOwnNamespaces finds the outermost user namespace that capview may see, and what it cannot see from where it is.
func (s *Source) readOwnNamespaces(h *hostFacts) {
	buf := make([]byte, 64)
	var own nsinfo.Set
	for t := range nsinfo.Type(nsinfo.Types) {
		link, err := readlinkAt(int(s.root.Fd()), "self/"+nsLinks[t], buf)
		h.hasNS[t] = err == nil || err != unix.ENOENT
		if err == nil {
			own[t], err = parseNSLink(link, t)
		}
		if err != nil && h.hasNS[t] {
			h.gap("namespaces", err)
		}
	}
	h.host.UserNamespace = outermost(own[nsinfo.UserNS], s.root)
	if h.host.UserNamespace != initialUserNS {
		h.gaps = append(h.gaps, inspect.Gap{Subject: "host", What: "user_namespace", Why: "capview runs in a child user namespace: the host's is out of its sight"})
	}
	if own[nsinfo.CgroupNS] != initialCgroupNS && own[nsinfo.CgroupNS] != 0 {
		h.gaps = append(h.gaps, inspect.Gap{Subject: "host", What: "cgroup", Why: "capview runs in a private cgroup namespace: paths are relative to its own cgroup"})
	}
	h.childNS = own[nsinfo.PID] != initialPIDNS && own[nsinfo.PID] != 0
}

// outermost follows the parents of capview's own user namespace as far as it may.
func outermost(inode uint64, root *os.File) uint64 {
	fd, err := unix.Openat(int(root.Fd()), "self/"+nsLinks[nsinfo.UserNS], unix.O_RDONLY|unix.O_CLOEXEC, 0)
	for err == nil {
		inode, _ = identity(fd)
		up, e := unix.IoctlRetInt(fd, unix.NS_GET_PARENT)
		unix.Close(fd)
		fd, err = up, e
	}
	return inode
}

// readMountOptions looks for hidepid (proc(5), "Mount options").
func (s *Source) readMountOptions(h *hostFacts) {
	mounts, err := s.fs.GetMounts()
	if err != nil {
		h.gap("mounts", err)
		return
	}
	for _, m := range mounts {
		if m.MountPoint == strings.TrimRight(s.opt.Root, "/") && m.FSType == "proc" {
			h.hidepid = m.SuperOptions["hidepid"]
		}
	}
	if h.hidepid == "0" || h.hidepid == "off" {
		h.hidepid = ""
	}
}

// hiddenInto says how much of the node procfs keeps from the reader: the kernel counts all threads in loadavg
// (proc_loadavg(5)).
func (s *Source) hiddenInto(snap *inspect.Snapshot) {
	var reason string
	switch {
	case s.host.childNS:
		reason = "capview runs in a child PID namespace: processes outside are out of its sight"
	case s.host.hidepid != "" && os.Geteuid() != 0:
		reason = "procfs is mounted with hidepid=" + s.host.hidepid + ": processes of other users are hidden"
	default:
		return
	}
	seen := 0
	for i := range snap.Processes {
		seen += max(snap.Processes[i].ThreadCount, 1)
	}
	if total, ok := s.totalThreads(); ok && total > seen {
		reason += fmt.Sprintf(" (%d threads)", total-seen)
	}
	snap.Gaps = append(snap.Gaps, inspect.Gap{Subject: "host", What: "processes", Why: reason})
}

// totalThreads reads the second number of loadavg's fourth field.
func (s *Source) totalThreads() (int, bool) {
	buf := make([]byte, 128)
	text, err := readAt(int(s.root.Fd()), "loadavg", &buf, maxText)
	if err != nil {
		return 0, false
	}
	_, after, ok := bytes.Cut(text, []byte("/"))
	n, _, ok2 := number(after)
	return int(n), ok && ok2
}
