package seccomp

import (
	"testing"

	"capview/demo/importrules"
)

// Filters are told apart by the standard library, without I/O.
func TestImports(t *testing.T) {
	importrules.Check(t, importrules.Standard, "!os", "!os/exec", "!net", "!syscall", "!unsafe", "!log")
}
