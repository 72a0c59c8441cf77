package manifest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"capview/inspect/caps"
)

// systemd reads the lines as they are meant: what it says of a unit's bounding set is what was recommended, whatever the
// unit had before.
func TestSystemdAgrees(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("no systemd-analyze (package systemd)")
		}
		t.Skip("no systemd-analyze (package systemd)")
	}
	ix := recorded(t)
	compared := 0
	for name, a := range goldens(t, ix) {
		m, err := Write(ix, &a, Systemd)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		unit := filepath.Join(dir, "advised.service")
		drop := filepath.Join(dir, "advised.service.d")
		before := "[Service]\nExecStart=/bin/true\nCapabilityBoundingSet=CAP_SYS_MODULE CAP_SYS_TIME\nAmbientCapabilities=CAP_SYS_TIME\n"
		if err := os.Mkdir(drop, 0o755); err != nil {
			t.Fatal(err)
		}
		for path, text := range map[string]string{unit: before, filepath.Join(drop, "capview.conf"): m.Text} {
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		out, err := exec.Command(analyze, "security", "--offline=true", "--json=short", "--no-pager", unit).Output()
		if err != nil {
			t.Fatalf("systemd-analyze security: %v", err)
		}
		var tests []struct {
			Name string
			Set  *bool
		}
		if err := json.Unmarshal(out, &tests); err != nil {
			t.Fatal(err)
		}
		for _, test := range tests {
			group, ok := strings.CutPrefix(test.Name, "CapabilityBoundingSet=~")
			if !ok || test.Set == nil {
				continue
			}
			compared++
			if within := a.Recommended.Caps.Bounding & matching(group); *test.Set != (within == 0) {
				t.Errorf("%s: systemd says of %s %v, in it is %s", name, group, *test.Set, within.Names())
			}
		}
		for _, test := range tests {
			if test.Name == "AmbientCapabilities=" && test.Set != nil && *test.Set != (a.Recommended.Caps.Ambient == 0) {
				t.Errorf("%s: systemd says ambient is empty: %v; it is %s", name, *test.Set, a.Recommended.Caps.Ambient.Names())
			}
		}
	}
	if compared < 50 {
		t.Errorf("compared %d groups of capabilities, want more", compared)
	}
	t.Logf("compared %d groups of capabilities with systemd-analyze", compared)
}

// matching is the capabilities of a pattern: "CAP_SYS_(NICE|RESOURCE)", "CAP_AUDIT_*".
func matching(pattern string) (s caps.Set) {
	re := regexp.MustCompile("^" + strings.ReplaceAll(pattern, "*", "[A-Z_]*") + "$")
	for c := caps.Cap(0); c <= caps.Last; c++ {
		if re.MatchString(strings.ToUpper(c.String())) {
			s |= caps.Of(c)
		}
	}
	return s
}
