package trace

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"time"

	"capview/inspect"
	"capview/inspect/caps"
	"capview/inspect/seccomp"
)

// The layout of c/check.h. Programs and capview run on one machine, and both of capview's are little-endian.
const (
	frames    = 32
	eventSize = 128
	stackSize = eventSize + 2*frames*8
	keySize   = 32
	countSize = 56
	slotSize  = keySize + countSize
	hotSlots  = 64 // with which a struct hot_table (c/totals.h) begins
)

// The flags of c/check.h.
const (
	flagOverridden = 1 << iota
	flagForeign
	flagProbe
	flagOptions
	flagGranting
)

// The options of linux/security.h.
const (
	optNoAudit = 1 << 1
	optInSetID = 1 << 2
)

// tick is a clock tick of USER_HZ.
const tick = 10 * time.Millisecond

// arches is the ABIs by the numbers of c/syscall.h.
var arches = map[string][]seccomp.Arch{
	"amd64": {seccomp.X86_64, seccomp.I386, seccomp.X32},
	"arm64": {seccomp.AArch64, seccomp.ARM},
}

// x32Bit is taken off by the program (__X32_SYSCALL_BIT).
const x32Bit = 0x40000000

// decoder reads the programs' records of one machine.
type decoder struct {
	abis []seccomp.Arch
	// boot is when the machine started, by the wall clock as it is now; it changes where that is set.
	boot time.Time
}

func newDecoder() decoder { return decoder{abis: arches[runtime.GOARCH]} }

// reader takes fields off a record.
type reader struct{ b []byte }

func (r *reader) u64() uint64 {
	v := binary.LittleEndian.Uint64(r.b)
	r.b = r.b[8:]
	return v
}

func (r *reader) u32() uint32 {
	v := binary.LittleEndian.Uint32(r.b)
	r.b = r.b[4:]
	return v
}

func (r *reader) u8() uint8 {
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

// text is a field of a comm.
func (r *reader) text() string {
	field := r.b[:16]
	r.b = r.b[16:]
	text, _, _ := bytes.Cut(field, []byte{0})
	return string(text)
}

// event reads a struct check_event, or stack_event.
func (d *decoder) event(b []byte) (inspect.Event, error) {
	if len(b) != eventSize && len(b) != stackSize {
		return inspect.Event{}, fmt.Errorf("record of %d bytes: want %d or %d", len(b), eventSize, stackSize)
	}
	r := reader{b}
	var e inspect.Event
	e.Time = d.boot.Add(time.Duration(r.u64()))
	e.StartTime = r.u64() / uint64(tick)
	e.Cgroup = r.u64()
	e.Effective = caps.Set(r.u64())
	e.PID, e.TID, e.PPID = int(int32(r.u32())), int(int32(r.u32())), int(int32(r.u32()))
	e.RealUID, e.RealGID, e.UID, e.GID = r.u32(), r.u32(), r.u32(), r.u32()
	number := int32(r.u32())
	e.CurrentUserNS, e.TargetUserNS = uint64(r.u32()), uint64(r.u32())
	granting := uint64(r.u32())
	e.MountNS = uint64(r.u32())
	options := r.u32()
	flags, err := d.check(&e.Check, &r, number)
	if err != nil {
		return inspect.Event{}, err
	}
	e.Comm, e.Parent = r.text(), r.text()
	if flags&flagOptions != 0 {
		e.Audit, e.InSetID = inspect.Some(options&optNoAudit == 0), inspect.Some(options&optInSetID != 0)
	}
	if flags&flagGranting != 0 {
		e.GrantingUserNS = inspect.Some(granting)
	}
	inKernel, inUser := r.u32(), r.u32()
	if len(r.b) > 0 {
		e.Kernel, e.User = addresses(r.b[:frames*8], inKernel), addresses(r.b[frames*8:], inUser)
	}
	return e, nil
}

// check reads the four bytes that end a check's key: capability, verdict, flags, ABI.
func (d *decoder) check(c *inspect.Check, r *reader, number int32) (flags uint8, err error) {
	c.Cap, c.Denied = caps.Cap(r.u8()), r.u8() != 0
	flags = r.u8()
	abi := int(r.u8())
	if abi >= len(d.abis) {
		return 0, fmt.Errorf("record of an unknown ABI: %d", abi)
	}
	c.Syscall = syscallOf(d.abis[abi], number)
	c.Probe = flags&flagProbe != 0
	switch {
	case flags&flagOverridden != 0:
		c.Creds = inspect.CredsOverridden
	case flags&flagForeign != 0:
		c.Creds = inspect.CredsOther
	default:
		c.Creds = inspect.CredsOwn
	}
	return flags, nil
}

func syscallOf(abi seccomp.Arch, number int32) inspect.Syscall {
	switch {
	case number < 0:
		return inspect.Syscall{Arch: abi, Number: inspect.NoSyscall}
	case abi == seccomp.X32:
		number |= x32Bit
	}
	return inspect.Syscall{Arch: abi, Number: int(number)}
}

func addresses(b []byte, n uint32) []inspect.Frame {
	list := make([]inspect.Frame, 0, min(n, frames))
	for i := range min(n, frames) {
		list = append(list, inspect.Frame{Address: binary.LittleEndian.Uint64(b[8*i:])})
	}
	return list
}

// count reads a struct check_key and its struct check_count.
func (d *decoder) count(key, value []byte) (inspect.CheckCount, error) {
	var c inspect.CheckCount
	if len(key) != keySize || len(value) != countSize {
		return c, fmt.Errorf("count of %d and %d bytes: want %d and %d", len(key), len(value), keySize, countSize)
	}
	r := reader{key}
	c.Cgroup = r.u64()
	c.StartTime = r.u64() / uint64(tick)
	c.PID = int(int32(r.u32()))
	c.TargetUserNS = uint64(r.u32())
	if _, err := d.check(&c.Check, &r, int32(r.u32())); err != nil {
		return inspect.CheckCount{}, err
	}
	r = reader{value}
	c.Count = r.u64()
	c.First = d.boot.Add(time.Duration(r.u64()))
	c.Effective = caps.Set(r.u64())
	c.CurrentUserNS = uint64(r.u32())
	c.UID, c.PPID = r.u32(), int(int32(r.u32()))
	c.Comm = r.text()
	return c, nil
}
