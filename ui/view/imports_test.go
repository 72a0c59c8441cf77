package view

import (
	"testing"

	"capview/demo/importrules"
)

// Columns and sections are data: no terminal, no clock, no source, nothing of the system.
func TestImports(t *testing.T) {
	importrules.Check(t, "capview/inspect", "capview/inspect/advise", "capview/inspect/caps", "capview/inspect/fact", "capview/inspect/filecap", "capview/inspect/rules", "capview/inspect/seccomp", "capview/inspect/seccomp/profile", "capview/nsinfo", "github.com/charmbracelet/x/ansi",
		"bufio", "bytes", "cmp", "encoding/csv", "encoding/json", "fmt", "io", "math/bits", "slices", "strconv", "strings", "time", "unicode", "unicode/utf16", "unicode/utf8")
}
