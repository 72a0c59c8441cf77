package background

import (
	"testing"

	"capview/demo/importrules"
)

// This package must be ready as soon as lipgloss is: any other import could delay it past bubbletea.
func TestImportsLipglossOnly(t *testing.T) {
	importrules.Check(t, "github.com/charmbracelet/lipgloss")
	if "capview/cmd/capview/background" >= "github.com/charmbracelet/bubbletea" {
		t.Error("the import path must sort before bubbletea's")
	}
}
