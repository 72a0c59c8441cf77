package advise

import (
	"time"

	"capview/inspect"
	"capview/inspect/caps"
)

// Verdict is what to do with a capability.
type Verdict string

// The verdicts. A capability that is denied and not held has no verdict but that it is wanted.
const (
	Keep    Verdict = "keep"    // it was exercised, or execve fails without it
	Drop    Verdict = "drop"    // held, or within reach, and not exercised
	Unknown Verdict = "unknown" // that cannot be told
	Wanted  Verdict = "wanted"  // asked for, denied, and not held
)

// Confidence is how far a Drop can be trusted.
type Confidence string

// The confidences. Of a Keep, and of a Drop by a rule of the kernel, it is Certain.
const (
	Certain Confidence = "certain"
	Good    Confidence = "good"
	Fair    Confidence = "fair"
	Weak    Confidence = "weak"
	None    Confidence = "none" // of an Unknown
)

// Advice is the recommendation for one target.
type Advice struct {
	Target   string  `json:"target"` // as it was asked for
	Observed Period  `json:"observed"`
	Group    Subject `json:"group"` // the container as a whole, or the one process that was asked for
	// Credentials is each distinct credential of it.
	Credentials []Credential `json:"credentials"`
	// Recommended is the five sets and no_new_privs for its first process.
	Recommended Recommended `json:"recommended"`
}

// Period is how it was watched.
type Period struct {
	Since   time.Time `json:"since"`
	Until   time.Time `json:"until"`
	Seconds float64   `json:"seconds"` // 0: not known
	Lost    uint64    `json:"lost"`    // checks that are missing from the counts
	Only    string    `json:"only"`    // what alone was watched; "": every check
	Watched string    `json:"watched"` // "yes", or why it is not known to have been watched
}

// Subject is what a recommendation is about.
type Subject struct {
	Container string       `json:"container"` // its key; "" for a process of none
	Label     string       `json:"label"`     // raw: sanitise before display
	Kind      inspect.Kind `json:"kind"`
	Runtime   string       `json:"runtime"`
	// StartSeen tells whether it was watched from its start; unknown where either time is.
	StartSeen inspect.Opt[bool] `json:"start_seen"`
	Seconds   float64           `json:"observed_seconds"` // of its life; 0 not known
	Lists
	// Bounding is what its own processes have in their bounding sets now.
	Bounding inspect.Opt[caps.Set] `json:"bounding"`
	Nearest  Nearest               `json:"nearest_default"`
	Notes    []string              `json:"notes"` // raw: sanitise before display
}

// Lists is the capabilities by verdict. Keep, Drop and Unknown do not overlap.
type Lists struct {
	Keep    caps.Set `json:"keep"`
	Drop    caps.Set `json:"drop"`
	Unknown caps.Set `json:"unknown"`
	// Wanted was denied and not made up for: of those held too, where they do not count.
	Wanted       caps.Set    `json:"denied_and_wanted"`
	NoEffect     caps.Set    `json:"no_effect"` // those of Drop that can do nothing where they are held
	Capabilities []Judgement `json:"capabilities"`
}

// Credential is the processes, or threads, that share one.
type Credential struct {
	PIDs  []int                    `json:"pids"`
	TIDs  []int                    `json:"tids,omitempty"` // threads that differ from their process
	Comm  string                   `json:"comm"`           // of the first; raw
	UID   inspect.Opt[inspect.IDs] `json:"uid"`
	GID   inspect.Opt[inspect.IDs] `json:"gid"`
	Caps  inspect.Opt[caps.Sets]   `json:"caps"`
	NNP   inspect.Opt[bool]        `json:"no_new_privs"`
	Users uint64                   `json:"user_namespace"` // its inode; 0 unknown
	// Gone: no process has it any more, only its effective set is known, and nothing of it is called unused.
	Gone bool `json:"gone,omitempty"`
	// Apart says why what it does is no matter of the container's own privileges; "" where it is.
	Apart   string  `json:"apart,omitempty"`
	Seconds float64 `json:"observed_seconds"`
	Lists
	Notes []string `json:"notes"`
}

// Judgement is one capability and the evidence.
type Judgement struct {
	Cap        caps.Cap   `json:"-"`
	Name       string     `json:"cap"` // "cap_net_raw"
	Verdict    Verdict    `json:"verdict"`
	Confidence Confidence `json:"confidence"`
	NoEffect   bool       `json:"no_effect"` // it can do nothing where it is held
	Held       string     `json:"held"`      // the sets that have it: "effective,permitted,bounding"
	Allowed    uint64     `json:"allowed"`   // checks that were passed and mattered
	Perhaps    uint64     `json:"perhaps"`   // passed, of which it cannot be told whether they mattered
	Noise      uint64     `json:"noise"`     // made, whatever came of them, and nothing hung on them
	Denied     uint64     `json:"denied"`    // failed and mattered
	// Last is the last check that counted; else the last of all.
	Last *Evidence `json:"last"`
	Why  []string  `json:"why"` // in words
	// Denial is what Denied means, and whether holding it would have helped.
	Denial string `json:"denial"`
}

// Evidence is a check.
type Evidence struct {
	At      time.Time           `json:"at"` // zero: not known
	PID     int                 `json:"pid"`
	Comm    string              `json:"comm"` // raw
	Syscall string              `json:"syscall"`
	Allowed bool                `json:"allowed"`
	Target  inspect.Opt[uint64] `json:"target_userns"`
	Stack   []string            `json:"stack"`
}

// Recommended is what to run it with: what is kept, and what cannot be told.
type Recommended struct {
	Caps       caps.Sets           `json:"caps"`
	NoNewPrivs inspect.Opt[bool]   `json:"no_new_privs"` // as it is; unknown where processes differ or it could not be read
	UID        inspect.Opt[uint32] `json:"uid"`          // inside its user namespace
	// Ambient is those of Caps that its first process has because they are ambient.
	// FromFile is those that a process has from its executable.
	FromFile caps.Set `json:"from_file"`
	// Powerless is what is kept and its first process, not being root, will not have effective without an ambient set.
	Powerless caps.Set `json:"powerless_without_ambient"`
}

// Nearest is the runtime's default that a set is nearest to.
type Nearest struct {
	Name string   `json:"name"`
	More caps.Set `json:"more"` // what Keep and Unknown have beyond it
	Less caps.Set `json:"less"` // what it has beyond them
}
