package lean

import (
	"testing"

	"capview/demo/importrules"
)

// It knows capabilities and the system calls that drop them.
func TestImports(t *testing.T) {
	importrules.Check(t, importrules.Standard, "capview/inspect/caps", "golang.org/x/sys/unix", "kernel.org/pub/linux/libs/security/libcap/psx")
}
