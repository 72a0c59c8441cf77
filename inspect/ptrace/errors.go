package ptrace

import "errors"

// Why filters could not be read; errors.Is tells them apart.
var (
	// ErrVanished: no thread has that TID and start time, or it ended meanwhile.
	ErrVanished = errors.New("the thread is gone")
	// ErrPrivilege: the caller lacks what the kernel demands, before the target is touched.
	ErrPrivilege = errors.New("ptrace reads filters only with CAP_SYS_ADMIN in the initial user namespace")
	// ErrFiltered: the caller has seccomp itself.
	ErrFiltered = errors.New("ptrace reads filters only for a caller without a seccomp filter of its own")
	// ErrTraced: a thread has at most one tracer.
	ErrTraced = errors.New("the thread is being traced already")
	// ErrDenied: PTRACE_SEIZE was refused for another cause: Yama, another security module, a kernel thread, capview itself.
	ErrDenied = errors.New("the kernel refused to attach")
	// ErrUnsupported: the kernel cannot hand filters out.
	ErrUnsupported = errors.New("the kernel was built without CONFIG_CHECKPOINT_RESTORE")
	// ErrNotClassic: a filter has no classic BPF program that could be handed out.
	ErrNotClassic = errors.New("a filter is not classic BPF")
	// ErrTimeout: the thread did not stop in time, as in an uninterruptible sleep.
	ErrTimeout = errors.New("the thread did not stop in time")
)
