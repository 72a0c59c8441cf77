//go:build amd64 || arm64

package actionoracle

import (
	"fmt"
	"math/rand/v2"
	"unsafe"

	"golang.org/x/sys/unix"

	"capview/inspect/caps"
)

// state is a thread's credentials, its ids as its user namespace numbers them: real, effective, saved, fs.
type state struct {
	uid, gid                                 [4]int
	groups                                   []int
	inheritable, permitted, effective, bound caps.Set
	ambient                                  caps.Set
	securebits                               uintptr
	noNewPrivs                               bool
	filters                                  [][]denial
}

// interesting is the capabilities that actions ask for.
var interesting = []caps.Cap{
	caps.Chown, caps.DACOverride, caps.DACReadSearch, caps.Kill, caps.SetGID, caps.SetUID, caps.SetPCap, caps.NetBindService,
	caps.NetAdmin, caps.NetRaw, caps.IPCOwner, caps.SysModule, caps.SysChroot, caps.SysPtrace, caps.SysPacct, caps.SysAdmin,
	caps.SysBoot, caps.SysNice, caps.SysTime, caps.Mknod, caps.Syslog, caps.BPF,
}

func chooseState(w *world, rng *rand.Rand) state {
	pick := func() int { return w.IDs[rng.IntN(len(w.IDs))] }
	var s state
	for i := range 4 {
		s.uid[i], s.gid[i] = pick(), pick()
	}
	if rng.IntN(2) == 0 {
		s.uid[1], s.uid[2], s.uid[3] = s.uid[0], s.uid[0], s.uid[0]
		s.gid[1], s.gid[2], s.gid[3] = s.gid[0], s.gid[0], s.gid[0]
	}
	for range rng.IntN(4) {
		s.groups = append(s.groups, pick())
	}
	full := caps.Set(rng.Uint64())
	switch rng.IntN(6) {
	case 0:
		full = 0
	case 1, 2:
		full = ^caps.Set(0)
	case 3:
		full = caps.Of(interesting[rng.IntN(len(interesting))])
	}
	s.bound = full
	if rng.IntN(4) == 0 {
		s.bound = caps.Set(rng.Uint64())
	}
	s.permitted, s.effective, s.inheritable = full, full, caps.Set(rng.Uint64())&full&s.bound
	if rng.IntN(3) == 0 {
		s.effective = full & caps.Set(rng.Uint64())
	}
	s.ambient = s.inheritable & caps.Set(rng.Uint64())
	s.securebits = []uintptr{0, 1, 1 << 2, 1<<0 | 1<<2, 1 << 6, 0x55}[rng.IntN(6)]
	s.noNewPrivs = rng.IntN(3) == 0
	s.filters = chooseFilters(rng)
	return s
}

// apply gives this thread the state, as far as what it has now lets it.
func (s state) apply() error {
	have, err := capget()
	if err != nil {
		return err
	}
	for c := caps.Cap(0); c <= caps.Last; c++ {
		if !s.bound.Has(c) {
			if err := raw(unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, uintptr(c)); err != nil {
				return fmt.Errorf("dropping %s: %w", c, err)
			}
		}
	}
	groups := make([]uint32, len(s.groups)+1)
	for i, g := range s.groups {
		groups[i] = uint32(g)
	}
	const keep = 1<<2 | 1<<4
	for _, step := range []struct {
		what string
		nr   uintptr
		args []uintptr
	}{
		{"securebits", unix.SYS_PRCTL, []uintptr{unix.PR_SET_SECUREBITS, keep}},
		{"groups", unix.SYS_SETGROUPS, []uintptr{uintptr(len(s.groups)), uintptr(unsafe.Pointer(&groups[0]))}},
		{"gids", unix.SYS_SETRESGID, []uintptr{uintptr(s.gid[0]), uintptr(s.gid[1]), uintptr(s.gid[2])}},
		{"fsgid", unix.SYS_SETFSGID, []uintptr{uintptr(s.gid[3])}},
		{"uids", unix.SYS_SETRESUID, []uintptr{uintptr(s.uid[0]), uintptr(s.uid[1]), uintptr(s.uid[2])}},
		{"fsuid", unix.SYS_SETFSUID, []uintptr{uintptr(s.uid[3])}},
	} {
		if err := raw(step.nr, step.args...); err != nil && step.what[:2] != "fs" {
			return fmt.Errorf("%s %v: %w", step.what, s, err)
		}
	}
	return s.applyCaps(have)
}

func (s state) applyCaps(have caps.Set) error {
	if err := attach(s.filters); err != nil {
		return fmt.Errorf("filters: %w", err)
	}
	if err := capset(have, have, s.inheritable&have); err != nil {
		return fmt.Errorf("inheritable: %w", err)
	}
	for c := range caps.Last + 1 {
		if s.ambient.Has(c) && s.permitted.Has(c) && have.Has(c) && s.inheritable.Has(c) {
			if err := raw(unix.SYS_PRCTL, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE, uintptr(c), 0, 0); err != nil {
				return fmt.Errorf("ambient: %w", err)
			}
		}
	}
	if err := raw(unix.SYS_PRCTL, unix.PR_SET_SECUREBITS, s.securebits); err != nil {
		return fmt.Errorf("securebits: %w", err)
	}
	if s.noNewPrivs {
		if err := raw(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			return err
		}
	}
	return capset(s.permitted&have, s.effective&have, s.inheritable&have)
}

type capData struct{ effective, permitted, inheritable uint32 }

func capget() (caps.Set, error) {
	header := [2]uint32{unix.LINUX_CAPABILITY_VERSION_3, 0}
	var data [2]capData
	err := raw(unix.SYS_CAPGET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&data)))
	return caps.Set(data[0].permitted) | caps.Set(data[1].permitted)<<32, err
}

func capset(permitted, effective, inheritable caps.Set) error {
	header := [2]uint32{unix.LINUX_CAPABILITY_VERSION_3, 0}
	var data [2]capData
	for i := range data {
		shift := 32 * i
		data[i] = capData{uint32(effective >> shift), uint32(permitted >> shift), uint32(inheritable >> shift)}
	}
	return raw(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&data)))
}

// become moves this thread to random namespaces and gives it a random state.
func become(w *world, p *pool, rng *rand.Rand) (r ready) {
	fail := func(what string, err error) ready {
		r.Error = fmt.Sprintf("%s: %v", what, err)
		return r
	}
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return fail("unshare", err)
	}
	switch fd := p.mounts[rng.IntN(len(p.mounts))]; {
	case fd >= 0:
		if err := unix.Setns(fd, unix.CLONE_NEWNS); err != nil {
			return fail("mount namespace", err)
		}
	case rng.IntN(4) == 0:
		if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
			return fail("new mount namespace", err)
		}
	}
	for _, space := range []struct {
		kind int
		fds  []int
	}{{unix.CLONE_NEWUTS, p.uts}, {unix.CLONE_NEWIPC, p.ipc}} {
		if fd := space.fds[rng.IntN(len(space.fds))]; fd >= 0 {
			if err := unix.Setns(fd, space.kind); err != nil {
				return fail("uts or ipc namespace", err)
			}
		}
	}
	if fd := p.nets[rng.IntN(len(p.nets))]; fd >= 0 {
		if err := unix.Setns(fd, unix.CLONE_NEWNET); err != nil {
			return fail("network namespace", err)
		}
	}
	if rng.IntN(8) == 0 {
		if err := unix.Chroot(otherRoot); err != nil {
			return fail("chroot", err)
		}
		r.Chrooted = true
	}
	if err := unix.Setpriority(unix.PRIO_PROCESS, 0, rng.IntN(20)); err != nil && err != unix.EACCES {
		return fail("nice", err)
	}
	kernelNice, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err != nil {
		return fail("nice", err)
	}
	r.Nice = 20 - kernelNice // the system call gives 20 minus the nice value
	s := chooseState(w, rng)
	if err := s.apply(); err != nil {
		return fail("state", err)
	}
	r.Filters = s.filters
	return r
}
