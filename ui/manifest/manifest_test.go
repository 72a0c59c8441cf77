package manifest

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"capview/inspect"
	"capview/inspect/advise"
	"capview/inspect/caps"
	"capview/inspect/snapshot"
	"capview/ui/view"
)

var update = flag.Bool("update", false, "write the golden files")

func recorded(t testing.TB) *inspect.Index {
	t.Helper()
	s, err := snapshot.File{Path: "../../demo/node.json.gz"}.Snapshot(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return inspect.NewIndex(s)
}

// container is the one with that name, and its own processes.
func container(t testing.TB, ix *inspect.Index, name string) advise.Target {
	t.Helper()
	for i := range ix.Containers {
		c := &ix.Containers[i]
		if c.Name.Or("") != name && c.Unit != name {
			continue
		}
		target := advise.Target{Name: name, Container: c}
		for j := range ix.Processes {
			if p := ix.Processes[j]; p.Container == c.Key && p.Role != inspect.RoleHelper && p.State != "Z" {
				target.Processes = append(target.Processes, p)
			}
		}
		return target
	}
	t.Fatalf("no container %s", name)
	return advise.Target{}
}

// watched is the container, watched for an hour from before its start or from after it; its first process exercised some.
func watched(t testing.TB, ix *inspect.Index, name string, fromStart bool, exercised ...caps.Cap) advise.Advice {
	t.Helper()
	target := container(t, ix, name)
	p := target.Processes[0]
	since := time.Unix(ix.Host.BootTime, 0)
	if !fromStart {
		since = ix.TakenAt
	}
	o := &advise.Observation{Since: since.UTC(), Until: ix.TakenAt.Add(time.Hour).UTC(), Everywhere: true}
	sets, _ := p.Caps.Get()
	for i, c := range exercised {
		o.Uses = append(o.Uses, advise.Use{PID: p.PID, StartTime: p.StartTime, TID: p.PID, Comm: p.Comm, Cap: c, Allowed: sets.Effective.Has(c), Audit: inspect.Some(true),
			Effective: inspect.Some(sets.Effective), Syscall: []string{"fchownat", "bind", "setuid"}[i%3], Count: uint64(i + 1), First: o.Until, Last: o.Until})
	}
	return advise.Advise(ix, o, target)
}

// goldens are situations of the recorded node: every form of each is held to a file.
func goldens(t testing.TB, ix *inspect.Index) map[string]advise.Advice {
	return map[string]advise.Advice{
		"web":       watched(t, ix, "web", true, caps.Chown, caps.NetBindService, caps.SetUID),
		"late":      watched(t, ix, "web", false, caps.NetBindService),
		"unwatched": advise.Advise(ix, &advise.Observation{}, container(t, ix, "web")),
		"ambient":   watched(t, ix, "cache", true, caps.NetBindService),
		"file":      watched(t, ix, "bind-file", true, caps.NetBindService),
		"pod":       watched(t, ix, "mesh", true, caps.NetAdmin, caps.SysTime),
		"nothing":   watched(t, ix, "front", true),
		"rootless":  watched(t, ix, "blog", true, caps.Chown),
	}
}

func TestGolden(t *testing.T) {
	ix := recorded(t)
	for name, a := range goldens(t, ix) {
		var b bytes.Buffer
		for _, form := range Forms {
			m, err := Write(ix, &a, form)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "=== %s\n%s", form, m.Text)
			for _, n := range m.Notes {
				fmt.Fprintf(&b, "note: %s\n", n)
			}
		}
		path := filepath.Join("testdata", name+".txt")
		if *update {
			if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b.Bytes(), want) {
			t.Errorf("%s differs (go test ./ui/manifest -update writes it anew); got:\n%s", path, b.Bytes())
		}
	}
	if _, err := Write(ix, &advise.Advice{}, "csv"); err == nil {
		t.Error("a form that there is not was written")
	}
}

// hostile is a node whose every name is an adversary's.
func hostile(name string) (*inspect.Index, advise.Advice) {
	all := caps.Full(63)
	ids := inspect.Some(inspect.IDs{})
	s := &inspect.Snapshot{
		Host: inspect.Host{CapLastCap: 63},
		Processes: []*inspect.Process{{PID: 1, Comm: name, UID: ids, GID: ids, Exe: inspect.Some(name), Container: "k", Role: inspect.RolePayload,
			Creds: inspect.Creds{Caps: inspect.Some(caps.Sets{Permitted: all, Effective: all, Bounding: all})}}},
		Containers: []inspect.Container{{Key: "k", Kind: inspect.KindContainer, Name: inspect.Some(name), Unit: name, Runtime: "containerd", Image: inspect.Some(name),
			Pod: inspect.Some(inspect.Pod{Name: name, Namespace: name})}},
	}
	ix := inspect.NewIndex(s)
	o := &advise.Observation{Since: time.Unix(1, 0), Until: time.Unix(100, 0), Everywhere: true, Only: name, Uses: []advise.Use{
		{PID: 1, TID: 1, Comm: name, Syscall: name, Stack: []string{name}, Cap: caps.Chown, Allowed: true, Count: 1, Last: time.Unix(50, 0)},
		{PID: 1, TID: 1, Comm: name, Syscall: name, Cap: caps.Kill, Count: 1, Last: time.Unix(50, 0)},
	}}
	return ix, advise.Advise(ix, o, advise.Target{Name: name, Container: ix.Container("k"), Processes: []*inspect.Process{s.Processes[0]}})
}

var names0 = []string{"a\nevil: true\n", "x\"\\", "\x1b[31m", "\u202e\u2066", "# no", "${IFS}`id`$(id)", "\xff\xfe", "é\U000e0041", "- a: b", "%h\n[Install]", "'"}

// No name breaks out of its line, drives a terminal or becomes a flag, a key or a value.
func TestHostileNames(t *testing.T) {
	for _, name := range names0 {
		checkHostile(t, name)
	}
}

func checkHostile(t *testing.T, name string) {
	t.Helper()
	ix, a := hostile(name)
	for _, form := range Forms {
		m, err := Write(ix, &a, form)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range append([]string{strings.ReplaceAll(m.Text, "\n", "")}, m.Notes...) {
			if text != view.Clean(text) {
				t.Errorf("%s of %q is not clean: %q", form, name, text)
			}
		}
		check := map[Form]func(*testing.T, string, string){Docker: checkFlags, Podman: checkFlags, Kubernetes: checkYAML, Systemd: checkUnit, OCI: checkSpec}[form]
		if check != nil {
			check(t, name, m.Text)
		}
	}
}

var flags = regexp.MustCompile(`^--cap-drop=(all|ALL)( --cap-add=[A-Z_]+)*( --security-opt=no-new-privileges)?\n$`)

// checkFlags: there is nothing for a shell to read into them.
func checkFlags(t *testing.T, _, text string) {
	if !flags.MatchString(text) {
		t.Errorf("flags %q", text)
	}
}

// checkYAML: another's parser reads what was meant.
func checkYAML(t *testing.T, name, text string) {
	var doc struct {
		Containers []struct {
			Name            string
			SecurityContext securityContext `yaml:"securityContext"`
		}
		SecurityContext securityContext `yaml:"securityContext"`
	}
	d := yaml.NewDecoder(strings.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&doc); err != nil {
		t.Errorf("%q: %v in\n%s", name, err, text)
		return
	}
	c := doc.SecurityContext
	if len(doc.Containers) > 0 {
		c = doc.Containers[0].SecurityContext
		if want := strings.ToValidUTF8(name, "\ufffd"); doc.Containers[0].Name != want && !strings.Contains(want, "\ufffd") {
			t.Errorf("named %q, want %q", doc.Containers[0].Name, want)
		}
	}
	if !slices.Equal(c.Capabilities.Drop, []string{"ALL"}) {
		t.Errorf("drop %q", c.Capabilities.Drop)
	}
	checkNames(t, c.Capabilities.Add, "")
}

type securityContext struct {
	AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
	Capabilities             struct{ Add, Drop []string }
}

func checkNames(t *testing.T, list []string, prefix string) {
	for _, n := range list {
		if c, err := caps.Parse(n); err != nil || prefix+strings.ToUpper(c.Short()) != n {
			t.Errorf("capability %q", n)
		}
	}
}

// checkUnit: the lines are comments, the section and assignments of capabilities.
func checkUnit(t *testing.T, _, text string) {
	seen := map[string]int{}
	for l := range strings.Lines(text) {
		l = strings.TrimSuffix(l, "\n")
		key, value, assigned := strings.Cut(l, "=")
		switch {
		case strings.HasPrefix(l, "# ") || l == "[Service]":
		case assigned && (key == "CapabilityBoundingSet" || key == "AmbientCapabilities"):
			if seen[key]++; seen[key] == 1 && value != "" {
				t.Errorf("%s is not emptied first", key)
			}
			checkNames(t, strings.Fields(value), "CAP_")
		case l == "NoNewPrivileges=yes":
		default:
			t.Errorf("line %q", l)
		}
	}
	if seen["CapabilityBoundingSet"] == 0 {
		t.Errorf("no bounding set in\n%s", text)
	}
}

func checkSpec(t *testing.T, _, text string) {
	var s struct {
		Process struct {
			NoNewPrivileges *bool
			Capabilities    map[string][]string
		}
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil || len(s.Process.Capabilities) != 5 {
		t.Errorf("%v in %s", err, text)
	}
	for set, list := range s.Process.Capabilities {
		if list == nil {
			t.Errorf("%s is null", set)
		}
		checkNames(t, list, "CAP_")
	}
}

// Forms of each situation are well formed too, and name what is kept.
func TestWellFormed(t *testing.T) {
	ix := recorded(t)
	for name, a := range goldens(t, ix) {
		for form, check := range map[Form]func(*testing.T, string, string){Docker: checkFlags, Podman: checkFlags, Kubernetes: checkYAML, Systemd: checkUnit, OCI: checkSpec} {
			m, err := Write(ix, &a, form)
			if err != nil {
				t.Fatal(err)
			}
			target := container(t, ix, a.Target)
			check(t, target.Container.Name.Or(""), m.Text)
			(a.Group.Keep | a.Group.Unknown).Each(func(c caps.Cap) {
				if !strings.Contains(m.Text, strings.ToUpper(c.Short())) {
					t.Errorf("%s as %s does not name %s", name, form, c)
				}
			})
		}
	}
}

func FuzzHostileName(f *testing.F) {
	for _, name := range names0 {
		f.Add(name)
	}
	f.Fuzz(checkHostile)
}
