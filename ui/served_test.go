package ui

import (
	"strings"
	"testing"
)

// A shim holds everything; the container it serves does not, also where a filter leaves nothing but the shim.
func TestAHelperDoesNotSpeakForItsContainer(t *testing.T) {
	u := newUser(t, 80, 24)
	u.keys("/")
	u.typed("containerd-shim")
	u.keys("enter")
	u.sees("4200")
	for _, l := range u.lines() {
		if strings.Contains(l, "web") && strings.TrimSpace(l[strings.Index(l, "(1 helper)")+len("(1 helper)"):]) != "" {
			t.Errorf("it says of the container: %q", l)
		}
	}
	u.sees("(1 helper)")
}
