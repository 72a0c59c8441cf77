package proc

import (
	"testing"

	"capview/demo/importrules"
)

// The source rests on the model, the leaves and the libraries that read procfs and cgroups, never on another source.
func TestImports(t *testing.T) {
	importrules.Check(t, importrules.Standard, "capview/inspect", "capview/inspect/caps", "capview/inspect/crash", "capview/inspect/filecap", "capview/inspect/rules", "capview/inspect/task", "capview/nsinfo", "capview/nsinfo/cgroup",
		"github.com/containerd/cgroups/v3", "github.com/prometheus/procfs", "golang.org/x/sys/unix")
}
