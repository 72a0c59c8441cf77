package snapshot

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The snapshot rests on the model, its leaves and x/sys, never on another source.
func TestImports(t *testing.T) {
	leaves := []string{"capview/inspect", "golang.org/x/sys/unix", "capview/inspect/caps", "capview/inspect/crash", "capview/inspect/fact", "capview/inspect/filecap", "capview/inspect/rules",
		"capview/inspect/seccomp", "capview/nsinfo", "capview/nsinfo/cgroup"}
	barred := []string{"os/exec", "net", "syscall", "unsafe", "log"}
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range parsed.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			first, _, _ := strings.Cut(path, "/")
			standard := !strings.Contains(first, ".") && first != "capview"
			if !slices.Contains(leaves, path) && !standard || slices.Contains(barred, path) {
				t.Errorf("%s imports %s", file, path)
			}
		}
	}
}
