package snapshot

import (
	"testing"

	"capview/demo/importrules"
)

// The snapshot rests on the model, its leaves and x/sys, never on another source.
func TestImports(t *testing.T) {
	importrules.Check(t, importrules.Standard, "!os/exec", "!net", "!syscall", "!unsafe", "!log",
		"capview/inspect", "capview/inspect/crash", "golang.org/x/sys/unix",
		"capview/inspect/caps", "capview/inspect/fact", "capview/inspect/filecap", "capview/inspect/rules", "capview/inspect/seccomp", "capview/nsinfo", "capview/nsinfo/cgroup")
}
