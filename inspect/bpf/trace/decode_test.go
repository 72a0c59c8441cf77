package trace

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/inspect/seccomp"
)

// anEvent is a struct check_event of x86 with a value of its own in every field.
func anEvent() []byte {
	le := binary.LittleEndian
	var b []byte
	for _, v := range []uint64{uint64(3 * time.Second), uint64(1234 * tick), 77, 0xa80425fb} {
		b = le.AppendUint64(b, v)
	}
	for _, v := range []uint32{10, 11, 9, 1000, 1001, 0, 5, 141, 4026531837, 4026532000, 4026531838, 4026531840, optNoAudit} {
		b = le.AppendUint32(b, v)
	}
	b = append(b, byte(caps.SysNice), 1, flagOptions|flagGranting|flagForeign, 0)
	b = append(b, "nice\x00rubbish\x00\x00\x00\x00"...)
	b = append(b, "sixteen-bytes-ab"...)
	return append(b, make([]byte, 8)...)
}

func amd64() decoder { return decoder{abis: arches["amd64"], boot: time.Unix(1000, 0)} }

func TestDecodeEvent(t *testing.T) {
	d := amd64()
	e, err := d.event(anEvent())
	if err != nil {
		t.Fatal(err)
	}
	want := inspect.Event{
		Check: inspect.Check{
			PID: 10, StartTime: 1234, Cgroup: 77, Cap: caps.SysNice, Denied: true, TargetUserNS: 4026532000,
			Syscall: inspect.Syscall{Arch: seccomp.X86_64, Number: 141}, Creds: inspect.CredsOther,
		},
		Time: time.Unix(1003, 0), TID: 11, PPID: 9, Comm: "nice", Parent: "sixteen-bytes-ab",
		RealUID: 1000, RealGID: 1001, UID: 0, GID: 5, CurrentUserNS: 4026531837, GrantingUserNS: inspect.Some[uint64](4026531838),
		Effective: 0xa80425fb, MountNS: 4026531840, Audit: inspect.Some(false), InSetID: inspect.Some(false),
	}
	if e.Check != want.Check || e.Kernel != nil || e.User != nil {
		t.Errorf("got  %+v\nwant %+v", e, want)
	}
	e.Kernel, e.User = nil, nil
	if !equalEvents(e, want) {
		t.Errorf("got  %+v\nwant %+v", e, want)
	}
	if e.Syscall.Name() != "setpriority" {
		t.Errorf("system call %q", e.Syscall.Name())
	}
}

func equalEvents(a, b inspect.Event) bool {
	same := a.Time.Equal(b.Time)
	a.Time, b.Time = time.Time{}, time.Time{}
	type flat struct {
		inspect.Check
		TID, PPID                  int
		Comm, Parent               string
		UID, GID, RealUID, RealGID uint32
		CurrentUserNS, MountNS     uint64
		Granting                   inspect.Opt[uint64]
		Effective                  caps.Set
		Audit, InSetID             inspect.Opt[bool]
	}
	f := func(e inspect.Event) flat {
		return flat{e.Check, e.TID, e.PPID, e.Comm, e.Parent, e.UID, e.GID, e.RealUID, e.RealGID, e.CurrentUserNS, e.MountNS,
			e.GrantingUserNS, e.Effective, e.Audit, e.InSetID}
	}
	return same && f(a) == f(b)
}

// A record is of one of two sizes, and of an ABI that there is; frames beyond those there is room for are left out.
func TestDecodeBad(t *testing.T) {
	d := amd64()
	for _, b := range [][]byte{nil, anEvent()[:127], make([]byte, 129), make([]byte, stackSize+8)} {
		if _, err := d.event(b); err == nil {
			t.Errorf("a record of %d bytes was read", len(b))
		}
	}
	b := anEvent()
	b[87] = 3
	if _, err := d.event(b); err == nil || !strings.Contains(err.Error(), "unknown ABI: 3") {
		t.Errorf("%v, want the unknown ABI", err)
	}
	b = append(anEvent(), make([]byte, 2*frames*8)...)
	binary.LittleEndian.PutUint32(b[120:], 1<<31)
	binary.LittleEndian.PutUint32(b[124:], 2)
	e, err := d.event(b)
	if err != nil || len(e.Kernel) != frames || len(e.User) != 2 {
		t.Errorf("%d and %d frames, %v", len(e.Kernel), len(e.User), err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(anEvent(), uint64(1))
	f.Add(append(anEvent(), make([]byte, 2*frames*8)...), uint64(3))
	f.Add(make([]byte, keySize+countSize), uint64(0))
	f.Add(make([]byte, recordSize), uint64(9))
	f.Fuzz(func(t *testing.T, b []byte, n uint64) {
		d := amd64()
		if e, err := d.event(b); err == nil && (len(e.Kernel) > frames || len(e.Comm) > 16 || e.Syscall.Number < inspect.NoSyscall) {
			t.Errorf("%+v", e)
		}
		if len(b) >= keySize {
			if c, err := d.count(b[:keySize], b[keySize:]); err == nil && c.Syscall.Number < inspect.NoSyscall {
				t.Errorf("%+v", c)
			}
		}
		if r, err := d.record(b); err == nil {
			for arch, list := range r.Calls {
				if !slices.IsSorted(list) || !arch.Owns(list[0]) {
					t.Errorf("%s: %v", arch, list)
				}
			}
		}
		d.refused(b, n)
		parseHierarchy(string(b))
		list, _ := parseKallsyms(strings.NewReader(string(b)))
		for _, r := range rangesOf(list, quiet) {
			if r.to <= r.from {
				t.Errorf("%+v", r)
			}
		}
		nameOf(list, n)
		parseMaps(string(b))
	})
}

// The ABIs' numbers of system calls, and what they ask for.
func TestAskingTable(t *testing.T) {
	table := askingTable(arches["amd64"])
	sets := func(slot uint32) [3]caps.Set {
		var s [3]caps.Set
		for i := range s {
			if b := table[slot]; b != nil {
				s[i] = caps.Set(binary.LittleEndian.Uint64(b[8*i:]))
			}
		}
		return s
	}
	admin := caps.Of(caps.SysAdmin)
	for slot, want := range map[uint32][3]caps.Set{
		165:        {admin, 0, 0},                         // x86_64 mount
		1024 + 21:  {admin, 0, 0},                         // i386 mount
		2048 + 165: {admin, 0, 0},                         // x32 mount
		9:          {0, 0, admin},                         // mmap
		317:        {0, admin, 0},                         // seccomp
		446:        {0, admin, 0},                         // landlock_restrict_self
		157:        {caps.Of(caps.SysResource), admin, 0}, // prctl
		39:         {},                                    // getpid
		103:        {caps.Of(caps.Syslog), 0, 0},          // syslog
	} {
		if got := sets(slot); got != want {
			t.Errorf("slot %d: %v, want %v", slot, got, want)
		}
	}
	for _, names := range []map[caps.Cap][]string{asking, deciding, beside} {
		for c, list := range names {
			if !probed.Has(c) {
				t.Errorf("%s is not among those that are asked for without audit", c)
			}
			for _, name := range list {
				_, on64 := seccomp.X86_64.Number(name)
				_, on32 := seccomp.I386.Number(name)
				if !on64 && !on32 {
					t.Errorf("there is no system call %s", name)
				}
			}
		}
	}
}

const someKallsyms = `ffffffff81000000 T _text
ffffffff81366240 T ns_capable_noaudit
ffffffff81366240 T an_alias
ffffffff81366280 t next_function
ffffffff81a80310 T cap_vm_enough_memory
ffffffff81a80350 d not_a_function
ffffffff81a80390 W last
ffffffffc0000000 t of_a_module	[fuse]
`

func TestKallsyms(t *testing.T) {
	list, err := parseKallsyms(strings.NewReader(someKallsyms))
	if err != nil || len(list) != 7 {
		t.Fatalf("%v, %v", list, err)
	}
	want := []addressRange{{0xffffffff81a80310, 0xffffffff81a80390}, {0xffffffff81366240, 0xffffffff81366280}} // as quiet has them
	if got := rangesOf(list, quiet); !slices.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
	for address, want := range map[uint64]string{
		0xffffffff81a80310: "cap_vm_enough_memory", 0xffffffff81a80311: "cap_vm_enough_memory", 0xffffffffc0000010: "of_a_module",
		0: "", 0x1000: "",
	} {
		if got, _ := nameOf(list, address); got != want {
			t.Errorf("%x is in %q, want %q", address, got, want)
		}
	}
	// kptr_restrict: every address is 0.
	hidden := "0000000000000000 T cap_capable\n0000000000000000 T last\n"
	if list, err := parseKallsyms(strings.NewReader(hidden)); len(list) != 0 || err != nil {
		t.Errorf("%v, %v: want none", list, err)
	}
}

func TestHierarchy(t *testing.T) {
	const v2 = "30 24 0:26 / /sys/fs/cgroup rw,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
	const v1 = "31 24 0:27 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n32 24 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
	for text, want := range map[string]Hierarchy{
		v2:              {"", "/sys/fs/cgroup"},
		v2 + v1:         {"memory", "/sys/fs/cgroup/memory"},
		v1:              {"memory", "/sys/fs/cgroup/memory"},
		"nonsense - \n": {},
		"":              {},
	} {
		if got := parseHierarchy(text); got != want {
			t.Errorf("%+v, want %+v of\n%s", got, want, text)
		}
	}
}
