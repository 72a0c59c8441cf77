package caps

// Scope is the user namespace a capability is checked against (user_namespaces(7), "Interaction of user namespaces and
// other types of namespaces"; in the kernel: the first argument of ns_capable at the places that ask for it).
// A thread may use a capability there if it is effective and its own user namespace is that one or an ancestor.
type Scope uint8

// The scopes.
const (
	// ScopeHost: the initial user namespace (capable()). Held in any other it does nothing, but what ChildPart says.
	ScopeHost Scope = iota
	// ScopeUser: the thread's own user namespace; with files, their owner must be mapped there.
	ScopeUser
	// ScopeTask: the user namespace of the process acted upon.
	ScopeTask
	// ScopeNet: the owner of the network namespace.
	ScopeNet
	// ScopeIPC: the owner of the IPC namespace.
	ScopeIPC
	// ScopePID: the owner of the PID namespace.
	ScopePID
	// ScopeMixed: the owner of whichever namespace the operation changes.
	ScopeMixed
	scopes
)

var scopeTexts = [scopes]string{
	ScopeHost:  "host only",
	ScopeUser:  "own user namespace",
	ScopeTask:  "target's user namespace",
	ScopeNet:   "owner of the network namespace",
	ScopeIPC:   "owner of the IPC namespace",
	ScopePID:   "owner of the PID namespace",
	ScopeMixed: "owner of the namespace concerned",
}

// String names the user namespace that decides: "host only", "owner of the network namespace".
func (s Scope) String() string {
	if s < scopes {
		return scopeTexts[s]
	}
	return "unknown"
}

// Scope is the user namespace that decides over the main use of c. A capability without a name here
// is taken for one of ScopeHost, as new ones begin.
func (c Cap) Scope() Scope { return c.about().scope }

// HostPart is what c does only in the initial user namespace although Scope is wider: "raising its own priority".
// "" where nothing is, or everything (ScopeHost).
func (c Cap) HostPart() string { return c.about().hostPart }

// ChildPart is what c still does where it is held in another than the initial user namespace although its Scope is
// ScopeHost: "SHM_LOCK in an IPC namespace of its user namespace". "" where that is nothing.
func (c Cap) ChildPart() string { return childParts[c] }

var childParts = map[Cap]string{
	IPCLock:     "locking System V shared memory (SHM_LOCK) of an IPC namespace its user namespace owns",
	SysResource: "prlimit(2) of processes of its user namespace, the limits in its /proc/sys/user",
	SysTime:     "the clock offsets of a time namespace its user namespace owns",
	MACAdmin:    "the AppArmor policy of a policy namespace made for its user namespace",
}

// HostOnly is every capability of ScopeHost: next to useless outside the initial user namespace.
func HostOnly() (s Set) {
	for c := Cap(0); c <= Last; c++ {
		if c.Scope() == ScopeHost {
			s |= Of(c)
		}
	}
	return s
}
