package runtimes

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What this package may import besides the standard library.
var allowed = []string{
	"capview/inspect", "capview/inspect/caps", "capview/inspect/crash", "capview/nsinfo", "capview/nsinfo/cgroup", "golang.org/x/sys/unix",
}

func TestImports(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imp := range f.Imports {
			path, _ := strconv.Unquote(imp.Path.Value)
			first, _, _ := strings.Cut(path, "/")
			if (strings.Contains(first, ".") || first == "capview") && !slices.Contains(allowed, path) {
				t.Errorf("%s imports %s", name, path)
			}
			if path == "golang.org/x/sys/unix" && !strings.HasSuffix(name, "_linux.go") {
				t.Errorf("%s imports %s: it is not for Linux alone", name, path)
			}
		}
	}
}
