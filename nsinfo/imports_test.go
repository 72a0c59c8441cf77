package nsinfo

import (
	"testing"

	"capview/demo/importrules"
)

// The package has facts and that part of the standard library which does no I/O.
func TestImports(t *testing.T) {
	importrules.Check(t, "bytes", "encoding/json", "fmt", "math", "capview/inspect/fact")
}
