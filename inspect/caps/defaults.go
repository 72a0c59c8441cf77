package caps

// Default is the capabilities a container runtime gives a container it was told nothing about.
type Default struct {
	Name string // as inspect.Container.Runtime has it
	Set  Set
}

// all nine that every runtime here gives: CRI-O's list as it stands.
var common = Of(Chown, DACOverride, FSetID, FOwner, SetGID, SetUID, SetPCap, NetBindService, Kill)

// Defaults is what the runtimes give unless asked otherwise, in the order in which equal ones are named.
var Defaults = []Default{
	// moby, daemon/pkg/oci/caps/defaults.go, DefaultCapabilities.
	{"docker", common | Of(Mknod, NetRaw, SetFCap, SysChroot, AuditWrite)},
	// containerd, pkg/oci/spec.go, defaultUnixCaps: the same 14; its CRI plugin starts from them too.
	{"containerd", common | Of(Mknod, NetRaw, SetFCap, SysChroot, AuditWrite)},
	// containers/common, pkg/config/default.go, DefaultCapabilities, and default_capabilities in containers.conf(5).
	{"podman", common | Of(SetFCap, SysChroot)},
	// CRI-O 1.18 and later, internal/config/capabilities, Default.
	{"cri-o", common},
}

// DefaultFor is what the named runtime gives by default; false for a runtime with no default of its own known here.
func DefaultFor(runtime string) (Set, bool) {
	for _, d := range Defaults {
		if d.Name == runtime {
			return d.Set, true
		}
	}
	return 0, false
}
