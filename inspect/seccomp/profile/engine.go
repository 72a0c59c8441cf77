package profile

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"capview/inspect/seccomp"
)

// Profile is a profile in the engines' format (github.com/moby/profiles/seccomp, go.podman.io/common/pkg/seccomp): the
// runtime's, and around it what depends on the container's capabilities, the architecture and the kernel. Every
// profile in the runtime's form is one too.
type Profile struct {
	DefaultAction    string       `json:"defaultAction"`
	DefaultErrnoRet  *uint32      `json:"defaultErrnoRet,omitempty"`
	DefaultErrno     string       `json:"defaultErrno,omitempty"` // podman's: a name or number, preferred to the number
	Architectures    []string     `json:"architectures,omitempty"`
	ArchMap          []ArchMap    `json:"archMap,omitempty"`
	Flags            []string     `json:"flags,omitempty"`
	ListenerPath     string       `json:"listenerPath,omitempty"`
	ListenerMetadata string       `json:"listenerMetadata,omitempty"`
	Syscalls         []EngineRule `json:"syscalls"`
}

// ArchMap is the architectures that a filter handles besides a native one.
type ArchMap struct {
	Architecture     string   `json:"architecture"`
	SubArchitectures []string `json:"subArchitectures"`
}

// EngineRule is a rule that applies where its Includes say so and its Excludes do not.
type EngineRule struct {
	Name     string     `json:"name,omitempty"` // of old: the only one
	Names    []string   `json:"names,omitempty"`
	Action   string     `json:"action"`
	ErrnoRet *uint32    `json:"errnoRet,omitempty"`
	Errno    string     `json:"errno,omitempty"` // podman's, as DefaultErrno
	Args     []Arg      `json:"args,omitempty"`
	Comment  string     `json:"comment,omitempty"`
	Includes Conditions `json:"includes,omitzero"`
	Excludes Conditions `json:"excludes,omitzero"`
}

// Conditions are what a rule depends on: in Includes each must hold, all of Caps and one of Arches; in Excludes none
// may, not one of Caps.
type Conditions struct {
	Caps      []string `json:"caps,omitempty"`
	Arches    []string `json:"arches,omitempty"`
	MinKernel Version  `json:"minKernel,omitzero"`
}

// Version is a kernel's: 6.1 of "6.1.0-13-amd64". The zero Version is none.
type Version struct{ Major, Minor uint8 }

// AtLeast compares.
func (v Version) AtLeast(least Version) bool {
	return v.Major > least.Major || v.Major == least.Major && v.Minor >= least.Minor
}

// MarshalJSON writes "6.1".
func (v Version) MarshalJSON() ([]byte, error) {
	return strconv.AppendQuote(nil, fmt.Sprintf("%d.%d", v.Major, v.Minor)), nil
}

// UnmarshalJSON reads "6.1"; "" is none.
func (v *Version) UnmarshalJSON(text []byte) error {
	var word string
	if err := json.Unmarshal(text, &word); err != nil {
		return fmt.Errorf("minKernel: want text like \"4.8\"")
	}
	if word == "" {
		return nil
	}
	first, second, _ := strings.Cut(word, ".")
	major, err := strconv.ParseUint(first, 10, 8)
	minor, err2 := strconv.ParseUint(second, 10, 8)
	if err != nil || err2 != nil || major == 0 && minor == 0 {
		return fmt.Errorf("minKernel %s: want text like \"4.8\"", quote(word))
	}
	*v = Version{uint8(major), uint8(minor)}
	return nil
}

// errno is a podman error by name or number, or else number.
func errno(name string, number *uint32) (*uint32, error) {
	if name == "" {
		return number, nil
	}
	value, ok := seccomp.ErrnoNumber(name)
	if !ok {
		return nil, fmt.Errorf("unknown errno %s", quote(name))
	}
	wide := uint32(value)
	return &wide, nil
}
