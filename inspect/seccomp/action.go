package seccomp

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

// Kind is a without its data. The kernel takes a value that is none of the actions for KillProcess; Kind does not.
func (a Action) Kind() Action { return a & 0xffff0000 }

// Data is the lower half: of Errno the error, of Trap and Trace what its receiver is told.
func (a Action) Data() uint16 { return uint16(a) }
