package profile

import (
	"fmt"

	"capview/inspect/caps"
)

// MaxDiffers is how many system calls may differ for a filter still to bear a profile's name: "podman +3".
const MaxDiffers = 8

// Declared is the name of a filter that means what the container's own profile says.
const Declared = "declared"

// Subject is a process with filters, and what is known of its container.
type Subject struct {
	Context // Caps: its bounding set now
	// Created is the bounding sets that its container may have been created with, where they are known: engines resolve
	// their profiles with it, and processes may have dropped from it since.
	Created []caps.Set
	// Profile is the container's own, as its runtime was given it; nil where it is not known. A namer remembers it by its
	// address: give it the same one each time.
	Profile *OCI
	// Engine is the container's ("docker", "containerd", "podman", "crio"), "" where it is not known. Of profiles that mean
	// the same, its name is preferred.
	Engine string
}

// Naming is what a stack of filters is called.
type Naming struct {
	// Profile is an engine's name, Declared, or "" where the filters are near none.
	Profile string
	// Versions is the first release of the generation of the engine's profile that is nearest; of several the newest.
	Versions string
	Origin   string
	// Runtime is whose filter of the profile it is, or is nearest to, by what its libseccomp knew: system calls that are
	// newer than that are none that differ. Where several fit it is the newest.
	Runtime Runtime
	Caps    caps.Set // the set that the profile was resolved with
	// Also is other engines whose profiles mean exactly the same. It is looked for where Subject.Engine is not known or the
	// engine's own is another.
	Also    []string
	Differs []Difference
	// Names is how many system calls differ, each counted once for all architectures.
	Names int
	// Added is how many newer filters are not counted: the name is that of the oldest, which the container began with.
	Added int
	// Filters is how many filters there are. Of none the name is "none".
	Filters int
}

// String is the name as a column shows it: "docker", "podman +3", "docker, 1 added", "declared", "custom", "none".
func (n Naming) String() string {
	switch {
	case n.Filters == 0:
		return "none"
	case n.Profile == "":
		return "custom"
	case n.Added > 0:
		return fmt.Sprintf("%s, %d added", n.Profile, n.Added)
	case n.Names > 0:
		return fmt.Sprintf("%s +%d", n.Profile, n.Names)
	}
	return n.Profile
}
