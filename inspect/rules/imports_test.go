package rules

import (
	"testing"

	"capview/demo/importrules"
)

// The rules rest on the leaves and the standard library alone, and do no I/O.
func TestImports(t *testing.T) {
	importrules.Check(t, importrules.Standard, "!os", "!os/exec", "!net", "!syscall", "!unsafe", "!log", "!time",
		"capview/inspect/caps", "capview/inspect/fact", "capview/inspect/filecap", "capview/inspect/seccomp", "capview/nsinfo")
}
