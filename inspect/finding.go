package inspect

import (
	"cmp"
	"slices"
)

// Finding is one thing in which a container or a process is not what its runtime was asked for, or is what was asked
// for and dangerous, or of which neither can be told.
type Finding struct {
	Kind    FindingKind `json:"kind"`
	Sort    FindingSort `json:"sort"`
	Gravity Gravity     `json:"gravity"`
	// Container is the key of the container whose specification it is measured by.
	Container string `json:"container"`
	// PIDs is whose finding it is; none where it is of the container as a whole.
	PIDs  []int    `json:"pids"`
	Text  string   `json:"text"`  // in words, without its subject, raw: sanitise before display
	Brief string   `json:"brief"` // the same in a word or two
	Facts []Versus `json:"facts"`
}

// Versus is one fact as it was asked for and as it is, in the notation of cells; "" where there is no such side.
type Versus struct {
	Fact  string `json:"fact"` // by its JSON key: "caps.bounding"
	Asked string `json:"asked"`
	Has   string `json:"has"`
}

// FindingKind is a stable name of what was found.
type FindingKind string

// The kinds of findings.
const (
	FoundPowerless     FindingKind = "powerless"      // asked for capabilities of which nothing is effective
	FoundMore          FindingKind = "more"           // holds capabilities that were not asked for
	FoundRegained      FindingKind = "regained"       // root's execve gave back what was left out of the permitted set
	FoundLess          FindingKind = "less"           // holds fewer capabilities than execve gave it
	FoundNotGiven      FindingKind = "not-given"      // asked for capabilities that it did not get
	FoundNoSeccomp     FindingKind = "no-seccomp"     // a profile was asked for, no filter is attached
	FoundOwnSeccomp    FindingKind = "own-seccomp"    // a filter is attached, no profile was asked for
	FoundNoNNP         FindingKind = "no-nnp"         // no_new_privs was asked for and is not set
	FoundOwnNNP        FindingKind = "own-nnp"        // no_new_privs is set and was not asked for
	FoundUser          FindingKind = "user"           // runs as another user than asked for
	FoundNamespace     FindingKind = "namespace"      // is not in the namespace that was asked for
	FoundIDMap         FindingKind = "id-map"         // its user namespace maps other ids than asked for
	FoundEntered       FindingKind = "entered"        // in the container's namespaces, not in its cgroup
	FoundOutside       FindingKind = "outside"        // in the container's cgroup, not in its namespaces
	FoundHostNamespace FindingKind = "host-namespace" // shares a namespace with the host, as asked
	FoundPrivileged    FindingKind = "privileged"
	FoundMount         FindingKind = "mount" // a mount leads out of the container
	FoundStarting      FindingKind = "starting"
	FoundNoSpec        FindingKind = "no-spec"    // what was asked for is not known
	FoundUnreadable    FindingKind = "unreadable" // what it has could not be read
)

// FindingKinds is every kind, in the order above.
var FindingKinds = []FindingKind{
	FoundPowerless, FoundMore, FoundRegained, FoundLess, FoundNotGiven, FoundNoSeccomp, FoundOwnSeccomp, FoundNoNNP,
	FoundOwnNNP, FoundUser, FoundNamespace, FoundIDMap, FoundEntered, FoundOutside, FoundHostNamespace, FoundPrivileged,
	FoundMount, FoundStarting, FoundNoSpec, FoundUnreadable,
}

// FindingSort tells what a finding says of the question whether it is what was asked for.
type FindingSort string

// The three sorts, and what is merely worth knowing.
const (
	SortDrift   FindingSort = "drift"       // it is not
	SortRisk    FindingSort = "risk"        // it is, and that is dangerous
	SortUnknown FindingSort = "cannot-tell" // that cannot be told
	SortNote    FindingSort = "note"        // it is not, as programs usually make themselves: a worker's user, fewer capabilities
)

// Gravity is how grave a finding is for the host.
type Gravity string

// The gravities.
const (
	GravityInfo    Gravity = "info"
	GravityNotice  Gravity = "notice"
	GravityWarning Gravity = "warning"
	GravityDanger  Gravity = "danger"
)

var gravityRank = map[Gravity]int{GravityInfo: 0, GravityNotice: 1, GravityWarning: 2, GravityDanger: 3}

// Rank is 0 for what is merely worth knowing up to 3 for danger.
func (g Gravity) Rank() int { return gravityRank[g] }

var sortRank = map[FindingSort]int{SortDrift: 0, SortRisk: 1, SortUnknown: 2, SortNote: 3}

// SortFindings puts drift first, then risks, what cannot be told, and notes; the gravest first within each.
func SortFindings(fs []Finding) {
	slices.SortStableFunc(fs, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(sortRank[a.Sort], sortRank[b.Sort]), cmp.Compare(b.Gravity.Rank(), a.Gravity.Rank()))
	})
}

// MergeFindings makes of equal findings of several processes one with all their PIDs.
func MergeFindings(fs []Finding) []Finding {
	type same struct {
		kind            FindingKind
		container, text string
	}
	at := make(map[same]int, len(fs))
	merged := make([]Finding, 0, len(fs))
	for _, f := range fs {
		key := same{f.Kind, f.Container, f.Text}
		if i, ok := at[key]; ok {
			merged[i].PIDs = append(merged[i].PIDs, f.PIDs...)
			continue
		}
		at[key] = len(merged)
		f.PIDs = slices.Clone(f.PIDs)
		merged = append(merged, f)
	}
	SortFindings(merged)
	return merged
}
