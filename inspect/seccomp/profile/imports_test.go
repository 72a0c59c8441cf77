package profile

import (
	"testing"

	"capview/demo/importrules"
)

// Profiles are text and what it means: no I/O but of what is embedded, and of the project the sets and the filters alone.
func TestImports(t *testing.T) {
	importrules.Check(t, "bytes", "cmp", "compress/gzip", "crypto/sha256", "embed", "encoding/json", "errors", "fmt", "maps", "math", "math/bits", "slices", "strconv", "strings",
		"sync", "capview/inspect/caps", "capview/inspect/seccomp")
}
