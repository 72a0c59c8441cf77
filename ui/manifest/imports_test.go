package manifest

import (
	"testing"

	"capview/demo/importrules"
)

// Manifests are text: no source, nothing of the system.
func TestImports(t *testing.T) {
	importrules.Check(t, "capview/inspect", "capview/inspect/advise", "capview/inspect/caps", "capview/ui/view",
		"bytes", "encoding/json", "fmt", "strings", "time")
}
