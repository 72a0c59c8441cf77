package trace

import (
	"testing"

	"capview/demo/importrules"
)

// The library that loads programs is for package bpf alone; no other source is known.
func TestImports(t *testing.T) {
	importrules.Check(t, importrules.Standard,
		"capview/inspect", "capview/inspect/caps", "capview/inspect/seccomp", "capview/inspect/bpf/load",
		"github.com/cilium/ebpf", "github.com/cilium/ebpf/btf", "github.com/cilium/ebpf/link", "github.com/cilium/ebpf/ringbuf",
		"golang.org/x/sys/unix")
}
