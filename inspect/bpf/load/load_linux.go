package load

import (
	"errors"
	"sync"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"
)

// Func loads the programs and maps of a specification and assigns them to the fields of objects, as
// ebpf.CollectionSpec.LoadAndAssign does. Into is the one; tests have others.
type Func func(spec *ebpf.CollectionSpec, objects any) error

// Into is the Func that asks the kernel. Its error is a *Refusal.
func Into(spec *ebpf.CollectionSpec, objects any) error {
	if quick(spec, objects) == nil {
		return nil
	}
	options := &ebpf.CollectionOptions{Cache: types()}
	if err := setTypeIDs(spec, structIn(options.Cache)); err != nil {
		return Refuse(err)
	}
	err := spec.LoadAndAssign(objects, options)
	if errors.Is(err, unix.EPERM) && liftLockLimit() {
		err = spec.LoadAndAssign(objects, options)
	}
	return Refuse(err)
}

// kernelTypes is the kernel's type information: large, and slow to read.
var kernelTypes struct {
	mu    sync.Mutex
	cache *btf.Cache
	quick *vmlinux
}

// quickTypes is what quick needs of it.
func quickTypes() (*vmlinux, error) {
	kernelTypes.mu.Lock()
	defer kernelTypes.mu.Unlock()
	var err error
	if kernelTypes.quick == nil {
		kernelTypes.quick, err = ownKernel()
	}
	return kernelTypes.quick, err
}

func types() *btf.Cache {
	kernelTypes.mu.Lock()
	defer kernelTypes.mu.Unlock()
	if kernelTypes.cache == nil {
		kernelTypes.cache = btf.NewCache()
	}
	return kernelTypes.cache
}

// Done lets go of the kernel's type information until something else is loaded.
func Done() {
	kernelTypes.mu.Lock()
	defer kernelTypes.mu.Unlock()
	kernelTypes.cache, kernelTypes.quick = nil, nil
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
