// Package importrules lets each package's tests pin what the package may import, so that the directions in which the
// parts depend on each other do not drift.
package importrules

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Standard stands for every package of the standard library. One after "!" is barred all the same.
const Standard = "standard library"

// Check fails t for every import of the package it is called in, for any system and its tests aside, that allowed does
// not list.
func Check(t *testing.T, allowed ...string) {
	t.Helper()
	CheckDir(t, ".", allowed...)
}

// CheckDir is Check for the package in another directory.
func CheckDir(t *testing.T, dir string, allowed ...string) {
	t.Helper()
	Each(t, dir, func(file, path string) {
		if !permits(allowed, path) {
			t.Errorf("%s imports %s", file, path)
		}
	})
}

func permits(allowed []string, path string) bool {
	if slices.Contains(allowed, "!"+path) {
		return false
	}
	return slices.Contains(allowed, path) || IsStandard(path) && slices.Contains(allowed, Standard)
}

// IsStandard tells a package of the standard library by its path: it is in no module with a dot in its name, nor in this
// one.
func IsStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".") && first != "capview"
}

// Each calls each with every import of the package in dir, its tests aside.
func Each(t *testing.T, dir string, each func(file, path string)) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, file := range files {
		name := filepath.Join(dir, file.Name())
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		read++
		for _, spec := range parsed.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			each(name, path)
		}
	}
	if read == 0 {
		t.Fatalf("no Go files in %s", dir)
	}
}
