package load

import (
	"errors"
	"sync"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// Into loads the programs and maps of a specification and assigns them to the fields of objects, as
// ebpf.CollectionSpec.LoadAndAssign does. Its error is a *Refusal.
func Into(spec *ebpf.CollectionSpec, objects any) error {
	err := spec.LoadAndAssign(objects, &ebpf.CollectionOptions{})
	if errors.Is(err, unix.EPERM) && liftLockLimit() {
		err = spec.LoadAndAssign(objects, &ebpf.CollectionOptions{})
	}
	return Refuse(err)
}

// liftLockLimit lifts RLIMIT_MEMLOCK, once: before Linux 5.11 what programs and maps take counts against it, and a lack
// is told as EPERM. It tells whether that may have helped; to raise a hard limit takes CAP_SYS_RESOURCE.
var liftLockLimit = sync.OnceValue(func() bool {
	var now unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_MEMLOCK, &now) != nil || now.Cur == unix.RLIM_INFINITY {
		return false
	}
	unlimited := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	if unix.Setrlimit(unix.RLIMIT_MEMLOCK, &unlimited) == nil {
		return true
	}
	return now.Cur < now.Max && unix.Setrlimit(unix.RLIMIT_MEMLOCK, &unix.Rlimit{Cur: now.Max, Max: now.Max}) == nil
})
