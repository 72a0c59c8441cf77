package importrules

import "testing"

func TestImports(t *testing.T) { Check(t, Standard) }

func TestPermits(t *testing.T) {
	for _, c := range []struct {
		path    string
		allowed []string
		want    bool
	}{
		{"os", []string{Standard}, true},
		{"os", []string{"fmt"}, false},
		{"os", []string{Standard, "!os"}, false},
		{"os/exec", []string{Standard, "!os"}, true},
		{"capview/inspect", []string{Standard}, false},
		{"capview/inspect", []string{"capview/inspect"}, true},
		{"capview/inspect/caps", []string{"capview/inspect"}, false},
		{"golang.org/x/sys/unix", []string{Standard}, false},
		{"golang.org/x/sys/unix", []string{"golang.org/x/sys/unix"}, true},
	} {
		if got := permits(c.allowed, c.path); got != c.want {
			t.Errorf("%s by %q: %v, want %v", c.path, c.allowed, got, c.want)
		}
	}
}
