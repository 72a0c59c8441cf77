// Package lean lets go of privileges that the process does not need any more, on every thread.
package lean

import (
	"fmt"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/psx"

	"capview/inspect/caps"
)

// Keep takes every capability but those of keep out of the sets of all threads, and sets no_new_privs: nothing the process
// executes can bring them back. The bounding set, which then has no say any more, shrinks too where the process is to stay
// and holds CAP_SETPCAP: it takes a system call of every thread for each capability.
func Keep(keep caps.Set, stay bool) error {
	held, err := get()
	if err != nil {
		return fmt.Errorf("capget: %w", err)
	}
	if err := all(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1); err != nil {
		return fmt.Errorf("set no_new_privs: %w", err)
	}
	if stay && held.permitted.Has(caps.SetPCap) {
		for c := caps.Cap(0); c < 64; c++ {
			in, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, uintptr(c), 0, 0, 0)
			if err != nil {
				break
			}
			if in == 0 || keep.Has(c) {
				continue
			}
			if err := all(unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, uintptr(c)); err != nil {
				return fmt.Errorf("drop %s from the bounding set: %w", c, err)
			}
		}
	}
	// What is not inheritable cannot be ambient: capset takes it out of that set with the other.
	return set(sets{effective: held.effective & keep, permitted: held.permitted & keep})
}

// Without tells whether f works in a thread with none in effect of the capabilities it holds but those of keep. They are back
// when it returns: a thread that lacked them would be another than all others when Keep comes to it.
func Without(keep caps.Set, f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	held, err := get()
	if err != nil {
		return fmt.Errorf("capget: %w", err)
	}
	less := held
	less.effective &= keep
	if err := put(less); err != nil {
		return fmt.Errorf("capset: %w", err)
	}
	worked := f()
	if err := put(held); err != nil {
		return fmt.Errorf("capset: %w", err)
	}
	return worked
}

// put sets this thread's capabilities.
func put(s sets) error {
	header, data := s.words()
	return unix.Capset(&header, &data[0])
}

// sets is what capget(2) reads.
type sets struct{ effective, permitted, inheritable caps.Set }

func (s sets) words() (unix.CapUserHeader, [2]unix.CapUserData) {
	half := func(shift int) unix.CapUserData {
		return unix.CapUserData{Effective: uint32(s.effective >> shift), Permitted: uint32(s.permitted >> shift), Inheritable: uint32(s.inheritable >> shift)}
	}
	return unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, [2]unix.CapUserData{half(0), half(32)}
}

func get() (sets, error) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var d [2]unix.CapUserData
	err := unix.Capget(&header, &d[0])
	whole := func(low, high uint32) caps.Set { return caps.Set(high)<<32 | caps.Set(low) }
	return sets{whole(d[0].Effective, d[1].Effective), whole(d[0].Permitted, d[1].Permitted), whole(d[0].Inheritable, d[1].Inheritable)}, err
}

func set(s sets) error {
	header, data := s.words()
	if err := all(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&data[0]))); err != nil {
		return fmt.Errorf("capset: %w", err)
	}
	runtime.KeepAlive(&header)
	runtime.KeepAlive(&data)
	return nil
}

// all makes a system call on every thread of the process, of cgo's too.
func all(call, a1, a2 uintptr) error {
	if _, _, errno := psx.Syscall6(call, a1, a2, 0, 0, 0, 0); errno != 0 {
		return syscall.Errno(errno)
	}
	return nil
}
