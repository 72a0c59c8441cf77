package crash

import (
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
)

func TestRecover(t *testing.T) {
	told := make(chan string, 1)
	Handle(func(value any, stack []byte) {
		told <- value.(string) + "\n" + string(stack)
	})
	defer Handle(nil)
	go func() {
		defer Recover()
		panic("in a goroutine")
	}()
	if got := <-told; !strings.HasPrefix(got, "in a goroutine\n") || !strings.Contains(got, "crash_test.go:") {
		t.Errorf("told %s", got)
	}
}

func TestWithoutHandler(t *testing.T) {
	defer func() {
		if got := recover(); got != "as ever" {
			t.Errorf("recovered %v", got)
		}
	}()
	defer Recover()
	panic("as ever")
}

// Every package may import this one, so it imports nothing but the standard library.
func TestImports(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "crash.go", nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range f.Imports {
		if path, _ := strconv.Unquote(spec.Path.Value); strings.Contains(path, ".") || strings.HasPrefix(path, "capview/") {
			t.Errorf("imports %s", path)
		}
	}
}
