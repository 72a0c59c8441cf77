package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

var update = flag.Bool("update", false, "write the manual pages anew")

// The manual pages are those of the commands.
func TestManual(t *testing.T) {
	root := (&app{}).root()
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	root.DisableAutoGenTag = true
	pages := map[string][]byte{}
	var add func(cmd *cobra.Command)
	add = func(cmd *cobra.Command) {
		var page bytes.Buffer
		if err := doc.GenMan(cmd, &doc.GenManHeader{Section: "1", Source: "capview VERSION", Manual: "User Commands", Date: &time.Time{}}, &page); err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(page.Bytes(), []byte(undated)) {
			t.Errorf("%s is not dated by %s:\n%.200s", pageOf(cmd), undated, page.Bytes())
		}
		pages[pageOf(cmd)] = page.Bytes()
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() || sub.IsAdditionalHelpTopicCommand() || cmd == root && sub.Name() == "help" {
				add(sub)
			}
		}
	}
	add(root)
	if len(pages) < 20 {
		t.Errorf("only %d pages", len(pages))
	}
	if *update {
		if err := os.RemoveAll("manual"); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir("manual", 0o755); err != nil {
			t.Fatal(err)
		}
		for name, page := range pages {
			if err := os.WriteFile(filepath.Join("manual", name), page, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	have, err := manual.ReadDir("manual")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range have {
		text, _ := manual.ReadFile("manual/" + file.Name())
		if !slices.Equal(text, pages[file.Name()]) {
			t.Errorf("%s is not what the command is: 'go generate' makes it anew", file.Name())
		}
		delete(pages, file.Name())
	}
	for name := range pages {
		t.Errorf("%s is missing", name)
	}
}
