package seccomp

import "fmt"

// Action is what a filter returns: an action in the upper half, its data in the lower (seccomp(2), SECCOMP_RET_*).
type Action uint32

// The actions, in the order of their precedence: the first that any filter returns wins.
const (
	KillProcess Action = 0x80000000
	KillThread  Action = 0x00000000
	Trap        Action = 0x00030000
	Errno       Action = 0x00050000 // data: the errno, at most 4,095 (MAX_ERRNO)
	UserNotify  Action = 0x7fc00000
	Trace       Action = 0x7ff00000 // data: for the tracer
	Log         Action = 0x7ffc0000
	Allow       Action = 0x7fff0000
)

// maxErrno is the largest error a filter can have a system call return (MAX_ERRNO, linux/err.h).
const maxErrno = 4095

// Kind is a without its data. The kernel takes a value that is none of the actions for KillProcess; Kind does not.
func (a Action) Kind() Action { return a & 0xffff0000 }

// Data is the lower half: of Errno the error, of Trap and Trace what its receiver is told.
func (a Action) Data() uint16 { return uint16(a) }

// over is what the kernel keeps of a newer filter's value and an older one's: the older only where it takes precedence,
// by comparison of the upper halves as signed numbers.
func (a Action) over(older Action) Action {
	if int32(older.Kind()) < int32(a.Kind()) {
		return older
	}
	return a
}

// Effective is the action that the kernel carries out (kernel/seccomp.c, __seccomp_filter): a value that is none of the
// actions kills the process, an error above 4,095 counts as that, and data that nobody gets to see is dropped. Two values
// with the same Effective do the same.
func (a Action) Effective() Action {
	switch a.Kind() {
	case Errno:
		return Errno | Action(min(a.Data(), maxErrno))
	case Trap, Trace:
		return a
	case KillThread, UserNotify, Log, Allow:
		return a.Kind()
	}
	return KillProcess
}

// actionNames is seccomp(2)'s names without their SECCOMP_RET_.
var actionNames = map[Action]string{
	KillProcess: "KILL_PROCESS", KillThread: "KILL_THREAD", Trap: "TRAP", Errno: "ERRNO",
	UserNotify: "USER_NOTIF", Trace: "TRACE", Log: "LOG", Allow: "ALLOW",
}

// Name is the effective action's name: "ERRNO", "KILL_PROCESS".
func (a Action) Name() string { return actionNames[a.Effective().Kind()] }

// String is the effective action with the data that counts: "ALLOW", "ERRNO(EPERM)", "ERRNO(0)", "TRACE(7)".
func (a Action) String() string {
	a = a.Effective()
	switch a.Kind() {
	case Errno:
		return fmt.Sprintf("%s(%s)", a.Name(), ErrnoName(a.Data()))
	case Trap, Trace:
		if a.Data() != 0 {
			return fmt.Sprintf("%s(%d)", a.Name(), a.Data())
		}
	}
	return a.Name()
}

// Short is String with an error by its name alone, for text that leaves no doubt: "EPERM", "ALLOW".
func (a Action) Short() string {
	if a.Kind() == Errno && errnoNames[a.Effective().Data()] != "" {
		return ErrnoName(a.Effective().Data())
	}
	return a.String()
}
