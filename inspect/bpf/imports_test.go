package bpf

import (
	"testing"

	"capview/demo/importrules"
)

// Here alone is the library that loads programs; no other source is known.
func TestImports(t *testing.T) {
	importrules.Check(t, importrules.Standard, "capview/inspect/bpf/load", "capview/inspect/caps", "capview/inspect/task", "capview/nsinfo",
		"github.com/cilium/ebpf", "github.com/cilium/ebpf/link", "golang.org/x/sys/unix")
}
