package rules

import (
	"strconv"
	"strings"

	"capview/inspect/caps"
	"capview/inspect/fact"
)

// KernelOf is what differs in the kernel of a release as uname(2) gives it ("6.12.9-amd64"). Distributions carry
// changes back: what a release leads to is what the kernel had that it is named after.
func KernelOf(release string, last caps.Cap) Kernel {
	k := Kernel{LastCap: last}
	major, minor, ok := version(release)
	if ok {
		k.EffectiveIDs = fact.Some(major > 6 || major == 6 && minor >= 17)
	}
	return k
}

// version is the first two numbers of a release.
func version(release string) (major, minor int, ok bool) {
	a, rest, _ := strings.Cut(release, ".")
	digits := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if digits < 0 {
		digits = len(rest)
	}
	major, err := strconv.Atoi(a)
	minor, err2 := strconv.Atoi(rest[:digits])
	return major, minor, err == nil && err2 == nil
}
