package profile

import (
	"slices"
	"strings"

	"capview/inspect/caps"
	"capview/inspect/seccomp"
)

// Context is what rules in the engines' format depend on.
type Context struct {
	// Caps is the container's bounding set when it was created: docker, podman, CRI-O and containerd all look at the
	// specification's process.capabilities.bounding.
	Caps   caps.Set
	Arch   seccomp.Arch // the host's, and so the engine's
	Kernel Version      // zero: newer than any that a profile asks for
}

// Resolve gives the profile that the engine hands to the runtime (moby/profiles/seccomp and containers/common
// pkg/seccomp, setupSeccomp).
func (p *Profile) Resolve(in Context) (*OCI, error) {
	number, err := errno(p.DefaultErrno, p.DefaultErrnoRet)
	if err != nil {
		return nil, err
	}
	oci := &OCI{
		DefaultAction:    p.DefaultAction,
		DefaultErrnoRet:  number,
		Architectures:    p.arches(in.Arch),
		Flags:            slices.Clone(p.Flags),
		ListenerPath:     p.ListenerPath,
		ListenerMetadata: p.ListenerMetadata,
		Syscalls:         make([]Rule, 0, len(p.Syscalls)),
	}
	for i := range p.Syscalls {
		rule := &p.Syscalls[i]
		if !rule.applies(in) || len(rule.Names) == 0 {
			continue
		}
		number, err := errno(rule.Errno, rule.ErrnoRet)
		if err != nil {
			return nil, err
		}
		oci.Syscalls = append(oci.Syscalls, Rule{rule.Names, rule.Action, number, rule.Args})
	}
	return oci, nil
}

// arches is the architectures that the filter handles; of an archMap those of the native one.
func (p *Profile) arches(native seccomp.Arch) []string {
	arches := slices.Clone(p.Architectures)
	for _, m := range p.ArchMap {
		if m.Architecture == archWord(native) {
			return append(append(arches, m.Architecture), m.SubArchitectures...)
		}
	}
	return arches
}

func (r *EngineRule) applies(in Context) bool {
	arch := engineArch(in.Arch)
	newer := func(least Version) bool { return in.Kernel == Version{} || in.Kernel.AtLeast(least) }
	holds := func(name string) bool { return in.holds(name) }
	switch ex, inc := &r.Excludes, &r.Includes; {
	case slices.Contains(ex.Arches, arch),
		slices.ContainsFunc(ex.Caps, holds),
		ex.MinKernel != Version{} && newer(ex.MinKernel),
		len(inc.Arches) > 0 && !slices.Contains(inc.Arches, arch),
		!all(inc.Caps, holds),
		inc.MinKernel != Version{} && !newer(inc.MinKernel):
		return false
	}
	return true
}

// holds tells whether the set has a capability by the engines' name, CAP_SYS_ADMIN. Of a name that is none they say no.
func (in Context) holds(name string) bool {
	c, ok := capabilities[name]
	return ok && in.Caps.Has(c)
}

var capabilities = func() map[string]caps.Cap {
	names := map[string]caps.Cap{}
	for c := range caps.Cap(64) {
		if name := c.String(); strings.HasPrefix(name, "cap_") {
			names[strings.ToUpper(name)] = c
		}
	}
	return names
}()

func all(names []string, holds func(string) bool) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return !holds(name) })
}
