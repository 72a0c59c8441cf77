package task

import (
	"testing"

	"capview/demo/importrules"
)

// A leaf: sources share it because none imports another.
func TestImports(t *testing.T) {
	importrules.Check(t, importrules.Standard, "capview/inspect/caps", "capview/nsinfo")
}
