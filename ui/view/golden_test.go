package view

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares with testdata/name, and makes sure that no output can drive a terminal.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	for i, r := range string(got) {
		if r != '\n' && !shows(r) {
			t.Errorf("%s: %U at byte %d", name, r, i)
		}
	}
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (go test ./ui/view -update writes it anew); got:\n%s", name, got)
	}
}

func fits(t *testing.T, text []byte, width int) {
	t.Helper()
	for line := range strings.Lines(string(text)) {
		if w := Width(strings.TrimSuffix(line, "\n")); w > width {
			t.Errorf("%d cells in a line of %d: %q", w, width, line)
		}
	}
}

func TestProcessTable(t *testing.T) {
	ix := node(t)
	for _, width := range []int{0, 80, 140, 200} {
		cols, err := Select(Processes(), DefaultKeys(width))
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := WriteTable(&b, cols, rowsOf(ix), width, nil); err != nil {
			t.Fatal(err)
		}
		if width > 0 {
			fits(t, b.Bytes(), width)
		}
		golden(t, fmt.Sprintf("processes-%d.txt", width), b.Bytes())
	}
}

func TestContainerTable(t *testing.T) {
	for _, width := range []int{80, 200} {
		cols, err := Select(Containers(), ContainerKeys(width))
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := WriteTable(&b, cols, groupsOf(node(t)), width, nil); err != nil {
			t.Fatal(err)
		}
		fits(t, b.Bytes(), width)
		golden(t, fmt.Sprintf("containers-%d.txt", width), b.Bytes())
	}
}

// A table fits any width, also one that no column fits in.
func TestTableFitsAnyWidth(t *testing.T) {
	rows := rowsOf(node(t))
	for width := 1; width < 300; width += 7 {
		var b bytes.Buffer
		if err := WriteTable(&b, Processes(), rows, width, nil); err != nil {
			t.Fatal(err)
		}
		fits(t, b.Bytes(), width)
		if n := bytes.Count(b.Bytes(), []byte("\n")); n != len(rows)+1 {
			t.Fatalf("%d lines at width %d, want %d", n, width, len(rows)+1)
		}
	}
}

func TestEveryColumn(t *testing.T) {
	ix := node(t)
	var b bytes.Buffer
	if err := WriteJSON(&b, Processes(), rowsOf(ix)); err != nil {
		t.Fatal(err)
	}
	golden(t, "processes.json", b.Bytes())
	b.Reset()
	if err := WriteCSV(&b, Processes(), rowsOf(ix)); err != nil {
		t.Fatal(err)
	}
	golden(t, "processes.csv", b.Bytes())
	b.Reset()
	if err := WriteNDJSON(&b, Containers(), groupsOf(ix)); err != nil {
		t.Fatal(err)
	}
	golden(t, "containers.ndjson", b.Bytes())
}

func TestShow(t *testing.T) {
	ix := node(t)
	for _, c := range []struct{ pid, width int }{{900, 80}, {2001, 140}, {4211, 80}, {5000, 140}, {7000, 80}, {2, 80}} {
		var b bytes.Buffer
		if err := WriteSections(&b, ProcessSections(ix, ix.Process(c.pid)), c.width, nil); err != nil {
			t.Fatal(err)
		}
		fits(t, b.Bytes(), c.width)
		golden(t, fmt.Sprintf("show-%d.txt", c.pid), b.Bytes())
	}
	for _, g := range groupsOf(ix) {
		var b bytes.Buffer
		if err := WriteSections(&b, GroupSections(ix, g.G), 120, nil); err != nil {
			t.Fatal(err)
		}
		fits(t, b.Bytes(), 120)
		if g.G.Container != nil && g.G.Container.Runtime == "podman" {
			golden(t, "show-podman.txt", b.Bytes())
		}
	}
}

// Where the cgroup and the namespaces disagree, the page says so.
func TestOddPlace(t *testing.T) {
	ix := node(t)
	p := *ix.Process(2000)
	p.Entered, p.Outside, p.Nested = ix.Containers[1].Key, true, "inner\x1b[2J"
	var b bytes.Buffer
	if err := WriteSections(&b, ProcessSections(ix, &p)[:1], 120, nil); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"entered    docker bbbbbbbbbbbb: it is", "none of the container's own", `within it  inner\x1b[2J, as`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

// What JSON escapes beyond encoding/json decodes to the raw string.
func TestJSONIsRaw(t *testing.T) {
	ix := node(t)
	var b bytes.Buffer
	if err := WriteJSON(&b, Processes(), rowsOf(ix)); err != nil {
		t.Fatal(err)
	}
	var rows []map[string]any
	if err := json.Unmarshal(b.Bytes(), &rows); err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		if row["name"] != ix.Processes[i].Comm {
			t.Errorf("name %q, want %q", row["name"], ix.Processes[i].Comm)
		}
	}
	for _, key := range []string{"effective", "userns", "exe", "filecaps", "nnp", "seccomp", "user", "cmdline", "uid"} {
		if v, ok := rows[len(rows)-1][key]; !ok || v != nil {
			t.Errorf("%s of the unreadable process is %v, want null", key, v)
		}
	}
}
