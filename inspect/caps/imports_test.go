package caps

import (
	"testing"

	"capview/demo/importrules"
)

// The package has that part of the standard library which does no I/O.
func TestImports(t *testing.T) {
	importrules.Check(t, "errors", "fmt", "math/bits", "strconv", "strings", "unicode/utf8")
}
