//go:build linux

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// unit holds the lines for a systemd unit to what systemd itself reads in them: it knows every key, and what it says that the
// service can no longer do is what the work does not need. The systemd node of demo/kernels starts services with them.
func unit(t *testing.T, lines []byte) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "advised.service")
	if err := os.WriteFile(file, append(lines, "ExecStart=/bin/true\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	said, err := exec.Command("systemd-analyze", "verify", "--man=no", file).CombinedOutput()
	if err != nil || strings.Contains(string(said), file) {
		t.Errorf("systemd-analyze verify: %v\n%s\n%s", err, said, lines)
	}
	var settings []struct {
		Set  *bool
		Name string // "CapabilityBoundingSet=~CAP_SYS_(NICE|RESOURCE)"
	}
	if err := json.Unmarshal([]byte(output(t, "systemd-analyze", "security", "--offline=true", "--json=short", file)), &settings); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, s := range settings {
		pattern, bounding := strings.CutPrefix(s.Name, "CapabilityBoundingSet=~")
		if !bounding || s.Set == nil {
			continue
		}
		one, err := regexp.Compile("^" + strings.ReplaceAll(pattern, "*", ".*") + "$")
		if err != nil {
			t.Fatal(err)
		}
		needed := slices.ContainsFunc(workNeeds, func(c string) bool { return one.MatchString("CAP_" + c) })
		if *s.Set == needed {
			t.Errorf("to systemd %s is dropped: %v; needed is %q\n%s", pattern, *s.Set, workNeeds, lines)
		}
		compared++
	}
	if compared < 20 {
		t.Errorf("systemd tells of %d sets of capabilities", compared)
	}
}
