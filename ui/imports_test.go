package ui

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"capview/demo/importrules"
)

// allowed is what the packages here may import. The terminal program has no source, no file and no clock of its own.
var allowed = map[string][]string{
	".": {"cmp", "context", "errors", "fmt", "io/fs", "maps", "slices", "strconv", "strings", "sync/atomic", "time", "unicode", "unicode/utf8",
		"github.com/charmbracelet/bubbles/key", "github.com/charmbracelet/bubbletea",
		"capview/inspect", "capview/inspect/advise", "capview/inspect/caps", "capview/inspect/fact", "capview/inspect/rules", "capview/nsinfo", "capview/ui/line", "capview/ui/table", "capview/ui/theme", "capview/ui/view"},
	"table": {"capview/ui/line", "capview/ui/view"},
	"line":  {"strings", "unicode/utf8", "capview/ui/view"},
}

func TestImports(t *testing.T) {
	for dir, want := range allowed {
		importrules.CheckDir(t, dir, want...)
	}
}

// now and width are given; goroutines are commands, whose panics the program catches.
func TestNoClockAndNoGoroutines(t *testing.T) {
	for dir := range allowed {
		for name, file := range sources(t, dir) {
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.GoStmt:
					t.Errorf("%s starts a goroutine", name)
				case *ast.SelectorExpr:
					if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "Sleep", "After"}, n.Sel.Name) {
						t.Errorf("%s uses time.%s", name, n.Sel.Name)
					}
				}
				return true
			})
		}
	}
}

func sources(t *testing.T, dir string) map[string]*ast.File {
	t.Helper()
	names, err := fs.Glob(os.DirFS(dir), "*.go")
	if err != nil || len(names) == 0 {
		t.Fatalf("no sources in %s: %v", dir, err)
	}
	files := map[string]*ast.File{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), dir+"/"+name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files[dir+"/"+name] = f
	}
	return files
}
