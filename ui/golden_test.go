package ui

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"capview/ui/view"
)

var update = flag.Bool("update", false, "write the golden frames anew")

// Frames without attributes: what stands there must be enough.
func TestGoldenFrames(t *testing.T) {
	sizes := []struct {
		name          string
		width, height int
	}{{"80x24", 80, 24}, {"140x40", 140, 40}, {"200x60", 200, 60}}
	scenes := map[string][]string{
		"list":     nil,
		"open":     {"*", "down", "down"},
		"detail":   {"down", "right", "down", "enter"},
		"group":    {"down", "enter"},
		"help":     {"?"},
		"sort":     {"s"},
		"columns":  {"C", "down", " "},
		"filter":   {"/", "c", "a", "p", ":", "n", "o", "p"},
		"narrowed": {"/", "c", "a", "p", ":", "n", "e", "t", "_", "a", "d", "m", "i", "n", "enter"},
		"threads":  {"H", "*"},
		"flat":     {"g", "g", "g", "g"},
	}
	for _, size := range sizes {
		for name, keys := range scenes {
			t.Run(name+"-"+size.name, func(t *testing.T) {
				u := newUser(t, size.width, size.height, asking)
				u.keys(keys...)
				u.due(settleMsg(0))
				golden(t, name+"-"+size.name, u.m.View())
				for i, l := range u.lines() {
					if view.Width(l) > size.width {
						t.Errorf("line %d is %d wide", i, view.Width(l))
					}
				}
			})
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name+".txt")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: run go test ./ui -update", err)
	}
	if got+"\n" != string(want) {
		t.Errorf("%s differs:\n--- got\n%s\n--- want\n%s", path, got, want)
	}
}
