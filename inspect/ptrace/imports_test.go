package ptrace

import (
	"testing"

	"capview/demo/importrules"
)

// A source rests on leaves and the system, never on another source.
func TestImports(t *testing.T) {
	importrules.Check(t, importrules.Standard, "!os/exec", "!net", "capview/inspect/seccomp", "golang.org/x/sys/unix")
}
