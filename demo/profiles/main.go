// Command profiles writes the default seccomp profiles of docker, containerd, podman and CRI-O, in the engines' format,
// into the file it is given: gzipped JSON, newest first. It reads them from the engines' published modules, all under the
// Apache License 2.0. It is a module of its own, for what it needs is no need of capview.
package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// entry is one generation in the file.
type entry struct {
	Engine   string          `json:"engine"`
	Versions string          `json:"versions"`
	Origin   string          `json:"origin"`
	Licence  string          `json:"licence"`
	Profile  json.RawMessage `json:"profile"`
}

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: profiles FILE"))
	}
	var entries []entry
	for _, s := range sources {
		profile, err := s.read()
		if err != nil {
			fail(fmt.Errorf("%s %s: %w", s.engine, s.versions, err))
		}
		entries = append(entries, entry{s.engine, s.versions, s.module + ", " + s.file, "Apache-2.0", profile})
	}
	if err := write(os.Args[1], entries); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "profiles: %v\n", err)
	os.Exit(1)
}

// write leaves the file alone where it holds the same already: how gzip packs depends on its version.
func write(name string, entries []entry) error {
	text, err := json.Marshal(entries)
	if err != nil {
		return err
	}
	if old, err := os.ReadFile(name); err == nil {
		if r, err := gzip.NewReader(bytes.NewReader(old)); err == nil {
			var was bytes.Buffer
			if _, err := was.ReadFrom(r); err == nil && bytes.Equal(was.Bytes(), text) {
				return nil
			}
		}
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	if err := cmp.Or(err, w.Close()); err != nil {
		return err
	}
	return os.WriteFile(name, packed.Bytes(), 0o644)
}

// read gives the generation's profile as compact JSON.
func (s source) read() (json.RawMessage, error) {
	dir, err := download(s.module)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(dir, s.file))
	if err != nil {
		return nil, err
	}
	switch s.engine {
	case "containerd":
		return fromCode(string(text))
	case "crio":
		return crio(text)
	}
	return compact(text)
}

// download puts a module into Go's cache, which checks it against the checksum database.
func download(module string) (string, error) {
	c := exec.Command("go", "mod", "download", "-json", module)
	c.Dir = os.TempDir() // in no module: go.mod and go.sum here list what the command itself needs
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", module, err, strings.TrimSpace(string(out)))
	}
	var got struct{ Dir string }
	if err := json.Unmarshal(out, &got); err != nil {
		return "", err
	}
	return got.Dir, nil
}

// compact drops white space, and the empty fields that some generations write.
func compact(text []byte) (json.RawMessage, error) {
	var profile map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber() // values have 64 bits
	if err := d.Decode(&profile); err != nil {
		return nil, err
	}
	for _, rule := range profile["syscalls"].([]any) {
		rule := rule.(map[string]any)
		for key, value := range rule {
			switch value := value.(type) {
			case nil:
				delete(rule, key)
			case string:
				if value == "" {
					delete(rule, key)
				}
			case []any:
				if len(value) == 0 {
					delete(rule, key)
				}
			case map[string]any:
				if len(value) == 0 {
					delete(rule, key)
				}
			}
		}
	}
	return json.Marshal(profile)
}
