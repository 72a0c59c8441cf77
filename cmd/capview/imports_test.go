package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"capview/demo/importrules"
)

// only says which files may import what: the live source is wired in one place that other systems do not build, and the
// terminal program in another.
var only = map[string][]string{
	"capview/inspect/proc":               {"wiring_linux.go"},
	"capview/inspect/bpf":                {"wiring_linux.go"},
	"capview/inspect/bpf/load":           {"wiring_linux.go", "tracing_linux.go"},
	"capview/inspect/bpf/trace":          {"doctor_watch.go", "trace.go", "trace_target.go", "trace_write.go", "trace_json.go", "advise_watch.go", "record.go", "record_wait.go", "tracing_linux.go", "tracing_other.go", "trace_session.go", "trace_hidden.go"},
	"capview/cmd/tty":                    {"tui.go"},
	"capview/inspect/ptrace":             {"seccomp_subject.go"},
	"capview/cmd/lean":                   {"main.go", "wiring_linux.go"},
	"capview/nsinfo/runtimes":            {"wiring.go", "wiring_linux.go", "doctor.go"},
	"capview/ui":                         {"tui.go", "ask.go", "trace_session.go", "trace_seen.go"},
	"github.com/charmbracelet/bubbletea": {"tui.go", "logged.go"},
	"golang.org/x/sys/unix":              {"reader_linux.go"},
	"golang.org/x/term":                  {"terminal.go"},
	"capview/cmd/capview/background":     {"main.go"},
}

// anywhere is what every file may import besides the standard library.
var anywhere = []string{
	"github.com/spf13/cobra", "github.com/spf13/pflag", "capview/inspect", "capview/inspect/advise", "capview/inspect/caps", "capview/inspect/crash", "capview/inspect/fact",
	"capview/inspect/rules", "capview/inspect/seccomp", "capview/inspect/seccomp/profile", "capview/inspect/snapshot", "capview/nsinfo",
	"capview/ui/manifest", "capview/ui/theme", "capview/ui/view",
}

func TestImports(t *testing.T) {
	importrules.Each(t, ".", func(file, path string) {
		in, pinned := only[path]
		if pinned && !slices.Contains(in, file) || !pinned && !importrules.IsStandard(path) && !slices.Contains(anywhere, path) {
			t.Errorf("%s imports %s", file, path)
		}
	})
}

// What a run sees of the world is passed to it: only main reads the environment, and the root of processes is written once.
func TestTheWorldIsPassedIn(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	roots := 0
	for _, file := range files {
		name := file.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"os.Getenv(", "os.LookupEnv(", "os.Stdout", "os.Stderr", "os.Stdin", "os.Args", "os.Exit("} {
			if name != "main.go" && strings.Contains(string(text), word) {
				t.Errorf("%s uses %s", name, word)
			}
		}
		roots += strings.Count(string(text), `= "/proc"`)
	}
	if roots != 1 {
		t.Errorf(`"/proc" is the root %d times, want once`, roots)
	}
}
