package advise

import (
	"testing"

	"capview/demo/importrules"
)

// Advice is worked out from what is given: no I/O, no clock.
func TestImports(t *testing.T) {
	importrules.Check(t, "capview/inspect", "capview/inspect/caps", "capview/inspect/fact", "capview/inspect/filecap", "capview/inspect/rules", "capview/nsinfo",
		"bufio", "bytes", "encoding/json", "errors", "fmt", "io", "slices", "strconv", "strings", "time")
}
