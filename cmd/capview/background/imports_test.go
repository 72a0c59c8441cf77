package background

import (
	"go/parser"
	"go/token"
	"strconv"
	"testing"
)

// This package must be ready as soon as lipgloss is: any other import could delay it past bubbletea.
func TestImportsLipglossOnly(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "background.go", nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range f.Imports {
		if path, _ := strconv.Unquote(spec.Path.Value); path != "github.com/charmbracelet/lipgloss" {
			t.Errorf("imports %s", path)
		}
	}
	if "capview/cmd/capview/background" >= "github.com/charmbracelet/bubbletea" {
		t.Error("the import path must sort before bubbletea's")
	}
}
