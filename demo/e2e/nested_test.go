//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestNested compares the containers of the docker in docker with what that docker says inside, and where they are nested.
func TestNested(t *testing.T) {
	needsLab(t)
	outer := ""
	for id, k := range dockerSays(t) {
		if k.name == "outer" {
			outer = id
		}
	}
	inside := func(args ...string) string {
		return output(t, "docker", append([]string{"-H", "unix://" + lab("docker/sock"), "exec", outer, "docker"}, args...)...)
	}
	var s struct {
		Containers []struct {
			Key, ID, Runtime string
			Name, Image      *string
			Claimed          bool
			NestedIn         string `json:"nested_in"`
			Declared         *struct {
				Claimed bool
				Caps    *struct{ Bounding string }
			}
		}
		Processes []struct {
			PID                     int
			Container, Nested, Role string
			Caps                    *struct{ Bounding string }
		}
	}
	ids := strings.Fields(inside("ps", "-q", "--no-trunc"))
	said := inside(append([]string{"inspect", "-f", "{{.Id}} {{.Name}} {{.Config.Image}} {{.State.Pid}}"}, ids...)...)
	if err := json.Unmarshal([]byte(output(t, built, "export", "-")), &s); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for line := range strings.Lines(said) {
		var id, name, image string
		var pid int
		if _, err := fmt.Sscan(line, &id, &name, &image, &pid); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		for _, c := range s.Containers {
			if c.ID != id {
				continue
			}
			compared++
			if quoted(c.Name) != strconv.Quote(strings.TrimPrefix(name, "/")) || quoted(c.Image) != strconv.Quote(image) || c.Runtime != "docker" {
				t.Errorf("%s %s %s: %s %s %s", id, name, image, c.Runtime, quoted(c.Name), quoted(c.Image))
			}
			// What is inside says so itself: it is nested, claimed, and never what its inner path alone would make of it.
			if c.NestedIn != "docker/"+outer || !c.Claimed || c.Key != "docker/"+outer+"/docker/"+id || c.Declared == nil || !c.Declared.Claimed {
				t.Errorf("%s: %+v", name, c)
			}
			var found []int
			for _, p := range s.Processes {
				if p.Nested != c.Key {
					continue
				}
				found = append(found, pidIn(t, p.PID, 1))
				if p.Container != "docker/"+outer || p.Role != "payload" || c.Declared.Caps == nil || p.Caps == nil || p.Caps.Bounding != c.Declared.Caps.Bounding {
					t.Errorf("process %d of %s: %+v, asked for %+v", p.PID, name, p, c.Declared.Caps)
				}
			}
			if len(found) != 1 || found[0] != pid {
				t.Errorf("%s: processes %v, docker inside says %d", name, found, pid)
			}
		}
	}
	if compared != len(ids) || compared < 2 {
		t.Errorf("%d of %d nested containers were found", compared, len(ids))
	}
	for _, c := range s.Containers {
		if quoted(c.Name) == `"web"` && c.NestedIn == "" && c.Claimed { // both dockers have one of that name
			t.Errorf("%+v", c)
		}
	}
	t.Logf("compared %d containers in a container with the docker inside it", compared)
}

// pidIn is a process's PID in the PID namespace that many levels below this one.
func pidIn(t *testing.T, pid, level int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "NSpid:")
	line, _, _ := strings.Cut(rest, "\n")
	f := strings.Fields(line)
	if len(f) <= level {
		return 0
	}
	n, _ := strconv.Atoi(f[level])
	return n
}
