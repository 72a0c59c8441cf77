package tty

import (
	"testing"

	"capview/demo/importrules"
)

// The package knows terminals and bubbletea, and nothing of what is shown.
func TestImports(t *testing.T) {
	importrules.Check(t, importrules.Standard, "capview/cmd/capview/background", "capview/inspect/crash", "github.com/charmbracelet/bubbletea", "golang.org/x/sys/unix", "golang.org/x/term")
}
