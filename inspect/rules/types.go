package rules

import (
	"encoding/json"

	"capview/inspect/caps"
	"capview/inspect/fact"
	"capview/inspect/filecap"
	"capview/nsinfo"
)

// IDs is the four uids or gids of credentials(7), in the reader's user namespace.
type IDs struct {
	Real      uint32 `json:"real"`
	Effective uint32 `json:"effective"`
	Saved     uint32 `json:"saved"`
	FS        uint32 `json:"fs"`
}

// Task is a thread as the kernel's checks see it (struct cred, struct nsproxy).
type Task struct {
	UID        fact.Opt[IDs]
	GID        fact.Opt[IDs]
	Groups     fact.Opt[[]uint32] // supplementary
	Caps       fact.Opt[caps.Sets]
	SecureBits fact.Opt[SecureBits]
	NoNewPrivs fact.Opt[bool]

	Namespaces nsinfo.Set // inode by type, its user namespace among them; 0 unknown
	Owners     nsinfo.Set // inode of the user namespace that owns each of Namespaces (NS_GET_USERNS); 0 unknown

	// Traced tells whether a ptrace(2) tracer is attached, TracerCapable whether that had CAP_SYS_PTRACE over the task's
	// user namespace when it attached (kernel: ptracer_capable). Unknown is taken for not traced, and said in the answer.
	Traced        fact.Opt[bool]
	TracerCapable fact.Opt[bool]
	// SharedFS tells whether a task outside its thread group shares its root and working directory (CLONE_FS).
	// Unknown is taken for not, and said in the answer.
	SharedFS fact.Opt[bool]
}

// UserNS is the inode of the task's user namespace; 0 unknown.
func (t *Task) UserNS() uint64 { return t.Namespaces[nsinfo.UserNS] }

// SecureBits is a thread's securebits flags (capabilities(7), "The securebits flags"; prctl(2) PR_GET_SECUREBITS).
type SecureBits uint32

// The securebits that change what a set-user-ID call or an execve(2) does. The lock of each is the bit above it.
const (
	NoRoot         SecureBits = 1 << 0 // uid 0 gets no capabilities from execve(2)
	NoSetUIDFixup  SecureBits = 1 << 2 // changing uids does not change capabilities
	KeepCaps       SecureBits = 1 << 4 // permitted ones stay when all uids become nonzero
	NoAmbientRaise SecureBits = 1 << 6 // PR_CAP_AMBIENT_RAISE fails
)

// Inode is what permission checks read of a file (inode(7)), its owner in the reader's user namespace.
type Inode struct {
	Mode uint32 // st_mode's permission, set-id and sticky bits; the type's bits may be set too
	UID  uint32
	GID  uint32
}

// File is a file to be executed, by the path that the task would use.
type File struct {
	Path  string
	Inode fact.Opt[Inode]
	// Caps is its security.capability attribute as getxattr(2) gives it to the reader, which numbers the root it counts
	// for; known and None where it has no such attribute.
	Caps fact.Opt[filecap.Caps]
	// BadCaps is set where there is an attribute that the kernel cannot read (filecap.Parse fails on what the disk holds);
	// Caps is unknown then. That getxattr(2) fails with EINVAL does not tell: it does so for revision 1 too, which counts.
	BadCaps bool

	NoSUID  fact.Opt[bool]   // its mount has MS_NOSUID
	NoExec  fact.Opt[bool]   // its mount has MS_NOEXEC, or is of a file system without executables
	MountNS fact.Opt[uint64] // inode of the mount namespace its mount is in
	// Superblock is the inode of the user namespace that mounted the file system (s_user_ns). Where it is unknown it is
	// taken for the owner of the mount namespace or one above that: no other can mount there.
	Superblock fact.Opt[uint64]

	// Interpreter is the file a script's "#!" line names; nil for what is executed itself. Of a script whose
	// interpreter could not be told, a File without facts.
	Interpreter *File
}

// Kernel is what differs between kernels.
type Kernel struct {
	LastCap caps.Cap // /proc/sys/kernel/cap_last_cap
	// FileCapsOff is set by the boot parameter no_file_caps.
	FileCapsOff bool
	// EffectiveIDs: execve(2) calls it a change of ids where the effective uid differs from the effective one before,
	// or the effective gid is not one of the task's groups; kernels before commit 337490f0007f ("exec: Correct the
	// permission check for unsafe exec") where they differ from the real ids.
	EffectiveIDs fact.Opt[bool]
}

// Creds is the credentials a thread would have.
type Creds struct {
	Caps       caps.Sets            `json:"caps"`
	UID        IDs                  `json:"uid"`
	GID        IDs                  `json:"gid"`
	SecureBits fact.Opt[SecureBits] `json:"securebits"`
	// SecureExec: the program runs in the dynamic linker's secure mode (AT_SECURE of getauxval(3)).
	SecureExec bool `json:"secure_exec"`
}

// Errno is the symbolic name of an error; "" is none, and null in JSON.
type Errno string

// The errors that the rules here lead to.
const (
	EPERM  Errno = "EPERM"
	EACCES Errno = "EACCES"
	EINVAL Errno = "EINVAL"
	ELOOP  Errno = "ELOOP"
)

// MarshalJSON writes null for none.
func (e Errno) MarshalJSON() ([]byte, error) {
	if e == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(e))
}

// Result is an answer and how it comes about.
type Result struct {
	Answer fact.Answer `json:"answer"`
	Errno  Errno       `json:"errno"` // of a No
	// After is what an execve(2) that succeeds leaves; none for any other question, where it fails, and where it
	// hangs on something unknown: see Outcomes.
	After *Creds `json:"after,omitempty"`
	// Outcomes is what would come of it in each state of what is unknown; empty where only one thing can.
	Outcomes   []Outcome `json:"outcomes,omitempty"`
	Steps      []Step    `json:"steps"`
	Remedies   []Remedy  `json:"remedies"`
	Unmodelled []string  `json:"unmodelled"` // what else could decide differently: "LSM policy"
	Gaps       []string  `json:"gaps"`       // what is not known and would have been needed
}

// MarshalJSON writes empty lists for none.
func (r Result) MarshalJSON() ([]byte, error) {
	type plain Result
	p := plain(r)
	p.Steps, p.Remedies = listed(p.Steps), listed(p.Remedies)
	p.Unmodelled, p.Gaps = listed(p.Unmodelled), listed(p.Gaps)
	return json.Marshal(p)
}

func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Outcome is what comes of it if something unknown is so.
type Outcome struct {
	If     string      `json:"if"` // "its securebits do not have SECBIT_NOROOT"
	Answer fact.Answer `json:"answer"`
	Errno  Errno       `json:"errno"`
	After  *Creds      `json:"after,omitempty"`
	Steps  []Step      `json:"steps,omitempty"` // that follow those of the Result
}

// Step is one rule that had its part in an answer, in the kernel's order.
type Step struct {
	Rule    string  `json:"rule"`           // a stable name: "file-caps-bounding"
	Source  string  `json:"source"`         // manual page and section, or kernel function
	Because string  `json:"because"`        // in plain words, one sentence
	Sets    *Change `json:"sets,omitempty"` // where the step is one about capability sets
}

// Change is the five sets before and after a step.
type Change struct {
	Before caps.Sets `json:"before"`
	After  caps.Sets `json:"after"`
}

// Remedy is a change that would turn a No into a Yes.
type Remedy struct {
	What string `json:"what"` // "raise cap_net_bind_service into the ambient set"
	How  string `json:"how"`  // "setpriv --ambient-caps +net_bind_service ..."
}
