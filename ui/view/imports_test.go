package view

import (
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
)

// Columns and sections are data: no terminal, no clock, no source, nothing of the system.
func TestImports(t *testing.T) {
	allowed := map[string]bool{
		"capview/inspect": true, "capview/inspect/caps": true, "capview/inspect/fact": true, "capview/inspect/filecap": true,
		"capview/nsinfo": true, "github.com/charmbracelet/x/ansi": true,
	}
	for _, std := range strings.Fields("bufio bytes cmp encoding/csv encoding/json fmt io slices strconv strings time unicode unicode/utf16 unicode/utf8") {
		allowed[std] = true
	}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range parsed.Imports {
			if path, _ := strconv.Unquote(i.Path.Value); !allowed[path] {
				t.Errorf("%s imports %s", f.Name(), path)
			}
		}
	}
}
