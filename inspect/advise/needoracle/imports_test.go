package needoracle

import (
	"testing"

	"capview/demo/importrules"
)

// There is nothing but tests.
func TestImports(t *testing.T) {
	importrules.Check(t)
}
