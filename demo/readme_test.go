// Package demo holds the README to what is true: its sessions over the recorded node, and its map of the packages.
package demo

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var fence = regexp.MustCompile("(?s)```(\\w*)\n(.*?)```")

// TestSessions runs the sessions and compares what is printed. With UPDATE=1 it writes them down instead.
func TestSessions(t *testing.T) {
	dir := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", dir, "capview/cmd/capview").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text := readme(t)
	ran := 0
	updated := fence.ReplaceAllStringFunc(text, func(block string) string {
		parts := fence.FindStringSubmatch(block)
		if parts[1] != "console" {
			return block
		}
		var session strings.Builder
		for line := range strings.Lines(parts[2]) {
			command, ok := strings.CutPrefix(line, "$ ")
			if !ok {
				continue
			}
			ran++
			session.WriteString(line)
			cmd := exec.Command("sh", "-c", command)
			cmd.Dir, cmd.Env = "..", append(os.Environ(), "PATH="+dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
			cmd.Stderr = os.Stderr
			out, err := cmd.Output()
			if err != nil {
				t.Errorf("%s: %v", command, err)
			}
			session.Write(out)
		}
		return "```console\n" + session.String() + "```"
	})
	if ran == 0 {
		t.Fatal("the README has no session")
	}
	switch {
	case updated == text:
	case os.Getenv("UPDATE") != "":
		if err := os.WriteFile("../README.md", []byte(updated), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		was, is := strings.Split(text, "\n"), strings.Split(updated, "\n")
		for i := range min(len(was), len(is)) {
			if was[i] != is[i] {
				t.Fatalf("the README's sessions print something else now (UPDATE=1 writes it down): line %d was\n%s\nand is\n%s", i+1, was[i], is[i])
			}
		}
		t.Fatal("the README's sessions print more or less now (UPDATE=1 writes it down)")
	}
}

// TestPackageMap holds that the README names every package, and none that is not there.
func TestPackageMap(t *testing.T) {
	out, err := exec.Command("go", "list", "-e", "capview/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var tree string
	for _, block := range fence.FindAllStringSubmatch(readme(t), -1) {
		if strings.HasPrefix(block[2], "cmd/capview ") {
			tree = block[2]
		}
	}
	named := map[string]bool{}
	for line := range strings.Lines(tree) {
		name := strings.Fields(line)[0]
		named[name] = true
		if info, err := os.Stat(filepath.Join("..", name)); err != nil || !info.IsDir() {
			t.Errorf("the README names %s, which is not there", name)
		}
	}
	for path := range strings.FieldsSeq(string(out)) {
		name := strings.TrimPrefix(path, "capview/")
		part := strings.HasPrefix(name, "demo/") || strings.Contains(name, "/internal/") || strings.HasSuffix(name, "test") || strings.HasSuffix(name, "oracle") || name == "cmd/capview/background"
		if !named[name] && !part {
			t.Errorf("the README does not name %s", name)
		}
	}
}
