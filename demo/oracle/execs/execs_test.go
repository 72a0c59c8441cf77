package main

import (
	"bytes"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

var (
	cases = flag.Int("cases", 10000, "how many execve to compare")
	seed  = flag.Uint64("seed", 1, "of the random states")
)

// The rules agree with the running kernel in every random state, and every branch of them is seen.
func TestRulesAgreeWithKernel(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("not root: other users' processes and mounts cannot be made")
	}
	if ns, err := os.Readlink("/proc/self/ns/user"); err != nil || ns != "user:[4026531837]" {
		t.Skip("not in the initial user namespace: ", ns, err)
	}
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("gcc is not installed")
	}
	var out, errs bytes.Buffer
	code := run([]string{"-n", strconv.Itoa(*cases), "-seed", strconv.FormatUint(*seed, 10)}, &out, &errs)
	t.Logf("%s", out.Bytes())
	if code != 0 {
		t.Errorf("exit status %d: %.20000s", code, errs.String())
	}
}

// Every rule that a step of an execve can name is looked for, or known to be out of reach.
func TestBranches(t *testing.T) {
	named := map[string]bool{}
	files, err := filepath.Glob("../../../inspect/rules/exec*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool { collect(n, named); return true })
	}
	if len(named) < 30 {
		t.Fatalf("only %d rules found", len(named))
	}
	for name := range named {
		if !slices.Contains(branches, name) && !slices.Contains(elsewhere, name) {
			t.Errorf("nobody looks for rule %s", name)
		}
	}
	for _, name := range elsewhere {
		if !named[name] {
			t.Errorf("there is no rule %s", name)
		}
	}
}

// collect takes up the rule of a call to step or change.
func collect(n ast.Node, named map[string]bool) {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return
	}
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || method.Sel.Name != "step" && method.Sel.Name != "change" {
		return
	}
	arg := call.Args[0]
	if method.Sel.Name == "change" {
		arg = call.Args[1]
	}
	if rule, ok := arg.(*ast.BasicLit); ok {
		name, _ := strconv.Unquote(rule.Value)
		named[name] = true
	}
}
