package load

import (
	"testing"

	"capview/demo/importrules"
)

// Here alone is the library that loads programs; no other source is known.
func TestImports(t *testing.T) {
	importrules.Check(t, importrules.Standard, "github.com/cilium/ebpf", "github.com/cilium/ebpf/asm", "github.com/cilium/ebpf/btf", "golang.org/x/sys/unix")
}
