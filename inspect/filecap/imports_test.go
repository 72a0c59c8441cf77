package filecap

import (
	"testing"

	"capview/demo/importrules"
)

// The package has capabilities and that part of the standard library which does no I/O.
func TestImports(t *testing.T) {
	importrules.Check(t, "encoding/binary", "errors", "fmt", "capview/inspect/caps")
}
