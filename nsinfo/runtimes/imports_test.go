package runtimes

import (
	"strings"
	"testing"

	"capview/demo/importrules"
)

// The runtimes' files are joined to the model, not to another source; what only Linux has is in files for Linux alone.
func TestImports(t *testing.T) {
	const linux = "golang.org/x/sys/unix"
	importrules.Check(t, importrules.Standard, linux,
		"capview/inspect", "capview/inspect/caps", "capview/inspect/crash", "capview/nsinfo", "capview/nsinfo/cgroup")
	importrules.Each(t, ".", func(file, path string) {
		if path == linux && !strings.HasSuffix(file, "_linux.go") {
			t.Errorf("%s imports %s: it is not for Linux alone", file, path)
		}
	})
}
