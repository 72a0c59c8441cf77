package snapshot

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/inspect/internal/arbitrary"
	"capview/nsinfo"
)

// valid is an arbitrary snapshot that Read has nothing to say against.
func valid(r *rand.Rand) *inspect.Snapshot {
	var s inspect.Snapshot
	arbitrary.Fill(r, &s)
	s.Schema, s.Host.ClockTicks, s.Host.CapLastCap = inspect.Schema, 100, caps.Last
	for i := range s.Containers {
		s.Containers[i].Key = string(rune('a' + i))
		s.Containers[i].NestedIn = ""
		if i > 0 {
			s.Containers[i].NestedIn = s.Containers[i-1].Key
		}
	}
	for i := range s.UserNamespaces {
		u := &s.UserNamespaces[i]
		u.Inode, u.Parent, u.Level = uint64(i+1), inspect.Some(uint64(i)), inspect.Some(i)
	}
	s.SeccompFilters = nil
	for i := range r.IntN(3) {
		f, _ := inspect.NewFilterProgram(bytes.Repeat([]byte{6, 0, 0, 0, 0, 0, 0, byte(i)}, i+1))
		s.SeccompFilters = append(s.SeccompFilters, f)
	}
	slices.SortFunc(s.SeccompFilters, func(a, b inspect.FilterProgram) int { return strings.Compare(a.Hash, b.Hash) })
	for i := range s.Processes {
		validProcess(s.Processes[i], i+1, &s)
	}
	return &s
}

func validProcess(p *inspect.Process, pid int, s *inspect.Snapshot) {
	cs := s.Containers
	p.PID, p.PPID, p.ThreadCount, p.Container, p.Nested, p.Entered = pid, pid-1, 1, "", "", ""
	if len(cs) > 0 {
		p.Container, p.Entered = cs[0].Key, cs[len(cs)-1].Key
	}
	clean := func(c *inspect.Creds) {
		if sec, known := c.Seccomp.Get(); known {
			sec.Filters, sec.Stack = inspect.Some(2), inspect.Opt[inspect.FilterStack]{}
			if n := len(s.SeccompFilters); n > 0 {
				sec.Stack = inspect.Some(inspect.StackOf(s.SeccompFilters[0].Hash, s.SeccompFilters[n-1].Hash))
			}
			c.Seccomp = inspect.Some(sec)
		}
	}
	if fc, known := p.FileCaps.Get(); known {
		fc.Revision = 2
		p.FileCaps = inspect.Some(fc)
	}
	clean(&p.Creds)
	for i := range p.Threads {
		p.Threads[i].TID = pid + i + 1
		clean(&p.Threads[i].Creds)
	}
}

// node is a snapshot of n processes much like a real node's.
func node(n int) *inspect.Snapshot {
	set := caps.Set(0xa80425fb)
	s := &inspect.Snapshot{Schema: inspect.Schema, Version: "test", Host: inspect.Host{Hostname: "node", ClockTicks: 100, CapLastCap: caps.Last, UserNamespace: 4026531837},
		Containers: []inspect.Container{{Key: "docker/aa", Kind: inspect.KindContainer}}}
	for i := range n {
		id := inspect.Some(inspect.IDs{Real: 33, Effective: 33, Saved: 33, FS: 33})
		s.Processes = append(s.Processes, &inspect.Process{
			PID: i + 1, StartTime: uint64(1000 + i), PPID: min(i, 1), Comm: "nginx", State: "S", Container: "docker/aa", Role: inspect.RolePayload, ThreadCount: 1,
			Cmdline: inspect.Some([]string{"/usr/sbin/nginx", "-g", "daemon off;", "--config=/etc/nginx/nginx.conf"}), Exe: inspect.Some("/usr/sbin/nginx"),
			User: inspect.Some("www-data"), UID: id, GID: id, Groups: inspect.Some([]uint32{33}),
			Creds: inspect.Creds{Caps: inspect.Some(caps.Sets{Permitted: set, Effective: set, Bounding: set}), NoNewPrivs: inspect.Some(true),
				Seccomp: inspect.Some(inspect.Seccomp{Mode: inspect.SeccompFilter, Filters: inspect.Some(1)})},
			Namespaces: inspect.Some(nsinfo.Set{4026531835, 4026531839, 4026531841, 4026531840, 4026531836, 4026531834, 4026531837, 4026531838}),
			Cgroup:     inspect.Some("/system.slice/docker-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope"),
			Gaps:       []inspect.Gap{{Subject: "pid 1", What: "securebits", Why: "/proc does not have it"}},
		})
	}
	return s
}

func encoded(t testing.TB, s *inspect.Snapshot) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
