package cgroup

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/containerd/cgroups/v3"
)

// TestParseAgreesWithContainerd compares with the reading containerd itself does, over every process here.
func TestParseAgreesWithContainerd(t *testing.T) {
	names, err := filepath.Glob("/proc/[0-9]*/cgroup")
	if err != nil || len(names) == 0 {
		t.Fatal("no /proc/PID/cgroup", err)
	}
	compared := 0
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			continue // it ended
		}
		want, unified, err := cgroups.ParseCgroupFileUnified(name)
		again, gone := os.ReadFile(name)
		if err != nil || gone != nil || string(again) != string(b) {
			continue // it ended, or moved between the two
		}
		got, err := Parse(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got.Unified != unified {
			t.Errorf("%s: unified %q, want %q", name, got.Unified, unified)
		}
		for controller, path := range want {
			if !slices.ContainsFunc(got.All, func(p Path) bool {
				return p.Path == path && slices.Contains(p.Controllers, controller)
			}) {
				t.Errorf("%s: %s is in %s, not in %+v", name, controller, path, got.All)
			}
		}
		compared++
	}
	if compared == 0 {
		t.Fatal("compared none")
	}
	t.Logf("compared %d processes", compared)
}
