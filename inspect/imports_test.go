package inspect

import (
	"testing"

	"capview/demo/importrules"
)

// The model rests on the standard library and on the leaves alone, and does no I/O.
func TestImports(t *testing.T) {
	importrules.Check(t, importrules.Standard, "!os", "!os/exec", "!net", "!syscall", "!unsafe", "!log",
		"capview/inspect/caps", "capview/inspect/fact", "capview/inspect/filecap", "capview/inspect/rules", "capview/inspect/seccomp", "capview/inspect/seccomp/profile", "capview/nsinfo", "capview/nsinfo/cgroup")
}
